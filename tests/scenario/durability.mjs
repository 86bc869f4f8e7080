// A result is on disk before anybody sees it: a trace of the server's system calls
// shows the write of each result, then the sync that covers it, and only then an
// HTTP answer or an event that shows it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sleep, startRun, startServer, temporary, upload } from "../lib/mekiki.mjs";
import { finished, follow } from "../lib/scenario.mjs";

const ITEMS = 150;

function whyNot() {
	try {
		execFileSync("strace", ["-o", "/dev/null", "-D", "true"], { stdio: "ignore" });
		return false;
	} catch (error) {
		return error.code === "ENOENT" ? "strace is not installed" : "strace may not trace here";
	}
}

/** Each item fails with a text of its own, which stands in the row of its result. */
const mark = (i) => 10000 + i;
const csv = Buffer.from(
	`domain,fake_failure,fake_ms\n${Array.from({ length: ITEMS }, (_, i) => `m${mark(i)}.example,refused:${mark(i)},${(i * 37) % 90}`).join("\n")}\n`,
);

/** The trace as a list of begun and ended calls, in the order in which they happened. */
function* callsOf(text) {
	const open = new Map();
	for (const line of text.split("\n")) {
		const [, pid, rest] = line.match(/^(\d+)\s+(.*)$/) ?? [];
		if (!rest) continue;
		const resumed = rest.match(/^<\.\.\. (\w+) resumed>.*= (-?\d+)/);
		if (resumed) {
			const call = open.get(pid);
			if (call?.name === resumed[1]) yield { ...call, ends: true, result: Number(resumed[2]) };
			open.delete(pid);
			continue;
		}
		const [, name] = rest.match(/^(\w+)\(/) ?? [];
		if (!name) continue;
		const call = { name, text: rest };
		yield { ...call, begins: true };
		if (rest.includes("<unfinished ...>")) open.set(pid, call);
		else yield { ...call, ends: true, result: Number(rest.match(/= (-?\d+)[^=]*$/)?.[1]) };
	}
}

/** Only rows of results say this: the database has the items' names long before. */
const marks = (text) => [...text.matchAll(/says refused:(1\d{4})/g)].map((match) => match[1]);

test("no result is shown before it is synced", { skip: whyNot() }, async (t) => {
	const trace = path.join(temporary("trace"), "strace");
	const server = await startServer({
		workers: ["{id: 0, type: fake, max_in_flight: 16}"],
		config: "evaluation: {evaluator: fake}\n",
		under: ["strace", "-D", "-f", "-yy", "-s", "60000", "-e", "trace=pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev", "-o", trace],
	});
	const dataset = await upload(server, csv);
	const id = await startRun(server, { dataset: dataset.sha256, evaluator: "fake", selection: { kind: "all" } });
	const stream = follow(server, `run:${id}`, () => {});
	let over = false;
	const looking = (async () => {
		while (!over) {
			await server.get(`/runs/${id}/items?done=yes&sort=-seq&limit=60`);
			await server.get(`/runs/${id}/progress`);
			await sleep(10);
		}
	})();
	await finished(server, id);
	over = true;
	await looking;
	stream.close();
	await server.stop();

	const written = new Set(); // marks in pages handed to the kernel
	let covered = new Set(); // of those, when the sync that is going on began
	const synced = new Set();
	let syncs = 0;
	let answers = 0;
	let events = 0;
	for (const call of callsOf(fs.readFileSync(trace, "utf8"))) {
		const isWal = call.text.includes("mekiki.db-wal>");
		if (call.name === "pwrite64" && call.begins && isWal) for (const one of marks(call.text)) written.add(one);
		if ((call.name === "fdatasync" || call.name === "fsync") && isWal) {
			if (call.begins) covered = new Set(written);
			else if (call.result === 0) {
				for (const one of covered) synced.add(one);
				syncs++;
			}
		}
		if (!call.begins || !/^(sendto|sendmsg|write|writev)\(\d+<TCP/.test(call.text)) continue;
		if (call.text.includes('\\"done\\":true'))
			for (const [, one] of call.text.matchAll(/\\"key\\":\s*\\"m(1\d{4})/g)) {
				assert.ok(synced.has(one), `an answer shows item ${one}, whose result was not synced yet`);
				answers++;
			}
		for (const [, done] of call.text.matchAll(/\\"done\\":\s*(\d+)/g)) {
			assert.ok(Number(done) <= synced.size, `${done} results are told, ${synced.size} were synced`);
			if (Number(done) > 0) events++;
		}
	}
	t.diagnostic(`${syncs} syncs of the WAL, ${answers} results in answers, ${events} counts told`);
	assert.equal(synced.size, ITEMS, "every result was written and synced");
	assert.ok(answers > ITEMS && events > 5 && syncs > 5, "the trace shows what was looked for");
});
