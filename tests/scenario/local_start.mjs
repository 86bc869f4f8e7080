// Starts of local workers that are slow, hang or fail: rows 9-14 of the failure scenarios, in tenths of a second.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { startServer, temporary, until } from "../lib/mekiki.mjs";
import { doTo, endLeftovers, freePort, localWorker, processesOf, RECOVERY, transitionsOf, waitForWorker, workerOf } from "../lib/local.mjs";

const QUICK = `health_check: {interval: 0.2, timeout: 1, max_failures: 3}\n${RECOVERY}`;

async function begin(workers, dir = temporary("local")) {
	const server = await startServer({ dir, workers, config: QUICK });
	endLeftovers(server, ["a", "b"]);
	return server;
}

const startsOf = (server, id) => (fs.readFileSync(path.join(server.dataDir, "logs", `worker-${id}.log`), "utf8").match(/^=== mekiki starts/gm) ?? []).length;

/** Shell that fails the first `times` starts with a line. */
const failing = (dir, times, line) => `n=$(cat ${dir}/count 2>/dev/null || echo 0); echo $((n + 1)) > ${dir}/count; if [ $n -lt ${times} ]; then echo "${line}"; exit 1; fi;`;

test("row 9: a start that takes longer than its time-out goes on while its log moves", async () => {
	const before = "for i in 1 2 3 4 5 6 7 8; do printf 'Loading safetensors checkpoint shards: %s0%% Completed\\r' $i; sleep 0.3; done;";
	const server = await begin([localWorker("a", await freePort(), { before, more: "start: server, start_timeout: 1" })]);
	const loading = await waitForWorker(server, "a", "loading", (one) => one.progress > 0.3);
	assert.equal(loading.phase, "loading weights");
	const ready = await waitForWorker(server, "a", "ready");
	assert.equal(ready.phase, null);
	assert.equal(startsOf(server, "a"), 1);
	await server.stop();
	assert.deepEqual(processesOf(server, "a"), []);
});

test("row 10: a start that hangs is ended, tried once more, then needs a person; its last lines are kept", async () => {
	const before = "echo '(EngineCore pid=1) Starting to load model q'; trap '' TERM; sleep 600; sleep 600;";
	const server = await begin([localWorker("a", await freePort(), { before, more: "start: server, start_timeout: 0.6" })]);
	const failed = await waitForWorker(server, "a", "failed");
	assert.equal(failed.cause, "start_timeout");
	assert.match(failed.text, /Starting to load model q/);
	assert.equal(startsOf(server, "a"), 2);
	const log = await server.get("/workers/a/log?limit=10");
	assert.ok(log.items.some((one) => one.text.includes("Starting to load model")));
	assert.deepEqual(processesOf(server, "a"), [], "nothing is left of it");
	await server.stop();
});

test("row 11: a start that no restart mends goes to a person at once, and spends nobody's budget", async () => {
	const before = "echo 'ValueError: No available memory for the cache blocks. Try increasing gpu_memory_utilization'; echo 'Engine core initialization failed. See root cause above.'; exit 1;";
	const server = await begin([
		localWorker("a", await freePort(), { before, more: "start: server" }),
		localWorker("b", await freePort(), { more: "start: server" }),
	]);
	const failed = await waitForWorker(server, "a", "failed");
	assert.equal(failed.cause, "kv_too_small");
	assert.match(failed.text, /No available memory/);
	assert.equal(startsOf(server, "a"), 1);
	await waitForWorker(server, "b", "ready");
	assert.deepEqual(failed.actions.includes("retry") && failed.actions.includes("forget"), true);
	await doTo(server, "a", "forget");
	assert.equal((await waitForWorker(server, "a", "off")).cause, "requested");
	await server.stop();
});

test("row 12: a GPU that somebody else holds is waited for, and no attempt is spent", async () => {
	const dir = temporary("local");
	const line = "ValueError: Free memory on device cuda:0 (3.22/4.0 GiB) on startup is less than desired GPU memory utilization (0.9, 3.6 GiB)";
	const server = await begin([localWorker("a", await freePort(), { before: failing(dir, 5, line), more: "start: server, gpu: 0" })], dir);
	const waiting = await waitForWorker(server, "a", "waiting");
	assert.equal(waiting.cause, "gpu_busy");
	assert.equal(waiting.attempt, 0);
	assert.ok(waiting.next_at);
	await waitForWorker(server, "a", "ready");
	assert.equal(startsOf(server, "a"), 6);
	await server.stop();
});

test("row 13: memory given back during profiling is tried again once; two on one GPU start one after another", async () => {
	const dir = temporary("local");
	const line = "AssertionError: Error in memory profiling. Initial free memory 1.0, current free memory 2.0";
	const slow = `echo $(date +%s%N) begin >> ${dir}/order; sleep 0.6; echo $(date +%s%N) end >> ${dir}/order;`;
	const server = await begin(
		[
			localWorker("a", await freePort(), { before: failing(dir, 1, line) + slow, more: "start: server, gpu: 1" }),
			localWorker("b", await freePort(), { before: slow, more: "start: server, gpu: 1" }),
		],
		dir,
	);
	const queued = await until("one to wait for the other", async () => {
		const both = [await workerOf(server, "a"), await workerOf(server, "b")];
		return both.find((one) => one.phase?.includes("same GPU"));
	});
	assert.equal(queued.state, "starting");
	await waitForWorker(server, "a", "ready");
	await waitForWorker(server, "b", "ready");
	const order = fs.readFileSync(`${dir}/order`, "utf8").trim().split("\n").map((one) => one.split(" ")[1]);
	assert.deepEqual(order, ["begin", "end", "begin", "end"]);
	assert.ok((await transitionsOf(server, "a")).some((one) => one.data.cause === "co_tenant"));
	await server.stop();
});

test("row 14: a port that somebody else uses is waited for; its owner is named and left alone", async () => {
	const stranger = net.createServer();
	await new Promise((done) => stranger.listen(0, "127.0.0.1", done));
	const { port } = stranger.address();
	const server = await begin([localWorker("a", port, { more: "start: server" })]);
	const waiting = await waitForWorker(server, "a", "waiting");
	assert.equal(waiting.cause, "port_taken");
	assert.match(waiting.text, new RegExp(`process ${process.pid} `));
	assert.ok(!fs.existsSync(path.join(server.dataDir, "logs", "worker-a.log")), "nothing was started");
	assert.ok(stranger.listening);
	await new Promise((done) => stranger.close(done));
	await waitForWorker(server, "a", "ready");
	await server.stop();
});

test("row 16: one that serves another model than it should is said, not waited for", async () => {
	const port = await freePort();
	const line = localWorker("a", port, { more: "start: server" }).replace("--model {model} ", "--model other ");
	const server = await begin([line]);
	const failed = await waitForWorker(server, "a", "failed");
	assert.equal(failed.cause, "wrong_model");
	assert.match(failed.text, /sim-judge.*other/);
	assert.deepEqual(processesOf(server, "a"), []);
	await server.stop();
});

test("a command that does not exist is said with its name; a start_cmd starts an external worker and stop_cmd stops it", async () => {
	const dir = temporary("local");
	const port = await freePort();
	const start = `sh -c 'exec ${process.env.VLLM_SIM ?? "build/release/vllm-sim"} --port ${port} --model m >/dev/null 2>&1 & echo $! > ${dir}/pid'`;
	const server = await begin(
		[
			`{id: a, type: local, port: ${await freePort()}, model: m, command: [/nonexistent/vllm], start: server}`,
			`{id: b, port: ${port}, start: server, start_cmd: ${JSON.stringify(start)}, stop_cmd: ${JSON.stringify(`kill $(cat ${dir}/pid)`)}}`,
		],
		dir,
	);
	const failed = await waitForWorker(server, "a", "failed");
	assert.equal(failed.cause, "no_command");
	assert.match(failed.text, /nonexistent/);
	await waitForWorker(server, "b", "ready");
	const pid = Number(fs.readFileSync(`${dir}/pid`, "utf8"));
	await doTo(server, "b", "stop");
	const off = await waitForWorker(server, "b", "off");
	assert.match(off.receipt, /stop_cmd ended with status 0/);
	await until("the external server to be gone", () => !fs.existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8")));
	await server.stop();
});
