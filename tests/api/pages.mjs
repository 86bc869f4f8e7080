// The dashboard's files: from the binary, packed and tagged; from a directory for those who work on them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test, after } from 'node:test';
import { request, startServer, temporary } from '../lib/mekiki.mjs';

const web = temporary('web');
fs.writeFileSync(path.join(web, 'login.html'), '<!doctype html><title>from disk</title>');
fs.writeFileSync(path.join(web, '..', `${path.basename(web)}-secret.html`), 'secret');
after(() => fs.rmSync(path.join(web, '..', `${path.basename(web)}-secret.html`)));
const built = await startServer();
after(() => built.stop());
const get = (where, headers, server = built) => request('GET', server.url + where, { headers });
/** The path as it is, which no client of manners would send. */
const status = (where, server = built) =>
	new Promise((done, fail) => {
		const { hostname, port } = new URL(server.url);
		http.get({ hostname, port, path: where, agent: false }, (answer) => {
			answer.resume();
			done(answer.statusCode);
		}).on('error', fail);
	});

test('a page comes packed when the client can, with a tag of its own, and is 304 the next time', async () => {
	const plain = await get('/login');
	assert.equal(plain.status, 200);
	assert.match(plain.headers['content-type'], /^text\/html; charset=utf-8/);
	assert.equal(plain.headers['cache-control'], 'no-cache');
	assert.equal(plain.headers.vary, 'Accept-Encoding');
	const packed = await get('/login', { 'accept-encoding': 'br, gzip' });
	assert.equal(packed.headers['content-encoding'], 'gzip');
	assert.notEqual(packed.headers.etag, plain.headers.etag);
	assert.equal(gunzipSync(packed.bytes).toString(), plain.text());
	for (const [headers, etag] of [[{}, plain.headers.etag], [{ 'accept-encoding': 'gzip' }, packed.headers.etag]]) {
		const again = await get('/login', { ...headers, 'if-none-match': etag });
		assert.equal(again.status, 304);
		assert.equal(again.bytes.length, 0);
		assert.equal(again.headers.etag, etag);
		assert.ok(again.headers['content-security-policy']);
	}
	assert.equal((await get('/login', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
});

test('every run has its page, whatever its number; what is not there is not found', async () => {
	assert.equal((await get('/runs/r-0042')).text(), (await get('/runs/r-0043')).text());
	for (const where of ['/nothing', '/js/nothing.js', '/js/', '/js/../login.html', '/%2e%2e/x.html', '/login.html%00.js']) assert.equal(await status(where), 404, where);
});

test('from a directory: read anew each time, never from outside, the rest from the binary', async () => {
	const dev = await startServer({ config: '' , args: ['--set', `server.web_dir=${web}`] });
	assert.match((await get('/login', {}, dev)).text(), /from disk/);
	fs.writeFileSync(path.join(web, 'login.html'), '<!doctype html><title>changed</title>');
	assert.match((await get('/login', {}, dev)).text(), /changed/);
	assert.equal((await get('/vendor/preact.js', {}, dev)).status, 200);
	for (const up of ['..', '%2e%2e', 'js/../..']) assert.equal(await status(`/${up}/${path.basename(web)}-secret.html`, dev), 404);
	assert.equal((await get('/package.json', {}, dev)).status, 404);
	await dev.stop();
});
