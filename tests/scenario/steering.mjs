// A run as people and machines steer it: paused, stopped, started again, on other workers, on none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inventCsv, startRun, startServer, startSim, temporary, until, upload, waitForRun } from "../lib/mekiki.mjs";
import {
	act,
	agreesWithSim,
	allEvents,
	balanced,
	finished,
	ledgerExplains,
	ledgerIn,
	progressOf,
	QUICK,
	reconfigure,
	requestsIn,
	waitForDone,
} from "../lib/scenario.mjs";

const SEQS = 4;

async function begin({ items = 240, count = 2, timeScale = 0.006, run = {}, sim = () => ({}) } = {}) {
	const dir = temporary("steering");
	const ledgers = Array.from({ length: count }, (_, i) => ledgerIn(dir, `sim${i}`));
	const sims = await Promise.all(ledgers.map((ledger, i) => startSim({ timeScale, ledger, maxNumSeqs: SEQS, ...sim(i) })));
	const server = await startServer({ workers: sims, maxInFlight: SEQS, config: QUICK });
	const dataset = await upload(server, inventCsv(items));
	const id = await startRun(server, { dataset: dataset.sha256, selection: { kind: "all" }, ...run });
	const end = async () => {
		await server.stop();
		for (const one of sims) await one.stop();
	};
	return { dir, sims, ledgers, server, dataset, id, items, timeScale, end };
}

async function endsWell({ server, id, items, ledgers }, cancelled = 0) {
	await finished(server, id);
	const figures = await balanced(server, id, items);
	agreesWithSim(figures.rows);
	await ledgerExplains(server, id, figures.rows, ledgers, { cancelled });
	return figures;
}

test("without any worker the run waits, says why, and goes on by itself", async () => {
	const it = await begin();
	await waitForDone(it.server, it.id, 20);
	for (const sim of it.sims) await sim.faults({ "away-for": 3000 / it.timeScale, "away-after": 0 });
	const waiting = await waitForRun(it.server, it.id, { states: ["waiting"] });
	assert.match(waiting.cause, /worker 0 .*; worker 1 /);
	assert.match(waiting.cause, /refus/);
	const { done } = await progressOf(it.server, it.id);
	await waitForRun(it.server, it.id, { states: ["running", "finished"] });
	assert.ok(done < it.items);
	await endsWell(it, 4 * SEQS);
	const states = (await allEvents(it.server, `/runs/${it.id}/events`)).filter((event) => event.kind === "run.state").map((event) => event.data.to);
	assert.deepEqual(states.slice(-3), ["waiting", "running", "finished"]);
	await it.end();
});

test("a run that starts before its workers waits for them", async () => {
	const late = await startSim({ timeScale: 0.002 });
	const { port } = late;
	await late.stop();
	const server = await startServer({ workers: [late], config: QUICK });
	const dataset = await upload(server, inventCsv(40));
	const id = await startRun(server, { dataset: dataset.sha256 });
	await waitForRun(server, id, { states: ["waiting"] });
	const sim = await startSim({ timeScale: 0.002, port });
	await finished(server, id);
	await balanced(server, id, 40);
	await server.stop();
	await sim.stop();
});

test("pause finishes what is in flight and sends nothing more; resume goes on", async () => {
	const it = await begin();
	await waitForDone(it.server, it.id, 20);
	assert.equal((await act(it.server, it.id, "pause")).state, "paused");
	const drained = await until("nothing to be in flight", async () => {
		const progress = await progressOf(it.server, it.id);
		return progress.in_flight === 0 && progress;
	});
	const sent = requestsIn(...it.ledgers);
	assert.equal(sent.filter((one) => one.outcome !== "answered").length, 0, "everything that was sent was answered");
	await until("the last results to be counted", async () => (await progressOf(it.server, it.id)).done === sent.length);
	assert.equal((await it.server.get(`/runs/${it.id}`)).state, "paused");
	/* A worker that is probed and found well once more must not be given anything either. */
	const probed = (await it.server.get("/workers/0")).last_probe;
	await until("another probe", async () => (await it.server.get("/workers/0")).last_probe !== probed);
	assert.equal(requestsIn(...it.ledgers).length, sent.length);
	assert.ok(drained.done < it.items);
	await act(it.server, it.id, "pause", { status: 409 });
	await act(it.server, it.id, "resume");
	await endsWell(it);
	await it.end();
});

test("stop gives up what is in flight at once; start goes on where it stopped", async () => {
	const it = await begin({ timeScale: 0.015 });
	await waitForDone(it.server, it.id, 20);
	assert.equal((await act(it.server, it.id, "stop")).state, "stopped");
	await until("the endpoints to be idle", async () => {
		const stats = await Promise.all(it.sims.map((sim) => fetch(`${sim.url}/sim/stats`).then((answer) => answer.json())));
		return stats.every((one) => one.running === 0 && one.waiting === 0);
	});
	const stopped = await progressOf(it.server, it.id);
	assert.ok(stopped.done >= 20 && stopped.done < it.items);
	await act(it.server, it.id, "resume", { status: 409 });
	await act(it.server, it.id, "start");
	const again = await progressOf(it.server, it.id);
	assert.ok(again.done >= stopped.done, `what was done stays done: ${JSON.stringify([stopped, again])}`);
	await endsWell(it, 2 * SEQS);
	await it.end();
});

test("stopped at once and started: 0 %", async () => {
	const it = await begin({ items: 60 });
	await act(it.server, it.id, "stop");
	await act(it.server, it.id, "start");
	await endsWell(it, 2 * SEQS);
	await it.end();
});

test("the server dies at 0 % and at 50 %, and goes on by itself", async () => {
	const it = await begin();
	await it.server.kill9();
	await it.server.start();
	await waitForDone(it.server, it.id, it.items / 2);
	await it.server.kill9();
	await it.server.start();
	/* Each death costs at most what was in flight, and what was answered and not committed yet. */
	await endsWell(it, 2 * (2 * SEQS + 2 * SEQS));
	await it.end();
});

test("at 100 % there is nothing to start, and a restart changes nothing", async () => {
	const it = await begin({ items: 40 });
	const before = await endsWell(it);
	const refused = await act(it.server, it.id, "start", { status: 409 });
	assert.match(refused.detail, /finished/);
	await it.server.kill9();
	await it.server.start();
	assert.equal((await it.server.get(`/runs/${it.id}`)).state, "finished");
	const after = await endsWell(it);
	assert.deepEqual(after.rows, before.rows);
	await it.end();
});

test("SIGTERM ends the server with status 0 in the middle; the next one goes on", async () => {
	const it = await begin();
	await waitForDone(it.server, it.id, 40);
	assert.deepEqual(await it.server.stop(), { code: 0, signal: null });
	await it.server.start();
	await endsWell(it, 2 * SEQS);
	await it.end();
});

test("a worker is taken out of the run and put back, and a new one joins", async () => {
	const it = await begin({ count: 3, items: 400, run: { workers: ["0", "1"] } });
	await waitForDone(it.server, it.id, 20);
	assert.equal(requestsIn(it.ledgers[2]).length, 0, "worker 2 is not of this run");
	await act(it.server, it.id, "remove_workers", { workers: ["0"] });
	await until("worker 0 to be idle", async () => (await it.server.get("/workers/0")).in_flight === 0);
	const left = requestsIn(it.ledgers[0]).length;
	await waitForDone(it.server, it.id, (await progressOf(it.server, it.id)).done + 20);
	assert.equal(requestsIn(it.ledgers[0]).length, left, "worker 0 gets nothing more");
	await act(it.server, it.id, "add_workers", { workers: ["0", "2"] });
	await until("workers 0 and 2 to have got some", () => requestsIn(it.ledgers[0]).length > left && requestsIn(it.ledgers[2]).length > 0);
	const unknown = await act(it.server, it.id, "add_workers", { workers: ["9"], status: 404 });
	assert.match(unknown.detail, /"9"/);
	assert.deepEqual((await it.server.get(`/runs/${it.id}`)).workers, ["0", "1", "2"]);
	await endsWell(it, SEQS);
	await it.end();
});

test("a worker is drained, and comes back", async () => {
	const it = await begin({ items: 400 });
	await waitForDone(it.server, it.id, 20);
	await it.server.post("/workers/1/actions", { action: "drain" });
	await until("it to be off", async () => (await it.server.get("/workers/1")).state === "off");
	const left = requestsIn(it.ledgers[1]);
	assert.equal(left.filter((one) => one.outcome !== "answered").length, 0, "what it had was finished");
	await waitForDone(it.server, it.id, (await progressOf(it.server, it.id)).done + 20);
	assert.equal(requestsIn(it.ledgers[1]).length, left.length);
	await it.server.post("/workers/1/actions", { action: "resume" });
	await until("it to be ready", async () => (await it.server.get("/workers/1")).state === "ready");
	await until("it to have got some", () => requestsIn(it.ledgers[1]).length > left.length);
	await endsWell(it);
	await it.end();
});

test("a run goes on with other workers than it began with", async () => {
	const it = await begin();
	await waitForDone(it.server, it.id, it.items / 4);
	await it.server.stop();
	const other = { ledger: ledgerIn(it.dir, "other") };
	const sim = await startSim({ timeScale: it.timeScale, ...other });
	reconfigure(it.server, (text) => text.replace(/^ {2}- \{id: 0.*$/m, `  - {id: other, type: external, url: "${sim.url}"}`).replace(/^ {2}- \{id: 1.*\n/m, ""));
	await it.server.start();
	await finished(it.server, it.id);
	const { rows } = await balanced(it.server, it.id, it.items);
	agreesWithSim(rows);
	await ledgerExplains(it.server, it.id, rows, [...it.ledgers, other.ledger], { cancelled: 2 * SEQS });
	assert.deepEqual([...new Set(rows.map((row) => row.worker_id))].sort(), ["0", "1", "other"]);
	await sim.stop();
	await it.end();
});

test("two runs take turns: the second waits for the first", async () => {
	const it = await begin({ items: 120 });
	const second = await startRun(it.server, { dataset: it.dataset.sha256, selection: { kind: "first", n: 30 } });
	assert.equal((await it.server.get(`/runs/${second}`)).state, "queued");
	await finished(it.server, it.id);
	await finished(it.server, second);
	await balanced(it.server, second, 30);
	await it.end();
});

test("a worker that becomes ready between plan and start does not spoil the plan", async () => {
	const late = await startSim({ timeScale: 0.002 });
	await late.stop();
	const server = await startServer({ workers: [late], config: QUICK });
	const dataset = await upload(server, inventCsv(20));
	const plan = await server.post("/runs/plan", { dataset: dataset.sha256, shuffle: true });
	assert.deepEqual(plan.warnings.map((one) => one.code), ["worker-not-ready"]);
	const sim = await startSim({ timeScale: 0.002, port: late.port });
	await until("the worker to be ready", async () => (await server.get("/workers/0")).state === "ready");
	const { id } = await server.post("/runs", { ...plan.request, plan_etag: plan.plan_etag, acknowledgements: ["worker-not-ready"] });
	await finished(server, id);
	await server.stop();
	await sim.stop();
});
