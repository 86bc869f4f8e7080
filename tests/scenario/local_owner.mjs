// Whose process is it? Rows 15, 40, 77 and 78 of the failure scenarios. Row 41 (another boot) needs a boot id that
// is not the machine's: tests/unit/test_local.c.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inventCsv, startRun, startServer, startSim, until, upload } from "../lib/mekiki.mjs";
import { doTo, endLeftovers, freePort, localWorker, processesOf, RECOVERY, rootOf, transitionsOf, waitForWorker } from "../lib/local.mjs";
import { balanced, finished, reconfigure, waitForDone } from "../lib/scenario.mjs";

const QUICK = `evaluation: {timeout_per_domain: 3, backoff: [0.05, 0.1, 0.2]}
health_check: {interval: 0.2, timeout: 1, max_failures: 3}
${RECOVERY}`;

async function begin(workers, config = QUICK) {
	const server = await startServer({ workers, config });
	endLeftovers(server, ["a", "b"]);
	return server;
}

test("rows 15, 78: somebody's vLLM on our port makes us wait; it is neither used nor stopped", async () => {
	const port = await freePort();
	const twin = await startSim({ port, reuseport: true });
	const server = await begin([localWorker("a", port, { sim: "--reuseport", more: "start: server" })]);
	const waiting = await waitForWorker(server, "a", "waiting");
	assert.equal(waiting.cause, "port_taken");
	assert.match(waiting.text, new RegExp(`process ${twin.pid} `));
	for (const action of ["stop", "start"]) await doTo(server, "a", action);
	await waitForWorker(server, "a", "waiting");
	await server.stop();
	assert.equal(twin.child.exitCode, null);
	assert.equal((await twin.stop()).code, 0);
});

test("row 15: a twin that joins our port later is noticed by the nonce, and the worker taken out", async () => {
	const port = await freePort();
	const server = await begin([localWorker("a", port, { sim: "--reuseport", more: "start: server" })]);
	await waitForWorker(server, "a", "ready");
	const twin = await startSim({ port, reuseport: true });
	const waiting = await waitForWorker(server, "a", "waiting");
	assert.equal(waiting.cause, "port_taken");
	assert.deepEqual(processesOf(server, "a"), [], "ours is gone: two behind one port are of no use");
	assert.equal(twin.child.exitCode, null);
	await twin.stop();
	await waitForWorker(server, "a", "ready");
	await server.stop();
});

test("row 40: after our own death the worker is found again, not doubled, and the run goes on", async () => {
	const server = await begin([localWorker("a", await freePort(), { sim: "--time-scale 0.01" })]);
	const dataset = await upload(server, inventCsv(300));
	const id = await startRun(server, { dataset: dataset.sha256 });
	await waitForDone(server, id, 30);
	const pid = rootOf(server, "a");
	await server.kill9();
	await server.start();
	await waitForWorker(server, "a", "ready");
	assert.deepEqual(processesOf(server, "a").map((one) => one.pid), [pid]);
	await finished(server, id);
	await balanced(server, id, 300);
	process.kill(pid, "SIGKILL"); /* no child of this server: its end is seen all the same */
	await waitForWorker(server, "a", "ready", () => rootOf(server, "a") && rootOf(server, "a") !== pid);
	await server.stop();
	assert.deepEqual(processesOf(server, "a"), []);
});

test("row 40: what died while we were away is cleaned up and started anew", async () => {
	const before = "(trap '' TERM HUP; exec -a engine sleep 600) &";
	const server = await begin([localWorker("a", await freePort(), { before, more: "start: server" })]);
	await waitForWorker(server, "a", "ready");
	const old = processesOf(server, "a").map((one) => one.pid);
	const root = rootOf(server, "a");
	await server.kill9();
	process.kill(root, "SIGKILL");
	await server.start();
	await waitForWorker(server, "a", "ready");
	const now = processesOf(server, "a").map((one) => one.pid);
	assert.equal(now.length, 2);
	assert.ok(!now.some((pid) => old.includes(pid)));
	await server.stop();
	assert.deepEqual(processesOf(server, "a"), []);
});

test("row 77: the first signal stops the workers in order, the second kills them", async () => {
	const deaf = "(trap '' TERM; exec -a engine sleep 600) & trap '' TERM;";
	const stubborn = `{id: a, type: local, port: ${await freePort()}, model: m, start: server, stop_timeout: 600, command: [/bin/bash, -c, ${JSON.stringify(`${deaf} while :; do sleep 0.2; echo .; done`)}]}`;
	const server = await begin([stubborn, localWorker("b", await freePort(), { more: "start: server" })]);
	await waitForWorker(server, "b", "ready");
	await waitForWorker(server, "a", "loading");
	server.child.kill("SIGTERM");
	await until("the orderly one to be gone", () => processesOf(server, "b").length === 0);
	server.child.kill("SIGTERM");
	await server.child.ended();
	assert.equal(server.child.exitCode, 0);
	assert.deepEqual(processesOf(server, "a"), []);
});

test("row 77: keep_workers leaves them running, and the next start finds them", async () => {
	const server = await begin([localWorker("a", await freePort(), { more: "start: server" })]);
	await waitForWorker(server, "a", "ready");
	await server.stop();
	assert.deepEqual(processesOf(server, "a"), []);
	reconfigure(server, (text) => text.replace("server:\n", "server:\n  keep_workers: true\n"));
	await server.start();
	await waitForWorker(server, "a", "ready");
	const pid = rootOf(server, "a");
	await server.stop();
	assert.equal(rootOf(server, "a"), pid);
	await server.start();
	await waitForWorker(server, "a", "ready");
	assert.deepEqual(processesOf(server, "a").map((one) => one.pid), [pid]);
	await doTo(server, "a", "stop");
	await waitForWorker(server, "a", "off");
	assert.deepEqual(processesOf(server, "a"), []);
	await server.stop();
});

test("a person's stop that our death interrupted is done before anything else", async () => {
	const deaf = "(trap '' TERM HUP; exec -a engine sleep 600) & trap '' TERM; sleep 600; true;";
	const server = await begin([localWorker("a", await freePort(), { before: deaf, more: "start: server, stop_timeout: 1" })]);
	await waitForWorker(server, "a", "loading", () => processesOf(server, "a").length >= 3);
	await doTo(server, "a", "stop");
	const old = processesOf(server, "a").map((one) => one.pid);
	await server.kill9();
	await server.start();
	await until("the old tree to be gone", () => !processesOf(server, "a").some((one) => old.includes(one.pid)));
	await until("its stop to be written down", async () => (await transitionsOf(server, "a")).some((one) => one.data.to === "off"));
	server.child.kill("SIGTERM");
	await server.child.ended();
	assert.deepEqual(processesOf(server, "a"), []);
});
