// Local workers that die in the middle of a run: rows 1-3 and 33 of the failure scenarios.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inventCsv, startRun, startServer, until, upload } from "../lib/mekiki.mjs";
import { doTo, endLeftovers, freePort, localWorker, processesOf, RECOVERY, rootOf, transitionsOf, waitForWorker } from "../lib/local.mjs";
import { allAttempts, balanced, finished, waitForDone } from "../lib/scenario.mjs";

const QUICK = `evaluation: {timeout_per_domain: 3, backoff: [0.05, 0.1, 0.2]}
health_check: {interval: 0.2, timeout: 1, max_failures: 3}
${RECOVERY}`;
const SIM = "--time-scale 0.01";

/** A child that hears no TERM, as vLLM's engine after its API server was killed. */
const ENGINE = "(trap '' TERM HUP; exec -a engine sleep 600) &";

async function begin(workers, items = 300) {
	const server = await startServer({ workers, config: QUICK });
	endLeftovers(server, ["a", "b"]);
	const dataset = await upload(server, inventCsv(items));
	const id = await startRun(server, { dataset: dataset.sha256 });
	return { server, id };
}

test("rows 1, 2: an API server that is killed leaves no engine behind; its items are done all the same", async () => {
	const { server, id } = await begin([localWorker("a", await freePort(), { before: ENGINE, sim: SIM })]);
	await waitForDone(server, id, 30);
	const before = processesOf(server, "a");
	assert.equal(before.length, 2, "API server and engine");
	process.kill(rootOf(server, "a"), "SIGKILL");
	const recovering = await waitForWorker(server, "a", "recovering");
	assert.equal(recovering.cause, "killed");
	assert.deepEqual([recovering.attempt, recovering.of], [1, 3]);
	assert.deepEqual(processesOf(server, "a"), [], "the engine is gone before anything new is started");
	await finished(server, id);
	await balanced(server, id, 300);
	for (const attempt of await allAttempts(server, id)) assert.equal(attempt.failure, "connection");
	const now = processesOf(server, "a");
	assert.ok(!now.some((one) => before.some((old) => old.pid === one.pid)));
	await server.stop();
	assert.deepEqual(processesOf(server, "a"), []);
});

test("row 3: a worker that ends with status 0 though nobody asked has failed", async () => {
	const { server, id } = await begin([localWorker("a", await freePort(), { sim: `${SIM} --exit-after 120` })]);
	await finished(server, id);
	await balanced(server, id, 300);
	const ends = (await transitionsOf(server, "a")).filter((one) => one.data.to === "recovering");
	assert.ok(ends.length >= 1);
	for (const end of ends) {
		assert.equal(end.data.cause, "exited");
		assert.match(end.data.text, /status 0/);
	}
	await server.stop();
});

test("row 33: a worker that dies again and again stays down after three restarts; the run goes on with the other", async () => {
	const { server, id } = await begin([
		localWorker("a", await freePort(), { sim: `${SIM} --exit-after 5` }),
		localWorker("b", await freePort(), { sim: SIM }),
	]);
	const failed = await waitForWorker(server, "a", "failed");
	assert.equal(failed.cause, "gave_up");
	await finished(server, id);
	await balanced(server, id, 300);
	const restarts = (await transitionsOf(server, "a")).filter((one) => one.data.to === "recovering");
	assert.deepEqual(restarts.map((one) => one.data.attempt), [1, 2, 3]);
	assert.equal((await server.get("/workers/a")).state, "failed", "it stays listed");
	await doTo(server, "a", "retry");
	await waitForWorker(server, "a", "ready");
	await server.stop();
});

test("a deliberate stop is never recovered; the items go to others; the receipt says what is gone", async () => {
	const { server, id } = await begin([
		localWorker("a", await freePort(), { before: ENGINE, sim: SIM }),
		localWorker("b", await freePort(), { sim: SIM, more: "stop_on_complete: true" }),
	]);
	await waitForDone(server, id, 20);
	await doTo(server, "a", "stop");
	const off = await waitForWorker(server, "a", "off");
	assert.match(off.receipt, /2 processes gone, [12] of them killed/);
	assert.deepEqual(processesOf(server, "a"), []);
	await finished(server, id);
	await balanced(server, id, 300);
	await waitForWorker(server, "b", "off"); /* stop_on_complete */
	const again = (await transitionsOf(server, "a")).filter((one) => one.data.to === "starting");
	assert.equal(again.length, 1);
	await doTo(server, "a", "start");
	await waitForWorker(server, "a", "ready");
	await doTo(server, "a", "restart");
	await until("another process", async () => (await transitionsOf(server, "a")).filter((one) => one.data.to === "ready").length >= 3);
	await doTo(server, "a", "give_back");
	await waitForWorker(server, "a", "off");
	await server.stop();
});
