// kill -9 of a local worker and of the server in turn, in one run: exactly one result per item, no orphan, no double.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inventCsv, startRun, startServer, until, upload } from "../lib/mekiki.mjs";
import { endLeftovers, freePort, localWorker, processesOf, rootOf, waitForWorker } from "../lib/local.mjs";
import { allEvents, balanced, finished, progressOf, waitForDone } from "../lib/scenario.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const ITEMS = 1200;
const CONFIG = `evaluation: {timeout_per_domain: 3, backoff: [0.05, 0.1, 0.2]}
health_check: {interval: 0.2, timeout: 1, max_failures: 3}
recovery: {delay: [0.1], wait: 0.3, restarts: 32, window: 600, forgive: 600}
`;

test(`${ROUNDS} kills of workers and ${ROUNDS} of the server, in turn`, async () => {
	const ids = ["a", "b"];
	const engine = "(trap '' TERM HUP; exec -a engine sleep 600) &";
	const workers = [];
	for (const id of ids) workers.push(localWorker(id, await freePort(), { before: engine, sim: "--time-scale 0.02" }));
	const server = await startServer({ workers, config: CONFIG });
	endLeftovers(server, ids);
	const dataset = await upload(server, inventCsv(ITEMS));
	const id = await startRun(server, { dataset: dataset.sha256 });
	let kills = 0;
	for (let round = 0; round < ROUNDS; round++) {
		const victim = ids[round % 2];
		const done = (await progressOf(server, id)).done;
		if (done < ITEMS) await waitForDone(server, id, Math.min(done + 20, ITEMS));
		const pid = await until(`worker ${victim} to have a process`, () => rootOf(server, victim));
		process.kill(pid, "SIGKILL");
		kills++;
		if (round % 3 === 0) await waitForWorker(server, victim, ["recovering", "starting", "loading", "ready"]);
		await server.kill9();
		await server.start();
		await until("no double worker", () => ids.every((one) => processesOf(server, one).filter((process) => process.command.includes("--port")).length <= 1));
	}
	await finished(server, id);
	await balanced(server, id, ITEMS);
	for (const one of ids) await waitForWorker(server, one, "ready");
	for (const one of ids) assert.equal(processesOf(server, one).length, 2, `worker ${one}: API server and engine, once`);
	const events = (await allEvents(server, "/events/log")).filter((one) => one.kind === "worker.state");
	assert.equal(events.filter((one) => one.data.to === "failed").length, 0);
	assert.equal(kills, ROUNDS);
	for (const one of events.filter((event) => event.data.to === "recovering")) assert.ok(one.data.cause && one.data.text, "every restart is explained");
	await server.stop();
	for (const one of ids) assert.deepEqual(processesOf(server, one), [], `orphans of ${one}`);
});
