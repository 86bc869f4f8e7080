// Rows of the table of failure scenarios that need a whole server. Row 42 (power loss) and row 45 (network file
// systems) need what only a unit test can pretend: tests/unit/test_durability.c, tests/unit/test_store.c.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { atEnd, inventCsv, sleep, startRun, startServer, startSim, temporary, until, upload, waitForRun } from "../lib/mekiki.mjs";
import {
	act,
	agreesWithSim,
	allAttempts,
	allEvents,
	allItems,
	balanced,
	finished,
	ledgerIn,
	progressOf,
	QUICK,
	reconfigure,
	refusedServer,
	requestsIn,
	smallDisk,
	twins,
	waitForDone,
} from "../lib/scenario.mjs";

async function begin({ items = 200, timeScale = 0.006, sim: options = {}, server: more = {}, workers = 1 } = {}) {
	const dir = more.dir ?? temporary("rows");
	const ledgers = Array.from({ length: workers }, (_, i) => ledgerIn(dir, `sim${i}`));
	const sims = await Promise.all(ledgers.map((ledger) => startSim({ timeScale, ledger, ...options })));
	const server = await startServer({ workers: sims, config: QUICK, dir, ...more });
	const dataset = await upload(server, inventCsv(items));
	const id = await startRun(server, { dataset: dataset.sha256 });
	const end = async () => {
		await server.stop();
		for (const sim of sims) await sim.stop();
	};
	return { dir, ledgers, sims, server, dataset, id, items, end };
}

async function endsWell({ server, id, items }) {
	await finished(server, id);
	const figures = await balanced(server, id, items);
	agreesWithSim(figures.rows);
	return figures;
}

test("row 43: a full disk stops the sending and loses nothing; room brings it back", async (t) => {
	const dir = temporary("full");
	const disk = smallDisk(path.join(dir, "data"), "24m");
	if (!disk) return t.skip("a small file system can only be mounted as root");
	const it = await begin({ items: 300, server: { dir } });
	await waitForDone(it.server, it.id, 30);
	disk.fill();
	const blocked = await until("the store to be blocked", async () => {
		const progress = await progressOf(it.server, it.id);
		return progress.store_blocked && progress;
	});
	assert.match(blocked.store_blocked, /full/);
	await until("nothing to be in flight", async () => (await progressOf(it.server, it.id)).in_flight === 0);
	const sent = requestsIn(...it.ledgers).length;
	const seen = await allItems(it.server, it.id, "done=yes");
	const probed = (await it.server.get("/workers/0")).last_probe;
	await until("another probe", async () => (await it.server.get("/workers/0")).last_probe !== probed);
	assert.equal(requestsIn(...it.ledgers).length, sent, "nothing is sent while results cannot be kept");
	assert.ok((await progressOf(it.server, it.id)).done < it.items);
	disk.free();
	await until("the store to go on", async () => (await progressOf(it.server, it.id)).store_blocked === null);
	const { items } = await endsWell(it);
	for (const before of seen) {
		const after = items[before.n - 1];
		assert.deepEqual([after.key, after.seq, after.verdict], [before.key, before.seq, before.verdict]);
	}
	assert.ok(requestsIn(...it.ledgers).length <= it.items + twins(it.server), "no answer was paid for twice");
	const kinds = (await allEvents(it.server, "/events/log")).map((event) => event.kind);
	assert.ok(kinds.includes("store.unblocked"), kinds.join(" "));
	await it.end();
});

const hasSqlite = (() => {
	try {
		execFileSync("sqlite3", ["--version"], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
})();

test("row 44: a forgotten reader makes the WAL grow; it is told, and all is well when he is gone", { skip: hasSqlite ? false : "sqlite3 is not installed" }, async () => {
	const server = await startServer({ workers: ["{id: 0, type: fake, max_in_flight: 64}"], config: "evaluation: {evaluator: fake}\n" });
	const wal = path.join(server.dataDir, "mekiki.db-wal");
	const size = () => fs.statSync(wal).size;
	const reader = spawn("sqlite3", ["-readonly", path.join(server.dataDir, "mekiki.db")], { stdio: ["pipe", "pipe", "inherit"] });
	atEnd(() => reader.kill());
	reader.stdin.write("BEGIN; SELECT 'reading', count(*) FROM item;\n");
	await new Promise((done) => reader.stdout.once("data", done));
	const big = await upload(server, inventCsv(120000), "big.csv");
	assert.equal(big.items, 120000);
	assert.ok(size() > 16 << 20, `the WAL has ${size()} bytes`);
	assert.match(server.child.log, /the WAL has grown to \d+ MiB because a reader holds an old view/);
	const dataset = await upload(server, inventCsv(200), "small.csv");
	const id = await startRun(server, { dataset: dataset.sha256, evaluator: "fake" });
	await finished(server, id);
	reader.stdin.end("COMMIT;\n");
	await new Promise((done) => reader.on("exit", done));
	const again = await startRun(server, { dataset: dataset.sha256, evaluator: "fake" });
	await finished(server, again);
	assert.equal((await server.stop()).code, 0);
	assert.ok(!fs.existsSync(wal) || size() === 0, "a clean end leaves no WAL");
});

test("row 46: a second server on the same data says who is there and ends", async () => {
	const server = await startServer();
	const { code, log } = await refusedServer(["--config", server.file]);
	assert.equal(code, 1);
	assert.ok(log.includes(`another mekiki (process ${server.pid}) works in this data directory; stop it, or use another one (server.data_dir)`), log);
	assert.equal((await server.get("/meta")).name, "mekiki");
	await server.stop();
});

test("row 47: a run whose dataset's bytes have changed is refused, and goes on when they are back", async () => {
	const it = await begin();
	await waitForDone(it.server, it.id, 20);
	await act(it.server, it.id, "stop");
	const file = path.join(it.server.dataDir, "datasets", it.dataset.sha256);
	const bytes = fs.readFileSync(file);
	fs.chmodSync(file, 0o600);
	fs.writeFileSync(file, Buffer.from(bytes.toString().replace("login", "logon")));
	await act(it.server, it.id, "start");
	const failed = await waitForRun(it.server, it.id, { states: ["failed"] });
	assert.match(failed.cause, /bytes of dataset "test\.csv" have changed since it was imported/);
	fs.writeFileSync(file, bytes);
	await act(it.server, it.id, "start");
	await endsWell(it);
	await it.end();
});

test("row 47: another prompt in the configuration does not change a run that has begun", async () => {
	const it = await begin({ server: { config: `${QUICK.replace("evaluation: {", 'evaluation: {user_prompt: "First. Domain: {{domain}}", ')}` } });
	await waitForDone(it.server, it.id, 20);
	await it.server.stop();
	reconfigure(it.server, (text) => text.replace("First.", "Second."));
	await it.server.start();
	await endsWell(it);
	for (const n of [1, it.items]) {
		const { prompt } = await it.server.get(`/runs/${it.id}/items/${n}`);
		assert.ok(prompt.includes("First. Domain:") && !prompt.includes("Second."), prompt);
	}
	await it.end();
});

test("row 47: a worker that serves another model than the run was begun with gets none of it", async () => {
	const it = await begin();
	await waitForDone(it.server, it.id, 20);
	await it.server.stop();
	await it.sims[0].stop();
	const other = await startSim({ timeScale: 0.002, model: "another-judge", port: it.sims[0].port });
	await it.server.start();
	const waiting = await waitForRun(it.server, it.id, { states: ["waiting"] });
	assert.match(waiting.cause, /worker 0 serves "another-judge", this run is done by "sim-judge"/);
	await other.stop();
	it.sims[0] = await startSim({ timeScale: 0.002, port: other.port });
	const { rows } = await endsWell(it);
	assert.deepEqual([...new Set(rows.map((row) => row.model))], ["sim-judge"]);
	await it.end();
});

test("row 71: http_proxy in the environment is not for workers", async () => {
	const nobody = "http://127.0.0.1:9";
	const names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
	const it = await begin({ items: 40, server: { env: Object.fromEntries(names.map((name) => [name, nobody])) } });
	await endsWell(it);
	assert.deepEqual(await allAttempts(it.server, it.id), []);
	await it.end();
});

const softLimit = (pid) => Number(fs.readFileSync(`/proc/${pid}/limits`, "utf8").match(/^Max open files\s+(\d+)/m)[1]);

test("row 72: with few files in all, fewer requests at a time and none lost", async () => {
	const under = ["sh", "-c", 'ulimit -n 256; exec "$0" "$@"'];
	const it = await begin({ workers: 2, items: 500, sim: { maxNumSeqs: 256 }, timeScale: 0.01, server: { under, maxInFlight: 200 } });
	const { progress } = await endsWell(it);
	assert.match(it.server.child.log, /limit of open files is 256: a worker gets \d+ requests at a time instead of 200/);
	assert.deepEqual(await allAttempts(it.server, it.id), [], "no attempt failed for want of a file");
	assert.ok(progress.workers.every((worker) => worker.done > 0));
	await it.end();
});

test("row 72: with hardly any file it says so and does not begin", async () => {
	const { code, log } = await refusedServer(["--data-dir", temporary("few")], ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"']);
	assert.equal(code, 1);
	assert.ok(log.includes('mekiki: only 64 open files are allowed, 256 are needed; raise it with "ulimit -n"\n'), log);
});

test("row 72: a low soft limit is raised", async () => {
	const server = await startServer({ under: ["sh", "-c", 'ulimit -Sn 64; exec "$0" "$@"'] });
	assert.ok(softLimit(server.pid) > 64);
	await server.stop();
});

/** Longer than every deadline and probe, and than what the engine takes for a gap (5 s). */
const SLEEP_MS = 7000;

const gaps = async (server) => (await allEvents(server, "/events/log")).filter((event) => event.kind === "server.clock_gap");

async function nothingWentWrong(it) {
	await endsWell(it);
	assert.deepEqual(await allAttempts(it.server, it.id), [], "no attempt counts as failed");
	const states = (await allEvents(it.server, "/events/log")).filter((event) => event.kind === "worker.state").map((event) => event.data.to);
	assert.ok(states.every((state) => ["ready", "busy"].includes(state)), `no worker was taken for lost: ${states}`);
	assert.equal((await gaps(it.server)).length, 1, "the gap is written down once");
}

test("row 73: the server sleeps longer than every deadline", async () => {
	const it = await begin({ workers: 2, timeScale: 0.02 });
	await waitForDone(it.server, it.id, 20);
	process.kill(it.server.pid, "SIGSTOP");
	await sleep(SLEEP_MS);
	process.kill(it.server.pid, "SIGCONT");
	await nothingWentWrong(it);
	await it.end();
});

test("row 73: the whole machine sleeps, with requests half-way", async () => {
	const it = await begin({ workers: 2, timeScale: 0.1, items: 120, sim: { maxNumSeqs: 16 }, server: { config: QUICK.replace("1.5", "6"), maxInFlight: 16 } });
	await waitForDone(it.server, it.id, 20);
	const pids = [it.server.pid, ...it.sims.map((sim) => sim.pid)];
	for (const pid of pids) process.kill(pid, "SIGSTOP");
	await sleep(SLEEP_MS);
	for (const pid of pids) process.kill(pid, "SIGCONT");
	await nothingWentWrong(it);
	await it.end();
});
