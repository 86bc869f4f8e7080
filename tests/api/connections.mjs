// Many clients, slow clients, clients that never read: everybody else is answered.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { test, after } from 'node:test';
import { MEKIKI, atEnd, inventCsv, request, startRun, startServer, temporary, until, upload, waitForRun } from '../lib/mekiki.mjs';

const server = await startServer({ workers: ['{id: 0, type: fake}'] });
after(() => server.stop());
// A sanitizer keeps what was freed for a while.
const QUARANTINE_KIB = /\/[at]san\//.test(MEKIKI) ? 300 * 1024 : 0;
const LARGE = 8000; // rows of 1 KB: more than the buffers of a socket hold
const { hostname, port } = new URL(server.url);
const authorization = `Bearer ${server.token}`;
const head = (where) => `GET ${where} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${authorization}\r\n`;
const residentKiB = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

/** A connection that sends and, unless told, never reads. */
function connect(text, { read = false, to = port } = {}) {
	const socket = net.connect(Number(to), hostname);
	socket.closed_ = new Promise((done) => socket.on('close', done));
	socket.on('error', () => {});
	socket.got = '';
	if (read) socket.on('data', (bytes) => (socket.got += bytes));
	else socket.pause();
	socket.on('connect', () => text && socket.write(text));
	atEnd(() => socket.destroy());
	return socket;
}
const health = async (url = server.url) => assert.equal((await request('GET', `${url}/healthz`, { timeout: 20000 })).status, 200);

for (const count of [64, 128, 129, 256])
	test(`${count} connections at once are all answered, again and again`, async () => {
		const agent = new http.Agent({ keepAlive: true, maxSockets: count });
		const one = () =>
			new Promise((done, fail) => {
				const out = http.get(`${server.url}/api/v1/workers`, { agent, headers: { authorization }, timeout: 60000 }, (answer) => {
					answer.resume();
					answer.on('end', () => done(answer.statusCode));
				});
				out.on('timeout', () => out.destroy(new Error('no answer')));
				out.on('error', fail);
			});
		for (let round = 0; round < 4; round++) {
			const statuses = await Promise.all(Array.from({ length: count }, one));
			assert.ok(statuses.every((status) => status === 200), `${statuses}`);
		}
		agent.destroy();
	});

test('jobs and streams answer many at once, too', async () => {
	const dataset = await upload(server, inventCsv(200), 'some.csv');
	const run = await startRun(server, { dataset: dataset.sha256, evaluator: 'fake' });
	await waitForRun(server, run);
	const answers = await Promise.all(Array.from({ length: 129 }, (_, i) => server.call('GET', i % 16 ? `/runs/${run}/items?limit=50` : `/runs/${run}/export.csv`)));
	assert.ok(answers.every((answer) => answer.status === 200));
	assert.equal(new Set(answers.filter((_, i) => i % 16 === 0).map((answer) => answer.text())).size, 1);
});

test('64 sockets that ask and never read do not hold up the others, nor memory', async () => {
	const dataset = await upload(server, inventCsv(LARGE, { extra: () => ({ text: 'x'.repeat(1000) }) }), 'large.csv');
	const run = await startRun(server, { dataset: dataset.sha256, evaluator: 'fake' });
	await waitForRun(server, run);
	await server.call('GET', `/runs/${run}/export.csv`);
	const before = residentKiB(server.pid);
	const silent = Array.from({ length: 64 }, () => connect(`${head(`/api/v1/runs/${run}/export.csv`)}\r\n`));
	await until('the exports to have begun', () => silent.every((socket) => socket.bytesWritten > 0));
	for (let i = 0; i < 20; i++) await health();
	assert.equal((await server.get(`/runs/${run}/items?limit=5`)).items.length, 5);
	// 16 are served, the others are told to come again; a piece and a reader each, instead of 64 times 9 MB.
	assert.ok(residentKiB(server.pid) - before < 100 * 1024 + QUARANTINE_KIB, `${residentKiB(server.pid) - before} KiB more`);
	await until('the silent ones to be cut off', async () => (await server.call('GET', `/runs/${run}/export.csv`)).status === 200);
	for (const socket of silent) socket.destroy();
});

test('64 streams that never read do not hold up the others', async () => {
	const silent = Array.from({ length: 64 }, () => connect(`${head('/api/v1/events?topics=runs,workers')}\r\n`));
	await until('the streams to be open', () => silent.every((socket) => socket.bytesWritten > 0));
	for (let i = 0; i < 20; i++) await health();
	for (const socket of silent) socket.destroy();
});

test('a client that goes away in the middle of an export leaves nothing behind', async () => {
	await health();
	const runs = (await server.get('/runs')).items;
	const run = runs.find((one) => one.progress.total === LARGE).id;
	const before = descriptors(server.pid);
	for (let i = 0; i < 20; i++) {
		const socket = connect(`${head(`/api/v1/runs/${run}/export.csv`)}\r\n`, { read: true });
		await until('the first bytes', () => socket.got.length > 1000);
		socket.destroy();
	}
	await until('the descriptors to be given back', () => descriptors(server.pid) <= before + 1, 60000);
});

test('a header and a body that come by the byte are cut off at a moment, not after silence', async () => {
	const started = Date.now();
	const drip = (first) => {
		const socket = connect(first, { read: true });
		const timer = setInterval(() => socket.writable && socket.write('x'), 500);
		socket.closed_.then(() => clearInterval(timer));
		return socket;
	};
	const header = drip('GET /api/v1/meta HTTP/1.1\r\nX: ');
	const body = drip(`POST /api/v1/runs/plan HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`);
	const silent = connect('', { read: true });
	await Promise.all([header.closed_, silent.closed_]);
	assert.equal(header.got, '');
	await body.closed_;
	assert.ok(Date.now() - started < 55000, `${Date.now() - started} ms`);
	await health();
});

test('an upload whose client goes away leaves no file', async () => {
	const uploads = path.join(server.dataDir, 'uploads');
	const socket = connect(`POST /api/v1/datasets HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${authorization}\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n\r\ndomain\n`, { read: true });
	await until('the upload to have begun', () => fs.readdirSync(uploads).length === 1);
	socket.destroy();
	await until('its file to be gone', () => fs.readdirSync(uploads).length === 0);
});

test('no more streams than the configuration allows, and a place is free again when one ends', async () => {
	const small = await startServer({ workers: ['{id: 0, type: fake}'], config: 'limits: {connections: 32, sse_clients: 3}\n' });
	const to = new URL(small.url).port;
	const text = `GET /api/v1/events?topics=runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${small.token}\r\n\r\n`;
	const open = [1, 2, 3].map(() => connect(text, { read: true, to }));
	await until('three greetings', () => open.every((socket) => socket.got.includes('event: hello')));
	const refused = await small.call('GET', '/events?topics=runs');
	assert.equal(refused.status, 503);
	assert.match(refused.json().detail, /3 streams are open/);
	assert.ok(Number(refused.headers['retry-after']) > 0);
	open[0].destroy();
	await until('a free place', async () => {
		const socket = connect(text, { read: true, to });
		await until('an answer', () => socket.got.includes('\r\n\r\n'));
		const ok = socket.got.startsWith('HTTP/1.1 200');
		socket.destroy();
		return ok;
	});

	// More sockets than places: idle ones make room, and health is still answered.
	const idle = Array.from({ length: 100 }, () => connect('', { read: true, to }));
	await until('them to be connected', () => idle.every((socket) => !socket.connecting));
	await health(small.url);
	await small.stop();
});

test('few file descriptors mean few connections, and no end of service', async () => {
	const dir = temporary('few');
	const file = path.join(dir, 'mekiki.yaml');
	fs.writeFileSync(file, `server:\n  listen: 127.0.0.1:0\n  data_dir: ${dir}/data\nworkers:\n  - {id: 0, type: fake}\n`);
	const child = spawn('sh', ['-c', `ulimit -n 300; exec "$0" serve --config "$1"`, MEKIKI, file], { stdio: ['ignore', 'pipe', 'pipe'] });
	atEnd(() => child.kill('SIGKILL'));
	let log = '';
	child.stderr.on('data', (bytes) => (log += bytes));
	const runtime = await until('the server to listen', () => {
		const found = JSON.parse(fs.readFileSync(`${dir}/data/runtime.json`, 'utf8'));
		return found.pid === child.pid && found;
	});
	await until('the warning', () => /limit of open files is 300/.test(log));
	const to = new URL(runtime.url).port;
	const many = Array.from({ length: 600 }, () => connect('', { read: true, to }));
	await until('them to be connected', () => many.every((socket) => !socket.connecting), 30000);
	for (let i = 0; i < 5; i++) await health(runtime.url);
	const answer = await request('POST', `${runtime.url}/api/v1/datasets?name=x.csv`, { headers: { authorization: `Bearer ${runtime.token}`, 'content-type': 'text/csv' }, body: 'domain\na.example\n' });
	assert.equal(answer.status, 202, answer.text());
	assert.ok(descriptors(child.pid) < 300);
	for (const socket of many) socket.destroy();
	const ended = new Promise((done) => child.on('exit', (code) => done(code)));
	child.kill('SIGTERM');
	assert.equal(await ended, 0, log);
});

test('an end in the middle of everything is clean', async () => {
	const last = await startServer({ workers: ['{id: 0, type: fake}'] });
	const dataset = await upload(last, inventCsv(20000), 'large.csv');
	const run = await startRun(last, { dataset: dataset.sha256, evaluator: 'fake' });
	const to = new URL(last.url).port;
	const lines = (where) => `GET ${where} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${last.token}\r\n\r\n`;
	const open = [...Array(20)].map((_, i) => connect(lines(i % 2 ? `/api/v1/runs/${run}/export.csv` : `/api/v1/events?topics=run:${run}`), { read: i % 4 < 2, to }));
	await until('first bytes', () => open.every((socket, i) => i % 4 >= 2 || socket.got.length > 100));
	assert.deepEqual(await last.stop(), { code: 0, signal: null });
});
