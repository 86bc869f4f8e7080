// GPUs that belong to others too: rows 35 and 37-39 of the failure scenarios, with a fake nvidia-smi.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { atEnd, endAll, MEKIKI, startServer, temporary, until, upload } from "../lib/mekiki.mjs";
import { doTo, endLeftovers, freePort, localWorker, RECOVERY, waitForWorker } from "../lib/local.mjs";

const SMI = path.resolve(process.env.FAKE_NVIDIA_SMI ?? "build/release/fake-nvidia-smi");
const H200 = { index: 0, uuid: "GPU-a", name: "NVIDIA H200, SXM", total_mib: 143771 };

after(endAll);

/** A machine's GPUs; change() is atomic. */
function machine(state = { gpus: [H200] }) {
	const dir = temporary("gpus");
	const change = (to) => {
		fs.writeFileSync(path.join(dir, ".new"), JSON.stringify(to));
		fs.renameSync(path.join(dir, ".new"), path.join(dir, "gpus.json"));
	};
	change(state);
	return { dir, change };
}

/** Somebody else's process: ours to end, mekiki's to leave alone. */
function stranger() {
	const child = spawn("sleep", ["1000"], { stdio: "ignore" });
	child.unref();
	atEnd(() => child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"));
	return child;
}
const held = (child) => ({ gpus: [H200], processes: [{ gpu: 0, pid: child.pid, name: "python, train.py", mib: 20000 }] });

async function begin(gpus, policy, more = "start: server") {
	const server = await startServer({
		dir: temporary("courtesy"),
		workers: [localWorker("a", await freePort(), { sim: `--instant --children 3 --gpu-memory-utilization 0.5 --gpus ${gpus.dir}`, more: `gpu: "0", ${more}` })],
		env: { SIM_GPUS: gpus.dir },
		config: `health_check: {interval: 0.2, timeout: 5, max_failures: 3}\n${RECOVERY}shared_server: {nvidia_smi: ${SMI}, interval: 0.2, timeout: 1, back_after: 0.6, on_foreign_use: ${policy}}\n`,
	});
	endLeftovers(server, ["a"]);
	return server;
}

const gpusUntil = (server, what, probe) => until(what, async () => {
	const gpus = await server.get("/gpus");
	return probe(gpus) && gpus;
});
const kinds = async (server) => (await server.get("/events/log?limit=500")).items.map((one) => one.kind).filter((kind) => kind.startsWith("gpu."));

test("what a worker of ours holds is ours", async () => {
	const gpus = machine();
	const server = await begin(gpus, "drain");
	await waitForWorker(server, "a", "ready");
	const seen = await gpusUntil(server, "the worker on the GPU", (one) => one.items[0]?.processes.length === 1 && one.items[0].used_mib > 0);
	assert.deepEqual([seen.items[0].name, seen.items[0].used_mib, seen.items[0].unattributed_mib], ["NVIDIA H200, SXM", 71885, 0]);
	assert.deepEqual(seen.items[0].processes.map((one) => [one.name, one.ours]), [["VLLM::Worker", true]]);
	assert.equal(seen.workers[0].foreign, null);
	const shown = execFileSync(MEKIKI, ["gpus", "--config", server.file], { encoding: "utf8" });
	assert.match(shown, /GPU 0 {2}NVIDIA H200, SXM {2}71885 of 143771 MiB/);
	assert.match(shown, /ours +pid \d+ of \S+, 71885 MiB {2}VLLM::Worker/);
	assert.match(execFileSync(MEKIKI, ["run", "--check-gpus", "--config", server.file], { encoding: "utf8" }), / a +local +ready[^]*GPU 0/);
	await doTo(server, "a", "give_back");
	await waitForWorker(server, "a", "off", (one) => /; GPU 0 is free$/.test(one.receipt ?? ""));
	assert.deepEqual(await processesHolding(gpus), []);
	await server.stop();
});

async function processesHolding(gpus) {
	const out = execFileSync(SMI, ["--query-compute-apps=pid", "--format=csv,noheader"], { env: { ...process.env, SIM_GPUS: gpus.dir }, encoding: "utf8" });
	return out.trim() ? out.trim().split("\n") : [];
}

test("row 39: warn says who it is, and nothing else follows", async () => {
	const gpus = machine(), other = stranger();
	const server = await begin(gpus, "warn");
	await waitForWorker(server, "a", "ready");
	gpus.change(held(other));
	const seen = await gpusUntil(server, "the stranger", (one) => one.workers[0].foreign);
	assert.match(seen.workers[0].foreign, new RegExp(`GPU 0: 20000 MiB held by python, train.py \\(pid ${other.pid} of `));
	assert.equal(seen.items[0].processes.find((one) => one.pid === other.pid).ours, false);
	assert.equal((await server.get("/workers/a")).state, "ready");
	gpus.change({ gpus: [H200] });
	await until("the end to be told", async () => (await kinds(server)).join() === "gpu.foreign,gpu.clear");
	assert.equal(other.exitCode ?? other.signalCode, null, "the stranger lives");
	await server.stop();
});

test("row 39: pause gives no items, and takes itself back", async () => {
	const gpus = machine(), other = stranger();
	const server = await begin(gpus, "pause");
	await waitForWorker(server, "a", "ready");
	gpus.change(held(other));
	await waitForWorker(server, "a", "ready", (one) => one.paused);
	gpus.change({ gpus: [H200] });
	await waitForWorker(server, "a", "ready", (one) => !one.paused);
	await server.stop();
});

test("row 39: drain stops the worker, waits, and starts it again; a pause by a person stays", async () => {
	const gpus = machine(), other = stranger();
	const server = await begin(gpus, "drain");
	await waitForWorker(server, "a", "ready");
	await doTo(server, "a", "pause");
	gpus.change(held(other));
	const waiting = await waitForWorker(server, "a", "waiting");
	assert.equal(waiting.cause, "gpu_busy");
	assert.deepEqual(await processesHolding(gpus), [String(other.pid)], "ours is gone, theirs is not");
	gpus.change({ gpus: [H200] });
	const back = await waitForWorker(server, "a", "ready");
	assert.equal(back.paused, true);
	assert.equal(back.of, 0, "no restart was spent");
	assert.equal(other.exitCode ?? other.signalCode, null);
	await server.stop();
});

test("a plan warns of others, and of what nobody knows; a run wants both acknowledged", async () => {
	const gpus = machine(), other = stranger();
	gpus.change(held(other));
	const server = await begin(gpus, "warn", "start: manual");
	const dataset = await upload(server, Buffer.from("domain,y_true\na.example,0\nb.example,1\n"));
	const plan = () => server.post("/runs/plan", { dataset: dataset.sha256 });
	const busy = await until("a warning", async () => (await plan()).warnings.find((one) => one.code === "gpu-busy"));
	assert.match(busy.params.workers.a, /python, train\.py/);
	const made = await plan();
	const refused = await server.call("POST", "/runs", { ...made.request, plan_etag: made.plan_etag, acknowledgements: ["worker-not-ready", "not-shuffled"] });
	assert.ok(refused.status >= 400, "not acknowledged");
	gpus.change({ gpus: [{ ...H200, say: { "memory.used": "[N/A]" } }] });
	await until("unknown", async () => (await plan()).warnings.find((one) => one.code === "gpu-unknown"));
	gpus.change({ gpus: [{ ...H200, base_mib: 5000 }] });
	const orphan = await until("unattributed", async () => (await plan()).warnings.find((one) => one.code === "gpu-busy"));
	assert.match(orphan.text, /5000 MiB belong to no listed process/);
	await server.stop();
});

test("rows 35, 37, 38: a driver in trouble is unknown, and changes nothing", async () => {
	const gpus = machine(), other = stranger();
	const server = await begin(gpus, "drain");
	await waitForWorker(server, "a", "ready");
	await gpusUntil(server, "a first look", (one) => one.problem === null && one.items[0]?.processes.length);
	gpus.change({ gpus: [H200], stdout: "Failed to initialize NVML: Driver/library version mismatch\n", exit: 18 });
	await gpusUntil(server, "the words of the driver", (one) => /status 18: Failed to initialize NVML/.test(one.problem ?? ""));
	gpus.change({ gpus: [{ ...H200, say: { "memory.used": "ERR!", "memory.free": "[GPU requires reset]" } }] });
	await gpusUntil(server, "unknown figures", (one) => one.items[0]?.used_mib === null && /does not tell/.test(one.workers[0].unknown ?? ""));
	gpus.change({ ...held(other), hang: true });
	const stale = await gpusUntil(server, "a time-out", (one) => /did not answer|still hangs/.test(one.problem ?? ""));
	assert.equal(stale.items.length, 1, "what was seen last is still there");
	assert.equal((await server.get("/workers/a")).state, "ready");
	gpus.change({ gpus: [H200] });
	await gpusUntil(server, "the GPUs again", (one) => one.problem === null);
	await server.stop();
});
