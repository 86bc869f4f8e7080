// What is wrong is said where it is wrong, with what was expected and what to do, and nothing else is lost.
// Each test holds the message that a person reads, to the letter.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { inventCsv, MEKIKI, startRun, startServer, temporary, until, upload } from "../lib/mekiki.mjs";
import { finished, refusedServer, smallDisk } from "../lib/scenario.mjs";

let server;
before(async () => {
	server = await startServer({ workers: ["{id: 0, type: fake}"], config: "evaluation: {evaluator: fake}\n" });
});
after(() => server?.stop());

/** Uploads; gives the dataset and what it says about rows that were left out. */
async function imported(text, name) {
	const dataset = await upload(server, Buffer.from(text), name);
	return { dataset, problems: dataset.state === "ready" ? (await server.get(`/datasets/${dataset.sha256}/problems`)).items : [] };
}

const told = ({ record, line, reason }) => `record ${record}, line ${line}: ${reason}`;

/** The other rows are evaluated as if nothing had been. */
async function theRestWorks(dataset, keys) {
	const id = await startRun(server, { dataset: dataset.sha256, evaluator: "fake" });
	await finished(server, id);
	const { items } = await server.get(`/runs/${id}/items`);
	assert.deepEqual(items.map((item) => item.key).sort(), keys);
}

test("a quote that is never closed", async () => {
	const { dataset, problems } = await imported('domain,note\na.example,fine\nb.example,"never closed\nc.example,fine\n', "quote.csv");
	assert.equal(dataset.state, "ready", dataset.problem);
	assert.deepEqual(problems.map(told), [
		'record 2, line 3: the quote that opens a cell is never closed; expected a closing " before the next comma',
	]);
	await theRestWorks(dataset, ["a.example", "c.example"]);
});

test("a NUL byte in a domain", async () => {
	const { dataset, problems } = await imported("domain\na.example\nb\0.example\nc.example\n", "nul.csv");
	assert.deepEqual(problems.map(told), ["record 2, line 3: the domain holds a NUL byte"]);
	await theRestWorks(dataset, ["a.example", "c.example"]);
});

test('no column "domain"', async () => {
	const { dataset } = await imported("url,label\nhttp://a.example/,1\n", "no_domain.csv");
	assert.equal(dataset.state, "failed");
	assert.equal(
		dataset.problem,
		'no_domain.csv: line 1: no column "domain"; found "url", "label"; call the column that holds the domains "domain"',
	);
	const plan = await server.call("POST", "/runs/plan", { dataset: dataset.sha256 });
	assert.equal(plan.status, 409);
	assert.equal(plan.json().detail, `the dataset "no_domain.csv" could not be imported: ${dataset.problem}`);
});

test("a cell of 100 MB", async () => {
	const text = Buffer.concat([Buffer.from("domain,note\na.example,"), Buffer.alloc(100 << 20, "x"), Buffer.from("\nb.example,fine\n")]);
	const memory = () => Number(fs.readFileSync(`/proc/${server.pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/)[1]) / 1024;
	const start = memory();
	const { dataset, problems } = await imported(text, "large.csv");
	assert.deepEqual(problems.map(told), ["record 1, line 2: a cell is larger than 1 MiB; shorten it or leave the column out"]);
	if (!process.env.ASAN_OPTIONS) assert.ok(memory() - start < 40, `the import took ${memory() - start} MiB of memory`);
	await theRestWorks(dataset, ["b.example"]);
});

function checked(yaml) {
	const file = path.join(temporary("yaml"), "mekiki.yaml");
	fs.writeFileSync(file, yaml);
	const { status, stdout, stderr } = spawnSync(MEKIKI, ["check-config", file], { encoding: "utf8" });
	return { status, lines: (stdout + stderr).replaceAll(file, "FILE").trim().split("\n"), file };
}

test("a wrong type and an unknown key in the configuration, both at once", async () => {
	const yaml = "server: {listen: 127.0.0.1:0}\nworkers:\n  - {id: 0, url: [1]}\nhealth_check: {interval: fast, intervall: 3}\n";
	const { status, lines, file } = checked(yaml);
	assert.equal(status, 2);
	assert.deepEqual(lines, [
		"FILE:3:18: error: workers[0].url: expected a text, found a list",
		'FILE:4:26: error: health_check.interval: expected seconds from 0.1 to 3600, found "fast"',
		'FILE:4:32: error: health_check.intervall: unknown key, did you mean "interval"?',
		"FILE: 3 errors",
	]);
	const { code, log } = await refusedServer(["--config", file]);
	assert.equal(code, 2);
	assert.deepEqual(log.replaceAll(file, "FILE").trim().split("\n"), lines.slice(0, 3), "serve says the same");
});

test("broken YAML", () => {
	assert.deepEqual(checked("server: {listen: 127.0.0.1:0\nworkers: []\n").lines, [
		"FILE:2:8: error: not valid YAML: did not find expected ',' or '}', while parsing a flow mapping that began on line 1",
		"FILE: 1 error",
	]);
});

test("a file that is not there", async () => {
	const nowhere = path.join(temporary("nowhere"), "missing");
	const serve = await refusedServer(["--config", `${nowhere}.yaml`]);
	assert.equal(serve.code, 2);
	assert.equal(serve.log, `${nowhere}.yaml: error: cannot be read: No such file or directory\n`);
	const env = { ...process.env, MEKIKI_URL: server.url, MEKIKI_TOKEN: server.token };
	const run = spawnSync(MEKIKI, ["run", `${nowhere}.csv`, "-y"], { encoding: "utf8", env });
	assert.notEqual(run.status, 0);
	assert.equal(run.stderr, `mekiki run: cannot read ${nowhere}.csv: No such file or directory\n`);
});

test("a port that is taken", async () => {
	const other = net.createServer().listen(0, "127.0.0.1");
	await new Promise((done) => other.on("listening", done));
	const { port } = other.address();
	const { code, log } = await refusedServer(["--data-dir", temporary("taken"), "--listen", `127.0.0.1:${port}`]);
	other.close();
	assert.equal(code, 1);
	assert.ok(log.endsWith(`mekiki: port ${port} on 127.0.0.1 is taken; end what listens there, or choose another port in server.listen (0 = a free one)\n`), log);
});

test("a second server on the same data", async () => {
	const { code, log } = await refusedServer(["--config", server.file]);
	assert.equal(code, 1);
	assert.equal(
		log,
		`mekiki: ${server.dataDir}/lock: another mekiki (process ${server.pid}) works in this data directory; stop it, or use another one (server.data_dir)\n`,
	);
});

test("a disk without room for the upload", async (t) => {
	const dir = temporary("full");
	const disk = smallDisk(path.join(dir, "data"), "4m");
	if (!disk) return t.skip("a small file system can only be mounted as root");
	const small = await startServer({ dir });
	const bytes = inventCsv(120000);
	const answer = await small.call("POST", "/datasets?name=big.csv", bytes, { "content-type": "text/csv" });
	assert.equal(answer.status, 507);
	assert.equal(answer.json().code, "disk-full");
	assert.equal(answer.json().detail, `the disk of ${small.dataDir}/uploads is full; make room and send it again`);
	await until("what came to be removed", () => fs.readdirSync(path.join(small.dataDir, "uploads")).length === 0);
	const dataset = await upload(small, inventCsv(50), "small.csv");
	assert.equal(dataset.state, "ready", "what fits is taken");
	await small.stop();
});

test("requests that are wrong", async () => {
	const dataset = await upload(server, inventCsv(10), "ten.csv");
	const refused = async (method, where, body) => {
		const answer = await server.call(method, where, body);
		return `${answer.status} ${answer.json().detail}`;
	};
	const sha = dataset.sha256;
	assert.deepEqual(
		[
			await refused("POST", "/runs/plan", { datasett: sha }),
			await refused("POST", "/runs/plan", { dataset: sha, selection: { kind: "first", n: "tenn" } }),
			await refused("POST", "/runs/plan", { dataset: sha, selection: { kind: "some" } }),
			await refused("POST", "/runs/plan", { dataset: sha, workers: ["7"] }),
			await refused("POST", "/runs/plan", { dataset: "0123456789abcdef" }),
			await refused("POST", "/runs/plan", { dataset: sha, evaluator: "chatt" }),
			await refused("POST", "/runs/plan", { dataset: sha, evaluator: "chat", prompt: { system: "Judge.", user: "{{domian}}" } }),
			await refused("POST", "/runs/plan", "{"),
			await refused("GET", "/runs/r-0001/items?sourc=x"),
			await refused("GET", "/runs/r-9999"),
		],
		[
			'400 unknown key "datasett"; did you mean "dataset"?',
			'400 "selection": "n": expected a whole number',
			'400 "selection.kind": "some" is none of all, first, random, filter, list, run, errors',
			'400 "workers": there is no worker "7" in the configuration',
			"404 there is no dataset 0123456789abcdef",
			'400 "evaluator": "chatt" is none of chat, fake',
			'400 "prompt.user": line 1 of the prompt: no column is called "domian"; did you mean {{domain}}?',
			"400 not valid JSON, line 1 column 1: string or '}' expected near end of file",
			'400 unknown query key "sourc"; did you mean "source"?',
			"404 there is no run r-9999",
		],
	);
});
