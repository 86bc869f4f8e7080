// Who reaches what: every row of the route table, and what stands before it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test, after } from 'node:test';
import { request, startServer } from '../lib/mekiki.mjs';

// A proxy that answers nobody stands in the environment (row 71): neither we nor the server's workers ask it.
const server = await startServer({
	workers: ['{id: 0, type: external, url: "http://127.0.0.1:9", max_in_flight: 1}'],
	env: { http_proxy: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9' },
});
after(() => server.stop());
const where = new URL(server.url);
const routes = (await request('GET', `${server.url}/api/v1`)).json().items;
const viewer = await server.post('/tokens', { person: 'tanaka', role: 'viewer', days: 1 }, 201);

const fill = (route) => server.url + route.path.replace('{id}', route.path.includes('/runs/') ? 'r-0001' : '0').replace('{n}', '1').replace('{sha}', 'ab'.repeat(32)).replace('{name}', 'not-found');
const ask = (route, headers = {}) =>
	request(route.method, fill(route), {
		headers: { ...(['POST', 'PUT'].includes(route.method) ? { 'content-type': route.path.endsWith('/datasets') ? 'text/csv' : 'application/json' } : {}), ...headers },
		body: ['POST', 'PUT'].includes(route.method) ? '{}' : undefined,
	});

/** Bytes on a connection of their own; gives what comes back until it is closed or silent. */
function raw(text, { until = /\r\n\r\n/, limit = 5000 } = {}) {
	return new Promise((done, fail) => {
		const socket = net.connect(Number(where.port), where.hostname, () => socket.write(text));
		let got = '';
		const timer = setTimeout(() => socket.destroy(), limit);
		socket.on('data', (bytes) => {
			got += bytes;
			if (until.test(got)) socket.end();
		});
		socket.on('error', fail);
		socket.on('close', () => {
			clearTimeout(timer);
			done(got);
		});
	});
}

test('the list of routes names all of them, and only a few are public', () => {
	assert.ok(routes.length >= 35, `${routes.length} routes`);
	const open = routes.filter((route) => route.access === 'public').map((route) => `${route.method} ${route.path}`);
	assert.deepEqual(open.sort(), ['GET /api/v1', 'GET /api/v1/healthz', 'GET /api/v1/meta', 'GET /api/v1/openapi.json', 'GET /healthz', 'GET /problems/{name}', 'POST /api/v1/session'].sort());
});

for (const route of routes) {
	const name = `${route.method} ${route.path}`;
	if (route.access === 'public') continue;
	test(`${name} is closed to strangers`, async () => {
		for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic eDp5' }, { cookie: 'mekiki_x=1' }, { cookie: 'session=1' }]) {
			const answer = await ask(route, headers);
			assert.equal(answer.status, 401, `${JSON.stringify(headers)}: ${answer.text()}`);
			assert.equal(answer.json().code, 'unauthenticated');
			assert.equal(answer.headers['content-type'], 'application/problem+json');
		}
	});
	if (route.access === 'admin')
		test(`${name} is closed to viewers`, async () => {
			const answer = await ask(route, { authorization: `Bearer ${viewer.token}` });
			assert.equal(answer.status, 403);
			assert.equal(answer.json().code, 'forbidden');
			assert.match(answer.json().detail, /tanaka/);
		});
	else if (route.path !== '/api/v1/events' && route.method !== 'DELETE')
		test(`${name} is open to viewers`, async () => {
			const answer = await ask(route, { authorization: `Bearer ${viewer.token}` });
			assert.ok(![401, 403, 500, 501].includes(answer.status), `${answer.status} ${answer.text().slice(0, 300)}`);
		});
}

test('the login link is good once, and gives a cookie that scripts cannot read', async () => {
	const link = server.child.log.match(/login#token=([A-Za-z0-9_-]+)/);
	assert.ok(link, `no link in: ${server.child.log}`);
	const login = () => request('POST', `${server.url}/api/v1/session`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: link[1] }) });
	assert.equal((await request('GET', `${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${link[1]}` } })).status, 401);
	const first = await login();
	assert.equal(first.status, 204, first.text());
	const cookie = first.headers['set-cookie'][0];
	assert.match(cookie, /^mekiki_[0-9a-f]{8}=[A-Za-z0-9_-]{40,}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
	assert.equal((await login()).status, 401);
	const session = { cookie: `other=1; ${cookie.split(';')[0]}` };
	const me = await request('GET', `${server.url}/api/v1/me`, { headers: session });
	assert.deepEqual({ ...me.json(), person: '' }, { person: '', role: 'admin', via: 'session' });

	const before = server.url;
	await server.stop();
	await server.start();
	assert.notEqual(before, null);
	assert.equal((await request('GET', `${server.url}/api/v1/me`, { headers: session })).status, 200, 'a session survives a restart');
	where.port = new URL(server.url).port;
	assert.equal((await request('DELETE', `${server.url}/api/v1/session`, { headers: session })).status, 204);
	assert.equal((await request('GET', `${server.url}/api/v1/me`, { headers: session })).status, 401);
});

test('a revoked token is of no use any more, and the last server\'s neither', async () => {
	const token = await server.post('/tokens', { person: 'x', role: 'viewer' }, 201);
	const me = () => request('GET', `${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${token.token}` } });
	assert.equal((await me()).status, 200);
	assert.ok((await server.get('/tokens')).items.every((one) => !('token' in one)));
	assert.equal((await server.call('DELETE', `/tokens/${token.id}`)).status, 204);
	assert.equal((await me()).status, 401);
	assert.equal((await server.call('DELETE', `/tokens/${token.id}`)).status, 404);
	const old = server.token;
	await server.kill9();
	await server.start();
	where.port = new URL(server.url).port;
	assert.notEqual(server.token, old);
	assert.equal((await request('GET', `${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${old}` } })).status, 401);
});

test('runtime.json is for its owner only, and gone after a clean end', async () => {
	const file = path.join(server.dataDir, 'runtime.json');
	assert.equal(fs.statSync(file).mode & 0o777, 0o600);
	await server.stop();
	assert.ok(!fs.existsSync(file));
	await server.start();
	where.port = new URL(server.url).port;
});

test('other hosts, other origins and ambiguous requests are refused', async () => {
	const get = (lines) => raw(`GET /api/v1/meta HTTP/1.1\r\n${lines}\r\n\r\n`);
	const host = `Host: 127.0.0.1:${where.port}`;
	assert.match(await get(host), /^HTTP\/1.1 200/);
	assert.match(await get('Host: localhost:1'), /^HTTP\/1.1 200/);
	assert.match(await get('Host: evil.example'), /^HTTP\/1.1 403[\s\S]*Connection: close/i);
	assert.match(await get('X: y'), /^HTTP\/1.1 400/);
	assert.match(await get(`${host}\r\n${host}`), /^HTTP\/1.1 400/);
	assert.match(await get(`${host}\r\nOrigin: http://127.0.0.1:${where.port}`), /^HTTP\/1.1 200/);
	assert.match(await get(`${host}\r\nOrigin: http://127.0.0.1:1`), /^HTTP\/1.1 403/);
	assert.match(await get(`${host}\r\nOrigin: null`), /^HTTP\/1.1 403/);
	const both = `POST /api/v1/session HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
	assert.match(await raw(both), /^HTTP\/1.1 400[\s\S]*Connection: close/i);
	assert.match(await raw('GET /\r\n\r\n'), /^HTTP\/1.[01] 400|^$/);
	assert.match(await raw(`GET /api/v1/meta HTTP/1.1\r\n${host}\r\nX: ${'y'.repeat(40000)}\r\n\r\n`), /^HTTP\/1.1 431/);
});

test('every answer carries the headers that keep pages safe', async () => {
	for (const at of ['/api/v1', '/api/v1/me', '/healthz', '/nothing', '/runs', '/api/v1/nothing']) {
		const answer = await request('GET', server.url + at);
		assert.match(answer.headers['content-security-policy'], /default-src 'none'.*require-trusted-types-for 'script'/, at);
		assert.equal(answer.headers['x-content-type-options'], 'nosniff');
		assert.equal(answer.headers['referrer-policy'], 'no-referrer');
		assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
		assert.equal(answer.headers['access-control-allow-origin'], undefined);
	}
});

test('methods that a path does not have are refused with those that it has', async () => {
	const answer = await request('DELETE', `${server.url}/api/v1/datasets`);
	assert.equal(answer.status, 405);
	assert.equal(answer.headers.allow, 'POST, GET, HEAD');
	const options = await request('OPTIONS', `${server.url}/api/v1/datasets`);
	assert.equal(options.status, 204);
	assert.equal(options.headers.allow, 'POST, GET, HEAD');
	assert.equal((await request('POST', `${server.url}/runs`)).status, 404);
	const head = await request('HEAD', `${server.url}/api/v1/meta`);
	assert.equal(head.status, 200);
	assert.equal(head.bytes.length, 0);
	assert.ok(Number(head.headers['content-length']) > 0);
});

test('the OpenAPI document and the list of routes come from one table', async () => {
	const document = (await request('GET', `${server.url}/api/v1/openapi.json`)).json();
	assert.equal(document.openapi, '3.1.0');
	const listed = routes.map((route) => `${route.method} ${route.path}`).sort();
	const described = Object.entries(document.paths).flatMap(([at, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${at}`)).sort();
	assert.deepEqual(described, listed);
	const operations = Object.values(document.paths).flatMap(Object.values);
	assert.equal(new Set(operations.map((one) => one.operationId)).size, operations.length);
	for (const route of routes) {
		const operation = document.paths[route.path][route.method.toLowerCase()];
		assert.equal(operation['x-access'], route.access);
		for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) assert.ok(operation.parameters.some((one) => one.in === 'path' && one.name === name), route.path);
	}
});

test('problems have pages of their own', async () => {
	const problem = (await request('GET', `${server.url}/api/v1/nothing`)).json();
	assert.equal(problem.status, 404);
	const kind = (await request('GET', server.url + problem.type)).json();
	assert.equal(kind.code, problem.code);
	assert.equal(kind.title, problem.title);
	assert.equal((await request('GET', `${server.url}/problems/none-such`)).status, 404);
});
