// What scenarios share beyond a server and its workers: runs steered, followed, and their books balanced.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { atEnd, exportRows, MEKIKI, opinions, readLedger, until, waitForRun } from "./mekiki.mjs";

/** Health and retries in tenths of a second, so that faults are over in seconds. */
export const QUICK = `evaluation: {timeout_per_domain: 1.5, backoff: [0.05, 0.1, 0.2]}
health_check: {interval: 0.25, timeout: 1, max_failures: 3}
`;

/** POST /runs/{id}/actions; any status but `status` fails the test. */
export async function act(server, id, action, { workers, status = 202 } = {}) {
	const answer = await server.call("POST", `/runs/${id}/actions`, { action, ...(workers ? { workers } : {}) });
	assert.equal(answer.status, status, `${action}: ${answer.status} ${answer.text()}`);
	return answer.json();
}

export const progressOf = (server, id) => server.get(`/runs/${id}/progress`);

/** Waits until the run has at least `count` results. */
export const waitForDone = (server, id, count, limit) =>
	until(
		`${id} to have ${count} results`,
		async () => {
			const progress = await progressOf(server, id);
			return progress.done >= count && progress;
		},
		limit,
		20,
	);

/** All rows of a view, at one version. */
export async function allItems(server, id, query = "") {
	const rows = [];
	let version = "";
	for (;;) {
		const page = await server.get(`/runs/${id}/items?limit=500&offset=${rows.length}${version}${query && `&${query}`}`);
		if (!version) version = `&version=${page.version}`;
		rows.push(...page.items);
		if (page.items.length === 0 || rows.length >= page.total) return rows;
	}
}

export async function allAttempts(server, id) {
	const rows = [];
	for (;;) {
		const page = await server.get(`/runs/${id}/attempts?limit=500&offset=${rows.length}`);
		rows.push(...page.items);
		if (page.items.length === 0 || rows.length >= page.total) return rows;
	}
}

/** Every event of the run, oldest first. */
export async function allEvents(server, where) {
	const events = [];
	for (let after = 0; ; ) {
		const page = await server.get(`${where}?after=${after}&limit=500`);
		events.push(...page.items);
		if (page.items.length === 0) return events;
		after = page.items.at(-1).id;
	}
}

/** Server-sent events until close(): calls on(event, data, id) for each. */
export function follow(server, topics, on) {
	let text = "";
	const take = (block) => {
		const fields = {};
		for (const line of block.split("\n")) {
			const [, name, value] = line.match(/^(\w+): ?(.*)$/) ?? [];
			if (name) fields[name] = name === "data" && fields.data ? `${fields.data}\n${value}` : value;
		}
		if (fields.data) on(fields.event ?? "message", JSON.parse(fields.data), fields.id);
	};
	const headers = { authorization: `Bearer ${server.token}` };
	const stream = { answered: false };
	stream.ended = new Promise((done) => {
		const out = http.get(`${server.url}/api/v1/events?topics=${topics}`, { headers, agent: false }, (answer) => {
			stream.answered = answer.statusCode === 200;
			answer.setEncoding("utf8");
			answer.on("data", (part) => {
				const blocks = (text + part).split("\n\n");
				text = blocks.pop();
				for (const block of blocks) take(block);
			});
			answer.on("error", done);
			answer.on("close", done);
		});
		out.on("error", done);
		stream.close = () => out.destroy();
	});
	return stream;
}

const count = (list, test) => list.filter(test).length;
const sum = (counts) => Object.values(counts).reduce((total, one) => total + one, 0);

/**
 * The run is over: every figure adds up and says how many of how many. Gives what it has read.
 * `without`: domain -> failure kind expected; every other item has a verdict.
 */
export async function balanced(server, id, total, without = new Map()) {
	const progress = await progressOf(server, id);
	const rows = await exportRows(server, id);
	const items = await allItems(server, id);
	const { matrices } = await server.get(`/runs/${id}/confusion`);
	const failed = without.size;
	assert.deepEqual(
		{ total: progress.total, done: progress.done, verdicts: progress.verdicts, no: progress.no_verdict, pending: progress.pending },
		{ total, done: total, verdicts: total - failed, no: failed, pending: 0 },
	);
	assert.equal(sum(progress.by_failure), failed, "by_failure explains every item without a verdict");
	assert.equal(rows.length, total, "lines of the export");
	assert.equal(new Set(items.map((item) => item.key)).size, total, "one item per domain");
	for (const row of rows) {
		assert.equal(row.error, without.get(row.domain) ?? "", `failure kind of ${row.domain}`);
		assert.equal(row.ai_is_phishing === "", without.has(row.domain), `verdict of ${row.domain}: ${row.ai_is_phishing}`);
		assert.equal(row.final_pred === "", without.has(row.domain), `final_pred of ${row.domain}`);
	}
	for (const item of items) {
		assert.ok(item.done, `${item.key} has a result`);
		assert.equal(item.failure, without.get(item.key) ?? null, `${item.key}: failure of the item's row`);
		assert.equal(item.verdict === null, without.has(item.key), `${item.key}: verdict of the item's row`);
	}
	const final = matrices.find((one) => one.stage === "final" && one.subset === "handed");
	const label = (row) => row.y_true === "1";
	const labelled = rows.filter((row) => row.y_true === "0" || row.y_true === "1");
	assert.equal(final.none_phishing, count(labelled, (row) => label(row) && row.error), "none_phishing");
	assert.equal(final.none_benign, count(labelled, (row) => !label(row) && row.error), "none_benign");
	assert.equal(final.tp + final.fp + final.fn + final.tn, count(labelled, (row) => !row.error), "figures are over the verdicts");
	assert.equal(final.metrics.accuracy.n, count(labelled, (row) => !row.error), "accuracy says k of n");
	return { progress, rows, items, matrices };
}

/** Every verdict is what the simulator thinks of that domain. */
export function agreesWithSim(rows, args = []) {
	const expected = opinions(rows.map((row) => row.domain), args);
	for (const row of rows)
		if (row.ai_is_phishing !== "")
			assert.equal(row.ai_is_phishing, expected.get(row.domain) ? "True" : "False", `verdict of ${row.domain}`);
}

/** Requests in ledgers, each with its end: [{ domain, id, outcome, fault, verdict }]. */
export function requestsIn(...files) {
	const requests = [];
	for (const file of files) {
		const lines = fs.existsSync(file) ? readLedger(file) : [];
		const ends = new Map(lines.filter((line) => line.event === "end").map((line) => [`${line.id} ${line.n}`, line]));
		for (const line of lines)
			if (line.event === "request") requests.push({ outcome: "none", ...line, ...ends.get(`${line.id} ${line.n}`) });
	}
	return requests;
}

/** How many items of the tail were given to a second worker; the slower answer of each is cut off. */
export const twins = (server) => (server.child.log.match(/has outlived its worker's history/g) ?? []).length;

/**
 * The simulators' ledgers and the server's books tell the same story: each request is an accepted result, a
 * recorded attempt that failed, or one that the server gave up itself; and each of those has its request.
 */
export async function ledgerExplains(server, id, rows, files, { cancelled = 0 } = {}) {
	const requests = requestsIn(...files);
	const attempts = await allAttempts(server, id);
	const perItem = new Map(rows.map((row) => [row.domain, { seen: 0, failed: 0, unheard: 0 }]));
	for (const one of requests) perItem.get(one.domain).seen++;
	for (const one of attempts) {
		const item = perItem.get(one.key);
		item.failed++;
		if (one.failure === "connection" && /refused|reset/.test(one.detail)) item.unheard++; // nobody was there to write it down
	}
	let unexplained = 0;
	for (const [domain, { seen, failed, unheard }] of perItem) {
		assert.ok(seen >= failed - unheard + 1, `${domain}: ${seen} requests, ${failed} failed attempts and a result`);
		unexplained += Math.max(0, seen - failed - 1);
	}
	cancelled += twins(server);
	assert.ok(unexplained <= cancelled, `${unexplained} requests are in no book, ${cancelled} were given up`);
	assert.equal(new Set(requests.map((one) => one.id)).size, requests.length, "every attempt has an id of its own");
	return { requests, attempts };
}

export async function finished(server, id, options) {
	const run = await waitForRun(server, id, options);
	assert.equal(run.state, "finished", `${id} is ${run.state}: ${run.cause}`);
	return run;
}

/** Changes the configuration's text and starts again. */
export function reconfigure(server, change) {
	fs.writeFileSync(server.file, change(fs.readFileSync(server.file, "utf8")));
}

export const ledgerIn = (dir, name) => path.join(dir, `${name}.jsonl`);

/** A file system of its own for what is put at `dir`: { fill(), free() }, or null where one may not be mounted. */
export function smallDisk(dir, size) {
	fs.mkdirSync(dir, { recursive: true });
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "mekiki-test", dir], { stdio: "ignore" });
	} catch {
		return null;
	}
	atEnd(() => execFileSync("umount", ["-l", dir]));
	const ballast = path.join(dir, "ballast");
	return {
		fill() {
			const file = fs.openSync(ballast, "a");
			for (let size = 1 << 20; size >= 4096; ) {
				try {
					fs.writeSync(file, Buffer.alloc(size));
				} catch (error) {
					assert.equal(error.code, "ENOSPC");
					size /= 2;
				}
			}
			fs.closeSync(file);
		},
		free: () => fs.rmSync(ballast),
	};
}

/** A server that is expected to give up at once: { code, log }. */
export async function refusedServer(args, under = []) {
	const [program, ...before] = [...under, MEKIKI];
	const child = spawn(program, [...before, "serve", ...args], { stdio: ["ignore", "pipe", "pipe"] });
	atEnd(() => child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"));
	let log = "";
	child.stdout.on("data", (bytes) => (log += bytes));
	child.stderr.on("data", (bytes) => (log += bytes));
	const code = await new Promise((done) => child.on("close", done));
	return { code, log };
}
