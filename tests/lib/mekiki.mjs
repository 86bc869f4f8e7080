// What suites share: simulated workers, a real server, a client of its API, and
// figures computed again, independently, from an export alone.
//
// Everything is started on free ports of the loopback interface, in a directory
// of its own, and ended by pid when the suite ends, however it ends.
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

export const MEKIKI = path.resolve(process.env.MEKIKI ?? 'build/release/mekiki');
export const SIM = path.resolve(process.env.VLLM_SIM ?? 'build/release/vllm-sim');
export const SHARED = process.env.SHARED && fs.existsSync(process.env.SHARED) ? process.env.SHARED : null;

/** Sanitizers and busy machines are slow: deadlines are generous, and waiting is always for a condition. */
export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 60000);

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until `probe` gives something true; the last error or value is in the message. */
export async function until(what, probe, limit = PATIENCE_MS, every = 50) {
	const end = Date.now() + limit;
	let last;
	for (;;) {
		try {
			last = await probe();
			if (last) return last;
		} catch (error) {
			if (error.final) throw error; // it cannot come true any more
			last = error;
		}
		if (Date.now() > end) throw new Error(`waited ${limit} ms for ${what}; last: ${last?.stack ?? JSON.stringify(last)}`);
		await sleep(every);
	}
}

const cleanups = [];
export function atEnd(clean) {
	cleanups.push(clean);
}
/** Ends everything that the suite started. A suite of node:test calls it in after(), or its children keep it waiting. */
export function endAll() {
	for (const clean of cleanups.splice(0).reverse()) {
		try {
			clean();
		} catch {} // the suite's own verdict stands
	}
}
process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

export function temporary(name = 'suite') {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), `mekiki-${name}-`));
	if (!process.env.KEEP) atEnd(() => fs.rmSync(dir, { recursive: true, force: true }));
	return dir;
}

/** Starts a program whose end is ours to bring about. It keeps no failed suite alive: only who waits for its end does. */
function start(command, args, options) {
	const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
	const exited = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
	child.ended = () => (child.ref(), exited);
	for (const handle of [child, child.stdout, child.stderr]) handle?.unref?.();
	child.log = '';
	child.stdout?.on('data', (bytes) => (child.log += bytes));
	child.stderr?.on('data', (bytes) => (child.log += bytes));
	atEnd(() => child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'));
	return child;
}

function alive(child, name) {
	if (child.exitCode === null && child.signalCode === null) return;
	throw Object.assign(new Error(`${name} ended: ${child.log}`), { final: true });
}

/** A simulated vLLM. Options are those of `vllm-sim --help`, camelCase or quoted. */
export async function startSim(options = {}) {
	const { model = 'sim-judge', ...others } = options;
	const args = ['--model', model];
	for (const [key, value] of Object.entries(others)) {
		const flag = '--' + key.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase());
		if (value === true) args.push(flag);
		else for (const one of [value].flat()) args.push(flag, String(one));
	}
	if (!('port' in options)) args.push('--port', '0');
	const child = start(SIM, args);
	const url = await until('the simulator to listen', () => {
		alive(child, 'the simulator');
		return child.log.match(/listening on (http:\S+)/)?.[1];
	});
	return {
		url,
		port: Number(new URL(url).port),
		pid: child.pid,
		child,
		ledger: options.ledger,
		faults: (change) => request('POST', `${url}/sim/faults`, { body: JSON.stringify(change) }).then((a) => a.json()),
		stop: async (signal = 'SIGTERM') => {
			child.kill(signal);
			return child.ended();
		},
	};
}

/** One HTTP request on a connection of its own, answer in memory. */
export function request(method, url, { headers = {}, body, timeout = PATIENCE_MS } = {}) {
	return new Promise((done, fail) => {
		const out = http.request(url, { method, headers, agent: false, timeout }, (answer) => {
			const parts = [];
			answer.on('data', (part) => parts.push(part));
			answer.on('error', fail);
			answer.on('end', () => {
				const bytes = Buffer.concat(parts);
				done({ status: answer.statusCode, headers: answer.headers, bytes, text: () => bytes.toString(), json: () => JSON.parse(bytes.toString() || 'null') });
			});
		});
		out.on('timeout', () => out.destroy(new Error(`${method} ${url}: no answer in ${timeout} ms`)));
		out.on('error', fail);
		out.end(body);
	});
}

/**
 * A server on a free port. `config` is YAML text below the generated part; `workers` are sims or YAML lines;
 * `under` is a command that execs the server, as ["strace", "-D"].
 */
export async function startServer({ dir = temporary('server'), workers = [], config = '', maxInFlight = 8, env = {}, args = [], under = [] } = {}) {
	const dataDir = path.join(dir, 'data');
	const file = path.join(dir, 'mekiki.yaml');
	const lines = workers.map((worker, id) => (typeof worker === 'string' ? `  - ${worker}` : `  - {id: ${id}, type: external, url: "${worker.url}", max_in_flight: ${maxInFlight}}`));
	fs.writeFileSync(file, `server:\n  listen: 127.0.0.1:0\n  data_dir: ${dataDir}\nworkers:${lines.length ? '' : ' []'}\n${lines.join('\n')}\n${config}`);
	const server = { dir, dataDir, file, under, starts: 0 };
	server.start = async () => {
		const [program, ...before] = [...server.under, MEKIKI];
		const child = start(program, [...before, 'serve', '--config', file, ...args], { env: { ...process.env, ...env } });
		server.child = child;
		server.pid = child.pid;
		server.starts++;
		const runtime = await until('the server to listen', () => {
			alive(child, 'the server');
			const found = JSON.parse(fs.readFileSync(path.join(dataDir, 'runtime.json'), 'utf8'));
			return found.pid === child.pid && found;
		});
		server.url = runtime.url;
		server.token = runtime.token;
		return server;
	};
	server.kill9 = async () => {
		server.child.kill('SIGKILL');
		await server.child.ended();
	};
	server.stop = async () => {
		server.child.kill('SIGTERM');
		return server.child.ended();
	};
	server.call = (method, where, body, headers = {}) =>
		request(method, where.startsWith('http') ? where : `${server.url}/api/v1${where}`, {
			headers: { authorization: `Bearer ${server.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
			body: body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
		});
	server.get = async (where) => {
		const answer = await server.call('GET', where);
		assert.equal(answer.status, 200, `GET ${where}: ${answer.status} ${answer.text().slice(0, 500)}`);
		return answer.json();
	};
	server.post = async (where, body, ...expected) => {
		const answer = await server.call('POST', where, body);
		assert.ok((expected.length ? expected : [200, 201, 202]).includes(answer.status), `POST ${where}: ${answer.status} ${answer.text().slice(0, 800)}`);
		return answer.json();
	};
	await server.start();
	return server;
}

/** Uploads bytes or a file and waits until the dataset is ready (or failed: given back all the same). */
export async function upload(server, source, name = 'test.csv', type = 'text/csv') {
	const bytes = Buffer.isBuffer(source) ? source : fs.readFileSync(source);
	const answer = await server.call('POST', `/datasets?name=${encodeURIComponent(name)}`, bytes, { 'content-type': type });
	assert.ok([200, 202].includes(answer.status), `upload: ${answer.status} ${answer.text()}`);
	const { sha256 } = answer.json();
	return until('the import', async () => {
		const dataset = sha256 ? (await server.call('GET', `/datasets/${sha256}`)).json() : null;
		const found = dataset?.state ? dataset : (await server.get('/datasets')).items.find((one) => one.name === name);
		return found && found.state !== 'importing' && found;
	});
}

/** Plans, acknowledges everything, creates and starts a run; gives its id. */
export async function startRun(server, wanted) {
	const plan = await server.post('/runs/plan', wanted);
	const run = await server.post('/runs', { ...plan.request, plan_etag: plan.plan_etag, acknowledgements: ['worker-not-ready', ...plan.warnings.map((one) => one.code)], start: true });
	return run.id;
}

export const OVER = ['finished', 'stopped', 'failed'];

export async function waitForRun(server, id, { states = OVER, limit = PATIENCE_MS * 3, every = 100 } = {}) {
	return until(`${id} to be ${states}`, async () => {
		const run = await server.get(`/runs/${id}`);
		return states.includes(run.state) && run;
	}, limit, every);
}

/** RFC 4180, read by nothing of ours. */
export function parseCsv(text) {
	const rows = [];
	let row = [], cell = '', quoted = false, at = 0;
	while (at < text.length) {
		const c = text[at++];
		if (quoted) {
			if (c !== '"') cell += c;
			else if (text[at] === '"') (cell += '"'), at++;
			else quoted = false;
		} else if (c === '"' && cell === '') quoted = true;
		else if (c === ',') row.push(cell), (cell = '');
		else if (c === '\n') row.push(cell.replace(/\r$/, '')), rows.push(row), (row = []), (cell = '');
		else cell += c;
	}
	if (cell !== '' || row.length) row.push(cell), rows.push(row);
	const [header, ...records] = rows;
	return records.map((record) => Object.fromEntries(header.map((name, i) => [name, record[i] ?? ''])));
}

export async function exportRows(server, id, query = '') {
	const answer = await server.call('GET', `/runs/${id}/export.csv${query}`);
	assert.equal(answer.status, 200, answer.text().slice(0, 500));
	return parseCsv(answer.text());
}

const truth = (row) => ({ 1: 1, '1.0': 1, true: 1, 0: 0, '0.0': 0, false: 0 })[(row.y_true ?? row.label ?? '').toLowerCase()];
const stage1 = (row) => (row.stage1_pred !== undefined && row.stage1_pred !== '' ? Number(row.stage1_pred) : row.ml_probability ? Number(Number(row.ml_probability) >= 0.5) : undefined);

/** The four matrices from an export's rows alone (policy exclude), and from the population's rows. */
export function matrices(rows, population = rows) {
	const empty = () => ({ tp: 0, fp: 0, fn: 0, tn: 0, none_phishing: 0, none_benign: 0 });
	const put = (matrix, label, prediction) => {
		if (label === undefined) return;
		if (prediction === undefined) matrix[label ? 'none_phishing' : 'none_benign']++;
		else matrix[label ? (prediction ? 'tp' : 'fn') : prediction ? 'fp' : 'tn']++;
	};
	const key = (row) => row.domain.toLowerCase();
	const verdicts = new Map(rows.map((row) => [key(row), row.ai_is_phishing === '' ? undefined : Number(row.ai_is_phishing === 'True')]));
	const unique = (list) => [...new Map(list.map((row) => [key(row), row])).values()];
	const out = { 'stage1/handed': empty(), 'final/handed': empty(), 'stage1/overall': empty(), 'final/overall': empty() };
	for (const row of unique(rows)) {
		put(out['stage1/handed'], truth(row), stage1(row));
		put(out['final/handed'], truth(row), verdicts.get(key(row)));
	}
	for (const row of unique(population)) {
		put(out['stage1/overall'], truth(row), stage1(row));
		put(out['final/overall'], truth(row), verdicts.has(key(row)) ? verdicts.get(key(row)) : stage1(row));
	}
	return out;
}

export function sameMatrices(confusion, expected, which = Object.keys(expected)) {
	for (const name of which) {
		const found = confusion.matrices.find((one) => `${one.stage}/${one.subset}` === name);
		for (const cell of Object.keys(expected[name])) assert.equal(found[cell], expected[name][cell], `${name} ${cell}`);
	}
}

export function readLedger(file) {
	return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** The simulator's own opinion of domains: domain -> true | false. */
export function opinions(domains, args = []) {
	const file = path.join(temporary('opinion'), 'domains');
	fs.writeFileSync(file, domains.join('\n') + '\n');
	const text = execFileSync(SIM, ['--opinion', file, ...args], { maxBuffer: 1 << 28 }).toString();
	return new Map(text.split('\n').filter(Boolean).map((line) => line.split('\t')).map(([domain, verdict]) => [domain, verdict === 'true']));
}

/** Seconds of service of each domain at speed one, before scale. */
export function works(domains, args = []) {
	const file = path.join(temporary('work'), 'domains');
	fs.writeFileSync(file, domains.join('\n') + '\n');
	const text = execFileSync(SIM, ['--work', file, ...args], { maxBuffer: 1 << 28 }).toString();
	return new Map(text.split('\n').filter(Boolean).map((line) => line.split('\t')).map(([domain, seconds]) => [domain, Number(seconds)]));
}

/** Domains that belong to nobody, for tests without real data: some look suspicious, most do not. */
export function inventDomains(count) {
	const words = ['login', 'secure', 'bank', 'shop', 'news', 'green', 'river', 'update', 'mail', 'tokyo', 'photo', 'wallet'];
	return Array.from({ length: count }, (_, i) => `${words[i % 12]}-${words[(i * 7 + 3) % 12]}${i}.${['example', 'test', 'invalid'][i % 3]}`);
}

export function inventCsv(count, { extra = () => ({}) } = {}) {
	const rows = inventDomains(count).map((domain, i) => ({ domain, source: ['feed', 'crawl'][i % 2], ml_probability: ((i * 37) % 100) / 100, y_true: Number((i * 13) % 10 < 4), ...extra(domain, i) }));
	const names = Object.keys(rows[0]);
	return Buffer.from([names.join(','), ...rows.map((row) => names.map((name) => row[name]).join(','))].join('\n') + '\n');
}
