// Server-sent events: durable ones once and in order, also over a restart; snapshots coalesced; readers that do not read.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test, after } from 'node:test';
import { MEKIKI, atEnd, inventCsv, request, startRun, startServer, startSim, until, upload, waitForRun } from '../lib/mekiki.mjs';

const sim = await startSim({ timeScale: 0.01 });
const server = await startServer({ workers: [sim] });
after(async () => {
	await server.stop();
	await sim.stop();
});
// A sanitizer keeps what was freed for a while.
const QUARANTINE_KIB = /\/[at]san\//.test(MEKIKI) ? 300 * 1024 : 0;
const dataset = await upload(server, inventCsv(400), 'some.csv');

/** Reads a stream: frames as {event, id, data}, comments counted. */
function listen(query, headers = {}) {
	const stream = { frames: [], comments: 0, ended: false };
	const out = http.get(`${server.url}/api/v1/events?${query}`, { agent: false, headers: { authorization: `Bearer ${server.token}`, ...headers } }, (answer) => {
		stream.status = answer.statusCode;
		stream.headers = answer.headers;
		let rest = '';
		answer.on('data', (bytes) => {
			rest += bytes;
			const parts = rest.split('\n\n');
			rest = parts.pop();
			for (const part of parts) {
				const frame = {};
				for (const line of part.split('\n')) {
					if (line.startsWith(':')) stream.comments++;
					else frame[line.slice(0, line.indexOf(':'))] = line.slice(line.indexOf(':') + 2);
				}
				if (frame.data) stream.frames.push({ ...frame, data: JSON.parse(frame.data), at: Date.now() });
			}
		});
		answer.on('end', () => (stream.ended = true));
		answer.on('error', () => (stream.ended = true));
	});
	out.on('error', () => (stream.ended = true));
	atEnd(() => out.destroy());
	stream.close = () => out.destroy();
	stream.of = (event) => stream.frames.filter((frame) => frame.event === event);
	return stream;
}
const log = async (after = 0) => (await server.get(`/events/log?limit=500&after=${after}`)).items;

test('a stream greets, shows everything once, and beats', async () => {
	const stream = listen('topics=workers,runs');
	await until('the greeting and the workers', () => stream.of('workers').length);
	assert.equal(stream.status, 200);
	assert.match(stream.headers['content-type'], /^text\/event-stream/);
	assert.equal(stream.headers['cache-control'], 'no-store');
	assert.equal(stream.headers['x-accel-buffering'], 'no');
	assert.equal(stream.frames[0].event, 'hello');
	assert.equal(stream.frames[0].data.build, (await server.get('/meta')).build);
	assert.deepEqual(stream.of('workers')[0].data.items.map((worker) => worker.id), ['0']);
	await until('a heartbeat', () => stream.comments > 0, 20000);
	stream.close();
});

let run;
test('a run is heard of: every event once and in order, progress and matrices as they change', async () => {
	const before = (await log()).at(-1).id;
	const all = listen('topics=runs,workers');
	await until('the greeting', () => all.frames.length);
	run = await startRun(server, { dataset: dataset.sha256, shuffle: true });
	const stream = listen(`topics=run:${run}&after=${before}`);
	assert.equal((await waitForRun(server, run)).state, 'finished');
	await until('the last progress', () => stream.of('run.progress').some((frame) => frame.data.state === 'finished'));
	await until('the last matrices', () => stream.of('run.confusion').at(-1)?.data.version === 400 && !stream.of('run.confusion').at(-1).data.partial);
	const expected = (await log(before)).filter((event) => event.run === run || event.worker);
	await until('all events', () => stream.of('event').length >= expected.length && all.of('event').length >= expected.length);
	assert.deepEqual(stream.of('event').map((frame) => frame.data).filter((event) => event.run === run || event.worker), expected);
	for (const frame of stream.of('event')) assert.equal(Number(frame.id), frame.data.id);
	for (const frame of stream.frames) assert.equal('id' in frame, frame.event === 'event');
	assert.equal(stream.of('run.progress').at(-1).data.done, 400);
	assert.deepEqual(stream.of('run.confusion').at(-1).data, await server.get(`/runs/${run}/confusion`));
	assert.ok(all.of('runs.changed').some((frame) => frame.data.id === run && frame.data.state === 'running'));
	await until('the runs to be said to be finished', () => all.of('runs.changed').at(-1)?.data.state === 'finished');
	stream.close();
	all.close();
});

test('what a stream shows as done is what is stored', async () => {
	const again = await startRun(server, { dataset: dataset.sha256, shuffle: true, seed: 3 });
	const stream = listen(`topics=run:${again}`);
	await until('some progress', () => stream.of('run.progress').some((frame) => frame.data.done > 20));
	const shown = stream.of('run.progress').at(-1).data;
	const stored = await server.get(`/runs/${again}/items?done=yes&limit=1`);
	assert.ok(stored.total >= shown.done, `${stored.total} < ${shown.done}`);
	const gaps = stream.of('run.progress').map((frame) => frame.at);
	await waitForRun(server, again);
	const frames = stream.of('run.progress');
	const seconds = (frames.at(-1).at - frames[0].at) / 1000;
	assert.ok(frames.length <= 2 * seconds + 4, `${frames.length} frames in ${seconds} s (${gaps.length} at first)`);
	stream.close();
});

test('after a kill and a restart a stream goes on exactly where it was', async () => {
	const wanted = await startRun(server, { dataset: dataset.sha256, shuffle: true, seed: 5 });
	const stream = listen(`topics=run:${wanted}`, { 'last-event-id': '0' });
	await until('progress', () => stream.of('run.progress').some((frame) => frame.data.done > 10));
	const seen = stream.of('event').map((frame) => Number(frame.id));
	await server.kill9();
	await until('the end of the stream', () => stream.ended);
	await server.start();
	const next = listen(`topics=run:${wanted}`, { 'last-event-id': String(seen.at(-1)) });
	await waitForRun(server, wanted);
	await until('the end of the run', () => next.of('event').some((frame) => frame.data.kind === 'run.state' && frame.data.data.to === 'finished'));
	const ids = [...seen, ...next.of('event').map((frame) => Number(frame.id))];
	const expected = (await log()).filter((event) => (!event.run && !event.worker) || event.run === wanted || event.worker).map((event) => event.id);
	assert.deepEqual(ids, expected.filter((id) => id <= ids.at(-1)));
	assert.equal(next.of('resync').length, 0);
	next.close();
});

test('an event id that this server never gave means to look again', async () => {
	const stream = listen(`topics=runs,run:${run}`, { 'last-event-id': '99999999' });
	await until('the word', () => stream.of('resync').length);
	assert.deepEqual(stream.of('resync')[0].data.topics, ['runs', `run:${run}`]);
	stream.close();
	assert.equal((await server.call('GET', '/events?topics=run:r-9999')).status, 404);
	assert.equal((await server.call('GET', '/events?topics=runs', undefined, { 'last-event-id': 'x' })).status, 400);
});

test('a reader that never reads costs a bounded buffer, and the others hear everything', async () => {
	const { hostname, port } = new URL(server.url);
	const wanted = await startRun(server, { dataset: dataset.sha256, shuffle: true, seed: 7 });
	const silent = Array.from({ length: 32 }, () => {
		const socket = net.connect(Number(port), hostname);
		socket.pause();
		socket.on('error', () => {});
		socket.write(`GET /api/v1/events?topics=run:${wanted},runs,workers&after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.token}\r\n\r\n`);
		atEnd(() => socket.destroy());
		return socket;
	});
	const resident = () => Number(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
	const before = resident();
	const stream = listen(`topics=run:${wanted}`);
	await waitForRun(server, wanted);
	await until('the end', () => stream.of('run.progress').some((frame) => frame.data.state === 'finished'));
	assert.ok(resident() - before < 64 * 1024 + QUARANTINE_KIB, `${resident() - before} KiB more`);
	for (const socket of silent) socket.destroy();
	stream.close();
});

test('a stream ends when what let it in is revoked', async () => {
	const token = await server.post('/tokens', { person: 'x', role: 'viewer' }, 201);
	const stream = listen('topics=runs', { authorization: `Bearer ${token.token}` });
	await until('the greeting', () => stream.frames.length);
	assert.equal((await server.call('DELETE', `/tokens/${token.id}`)).status, 204);
	await until('its end', () => stream.ended);
});

test('a stream ends when the server ends, and the server does not wait for it', async () => {
	const streams = Array.from({ length: 10 }, () => listen('topics=runs,workers'));
	await until('the greetings', () => streams.every((stream) => stream.frames.length));
	assert.deepEqual(await server.stop(), { code: 0, signal: null });
	await until('all ends', () => streams.every((stream) => stream.ended));
	await server.start();
	assert.equal((await request('GET', `${server.url}/healthz`)).status, 200);
});
