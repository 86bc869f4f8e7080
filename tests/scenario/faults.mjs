// Every fault of the peers' table (facts: measured on one job), one by one and all
// together: the run ends by itself, what can be answered is answered, what cannot
// says why, and every figure says of how many.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inventCsv, inventDomains, startRun, startServer, startSim, temporary, until, upload } from "../lib/mekiki.mjs";
import { agreesWithSim, allEvents, balanced, finished, ledgerExplains, ledgerIn, progressOf, QUICK, requestsIn, waitForDone } from "../lib/scenario.mjs";

const SLOWNESS = [10 / 9, 1, 10 / 5.6];

/** Simulators of 9.0 : 10.0 : 5.6, a server, and a run over `items` invented domains that has begun. */
async function begin({ items = 300, count = 3, timeScale = 0.004, faults = () => ({}), config = QUICK } = {}) {
	const dir = temporary("faults");
	const ledgers = Array.from({ length: count }, (_, i) => ledgerIn(dir, `sim${i}`));
	const sims = await Promise.all(
		ledgers.map((ledger, i) => startSim({ timeScale, slowness: SLOWNESS[i], ledger, faultSeed: i + 1, ...faults(i) })),
	);
	const server = await startServer({ workers: sims, config });
	const dataset = await upload(server, inventCsv(items));
	const id = await startRun(server, { dataset: dataset.sha256, selection: { kind: "all" }, shuffle: true, seed: 7 });
	const end = async () => {
		await server.stop();
		for (const sim of sims) await sim.stop();
	};
	return { sims, ledgers, server, id, items, end };
}

/** The run ends; `without` is what cannot be answered. */
async function endsWell({ server, id, items, ledgers }, without = new Map(), { cancelled = 0 } = {}) {
	await finished(server, id);
	const figures = await balanced(server, id, items, without);
	agreesWithSim(figures.rows);
	return { ...figures, ...(await ledgerExplains(server, id, figures.rows, ledgers, { cancelled })) };
}

const faultsIn = (requests, fault) => requests.filter((one) => one.fault === fault);

test("5 % of requests end with status 500", async () => {
	const it = await begin({ faults: () => ({ "fail-500": 0.05 }) });
	const { requests, attempts } = await endsWell(it);
	assert.ok(faultsIn(requests, "fail-500").length > 0, "there were such faults");
	assert.equal(attempts.filter((one) => one.failure === "server_error").length, faultsIn(requests, "fail-500").length);
	await it.end();
});

test("1 % of bodies are cut", async () => {
	const it = await begin({ faults: () => ({ cutBody: 0.03 }) });
	const { requests, attempts } = await endsWell(it);
	assert.ok(faultsIn(requests, "cut-body").length > 0, "there were such faults");
	assert.equal(attempts.filter((one) => one.failure === "connection").length, faultsIn(requests, "cut-body").length);
	await it.end();
});

const ofAll = (items) => inventDomains(items).filter((_, i) => i % 29 === 3);

test("ten items always fail: ten say so, and can be tried again", async () => {
	const ten = ofAll(300).slice(0, 10);
	const it = await begin({ faults: () => ({ alwaysFail: ten }) });
	const without = new Map(ten.map((domain) => [domain, "server_error"]));
	const { progress } = await endsWell(it, without);
	assert.deepEqual(progress.by_failure, { server_error: 10 });
	for (const sim of it.sims) await sim.faults({ "always-fail": [] });
	const answer = await it.server.call("POST", `/runs/${it.id}/actions`, { action: "retry_failed" });
	assert.equal(answer.status, 202, answer.text());
	await waitForDone(it.server, it.id, it.items);
	const { attempts } = await endsWell(it);
	for (const domain of ten) assert.ok(attempts.some((one) => one.key === domain), `the failures of ${domain} are still told`);
	await it.end();
});

test("three requests hang for ever: three time-outs", async () => {
	const three = ofAll(300).slice(0, 3);
	const it = await begin({ faults: () => ({ hangDomain: three }) });
	const { requests, items } = await endsWell(it, new Map(three.map((domain) => [domain, "timeout"])));
	for (const domain of three) {
		assert.equal(items.find((item) => item.key === domain).attempts, 2, "tried once, and once more at the end");
		const asked = requests.filter((one) => one.domain === domain).length;
		assert.ok(asked >= 2 && asked <= 4, `asked ${asked} times: two tries, each with at most one twin`);
	}
	await it.end();
});

test("three requests hang once: answered at the end", async () => {
	const three = ofAll(300).slice(0, 3);
	const it = await begin({ count: 1, faults: () => ({ hangOnce: three }) });
	const { items } = await endsWell(it);
	for (const domain of three) assert.equal(items.find((item) => item.key === domain).attempts, 2);
	await it.end();
});

test("an endpoint is away for a while: the others take over, and it comes back", async () => {
	const it = await begin({ items: 500, timeScale: 0.012 });
	await waitForDone(it.server, it.id, 50);
	await it.sims[1].faults({ "away-for": 1500 / 0.012, "away-after": 0 });
	await until("the worker to be down", async () => (await it.server.get("/workers/1")).state === "down");
	const before = (await progressOf(it.server, it.id)).done;
	await waitForDone(it.server, it.id, before + 10);
	await until("the worker to be back", async () => (await it.server.get("/workers/1")).state === "ready");
	await endsWell(it, new Map(), { cancelled: 60 });
	const states = (await allEvents(it.server, "/events/log")).filter((event) => event.kind === "worker.state" && event.worker === "1").map((event) => event.data.to);
	assert.ok(states.indexOf("ready", states.indexOf("down")) > 0, `down, then ready: ${states}`);
	await it.end();
});

test("answers that are no verdict: broken JSON, wrong schema, length, abort, empty", async () => {
	const it = await begin({
		items: 400,
		faults: () => ({ malformed: 0.03, wrongSchema: 0.03, finishAbort: 0.03, emptyReply: 0.02, reset: 0.02, statusMix: "429:0.03,502:0.02,503:0.02" }),
	});
	const { requests } = await endsWell(it);
	for (const fault of ["malformed", "wrong-schema", "finish-abort", "empty-reply", "reset"]) assert.ok(faultsIn(requests, fault).length > 0, fault);
	await it.end();
});

test("truncated and empty answers are told as what they are, and not asked for again and again", async () => {
	const it = await begin({ count: 1, items: 200, faults: () => ({ finishLength: 0.05, empty: 0.05 }) });
	await finished(it.server, it.id);
	const requests = requestsIn(...it.ledgers);
	const without = new Map(
		requests
			.filter((one) => one.fault === "finish-length" || one.fault === "empty")
			.map((one) => [one.domain, one.fault === "empty" ? "refused" : "truncated"]),
	);
	assert.ok(without.size > 5);
	await endsWell(it, without);
	await it.end();
});

test("all of it at once", async () => {
	const items = 800;
	const odd = ofAll(items);
	const [always, ever, once] = [odd.slice(0, 10), odd.slice(10, 13), odd.slice(13, 16)];
	const timeScale = 0.008;
	const it = await begin({
		items,
		timeScale,
		faults: (i) => ({
			"fail-500": 0.05,
			cutBody: 0.01,
			alwaysFail: always,
			hangDomain: ever,
			...(i === 0 ? { hangOnce: once } : {}),
		}),
	});
	await waitForDone(it.server, it.id, 100);
	await it.sims[2].faults({ "away-for": 1500 / timeScale, "away-after": 0 });
	const without = new Map([...always.map((domain) => [domain, "server_error"]), ...ever.map((domain) => [domain, "timeout"])]);
	const { progress } = await endsWell(it, without, { cancelled: 100 });
	assert.deepEqual(progress.by_failure, { server_error: 10, timeout: 3 });
	await it.end();
});
