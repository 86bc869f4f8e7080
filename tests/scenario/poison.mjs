// Items that kill their servers, and items that never come back (failure-scenarios rows 19 and 26).
import assert from 'node:assert/strict';
import test from 'node:test';
import { sleep, exportRows, inventCsv, inventDomains, startRun, startServer, startSim, until, upload, waitForRun } from '../lib/mekiki.mjs';

const quick = 'health_check: {interval: 0.2, timeout: 2, max_failures: 2}\nevaluation: {backoff: [0.05, 0.1], timeout_per_domain: 120}\n';

/** A simulator that somebody starts again, on the same port, whenever it has died. */
async function immortal(options, deaths) {
	let sim = await startSim(options);
	const port = sim.port;
	const watch = () =>
		sim.child.on('exit', async (code, signal) => {
			if (signal) return; // the suite is over
			deaths.push(Date.now());
			await sleep(1500); // no server is back before it was missed
			sim = await startSim({ ...options, port });
			watch();
		});
	watch();
	return { url: sim.url };
}

test('row 19: an item that kills its server is quarantined at the third death, and nobody else with it', async () => {
	const deaths = [];
	const count = 120;
	const poison = inventDomains(count)[40];
	const sims = await Promise.all([1, 2, 3].map((seed) => immortal({ exitOn: poison, faultSeed: seed, timeScale: 0.01 }, deaths)));
	const server = await startServer({ workers: sims, maxInFlight: 6, config: quick });
	const dataset = await upload(server, inventCsv(count));
	const run = await waitForRun(server, await startRun(server, { dataset: dataset.sha256 }));
	assert.equal(run.state, 'finished', run.cause);
	const rows = await exportRows(server, run.id);
	assert.equal(rows.find((row) => row.domain === poison).error, 'quarantined', server.child.log);
	assert.deepEqual(rows.filter((row) => row.error).map((row) => row.domain), [poison]);
	assert.equal(deaths.length, 3, 'a fourth server died of an item that was known');
	const { items } = await server.get(`/runs/${run.id}/events?limit=500`);
	assert.equal(items.filter((event) => event.kind === 'item.quarantined').length, 1);
	await server.stop();
});

test('row 26: at the end of a run, what hangs is tried elsewhere long before its deadline', async () => {
	const count = 80;
	const stuck = inventDomains(count)[count - 1];
	const sims = await Promise.all([1, 2].map((seed) => startSim({ hangDomain: seed === 1 ? stuck : [], timeScale: 0.01 })));
	const server = await startServer({ workers: sims, maxInFlight: 4, config: quick });
	const dataset = await upload(server, inventCsv(count));
	const id = await startRun(server, { dataset: dataset.sha256 });
	const run = await waitForRun(server, id, { limit: 60000 }); // its deadline is 120 s
	assert.equal(run.state, 'finished');
	assert.equal((await exportRows(server, id)).filter((row) => row.error).length, 0);
	await until('the given-up attempt to be closed', async () => (await server.get('/workers')).items.every((worker) => worker.in_flight === 0));
	await server.stop();
});
