// The OpenAPI document describes what the server really answers, for every row of the table.
import assert from 'node:assert/strict';
import { test, after } from 'node:test';
import { inventCsv, request, startRun, startServer, startSim, until, upload, waitForRun } from '../lib/mekiki.mjs';
import { conforms } from './lib_schema.mjs';

// Some answers fail, so that attempts and failures are seen, too.
const sim = await startSim({ timeScale: 0.01, 'fail-500': 0.05 });
const server = await startServer({ workers: [sim] });
after(async () => {
	await server.stop();
	await sim.stop();
});
const document = (await request('GET', `${server.url}/api/v1/openapi.json`)).json();
const dataset = await upload(server, Buffer.concat([inventCsv(60), Buffer.from('white space.example,x,0.5,1\nxn--wgv71a.example,x,,\n')]), 'some.csv');
const wanted = { dataset: dataset.sha256, selection: { kind: 'first', n: 50 } };
const run = await startRun(server, wanted);

const seen = new Set();
/** Asks one row of the table and holds the answer to its schema. */
async function ask(method, path, params = {}, { query = '', body } = {}) {
	seen.add(`${method} ${path}`);
	const where = path.replace(/\{(\w+)\}/g, (_, name) => params[name]);
	const answer = await server.call(method, `${server.url}${where}${query}`, body);
	assert.ok(answer.status < 300, `${method} ${where}: ${answer.status} ${answer.text().slice(0, 300)}`);
	const described = document.paths[path][method.toLowerCase()].responses;
	if (answer.status === 204) return assert.ok(described[204], path);
	const [type, content] = Object.entries(described['2XX'].content)[0];
	assert.equal(answer.headers['content-type'].split(';')[0], type);
	assert.ok(content.schema || type !== 'application/json' || path.endsWith('openapi.json'), `${path} says nothing of its answer`);
	if (!content.schema) return answer;
	conforms(document, content.schema, answer.json(), `${method} ${path}`);
	return answer.json();
}
const V1 = '/api/v1';

test('while a run is going on', async () => {
	for (const rest of ['', '/progress', '/items', '/confusion']) await ask('GET', `${V1}/runs/{id}${rest}`, { id: run });
	await ask('POST', `${V1}/runs/{id}/actions`, { id: run }, { body: { action: 'pause' } });
	await ask('POST', `${V1}/runs/{id}/actions`, { id: run }, { body: { action: 'resume' } });
	await ask('GET', `${V1}/workers`);
	await ask('GET', `${V1}/gpus`);
	assert.equal((await waitForRun(server, run)).state, 'finished');
});

test('every answer is as it is described', async () => {
	for (const path of [V1, `${V1}/openapi.json`, `${V1}/healthz`, '/healthz', `${V1}/meta`, `${V1}/me`, `${V1}/tokens`, `${V1}/datasets`, `${V1}/runs`, `${V1}/workers`, `${V1}/gpus`, `${V1}/events/log`, `${V1}/defaults`])
		await ask('GET', path);
	await ask('GET', '/problems/{name}', { name: 'not-found' });
	const token = await ask('POST', `${V1}/tokens`, {}, { body: { person: 'x', role: 'viewer', days: 1 } });
	await ask('POST', `${V1}/session`, {}, { body: { token: token.token } });
	await ask('DELETE', `${V1}/session`);
	await ask('DELETE', `${V1}/tokens/{id}`, { id: token.id });
	const at = { sha: dataset.sha256, id: run, n: 1 };
	for (const rest of ['', '/rows', '/problems']) await ask('GET', `${V1}/datasets/{sha}${rest}`, at);
	await ask('PUT', `${V1}/datasets/{sha}/population`, at, { body: { population: null } });
	await ask('POST', `${V1}/datasets/{sha}/keys`, at, { body: { keys: ['login-login0.example', 'stranger.example'] } });
	await ask('POST', `${V1}/runs/plan`, at, { body: wanted });
	await ask('POST', `${V1}/runs/try`, at, { body: { ...wanted, k: 2 } });
	for (const rest of ['', '/progress', '/items', '/items/{n}', '/confusion', '/metrics', '/attempts', '/events', '/export.csv', '/export.jsonl']) await ask('GET', `${V1}/runs/{id}${rest}`, at);
	await ask('GET', `${V1}/runs/{id}/facets`, at, { query: '?by=source,tld,band,cell,change,risk,worker,kind,verdict' });
	await ask('GET', `${V1}/workers/{id}`, { id: '0' });
	await ask('GET', `${V1}/workers/{id}/log`, { id: '0' });
	await ask('POST', `${V1}/workers/{id}/actions`, { id: '0' }, { body: { action: 'resume' } });
	const plan = await server.post('/runs/plan', wanted);
	await ask('POST', `${V1}/runs`, {}, { body: { ...plan.request, plan_etag: plan.plan_etag, acknowledgements: plan.warnings.map((one) => one.code), start: false } });
});

test('every problem is as it is described', async () => {
	for (const [method, where, status] of [['GET', '/runs/r-9999', 404], ['GET', '/runs?x=1', 400], ['POST', '/runs/plan', 400], ['DELETE', '/runs', 405]]) {
		const answer = await server.call(method, where);
		assert.equal(answer.status, status);
		conforms(document, document.components.schemas.problem, answer.json());
	}
});

test('no row was left out', () => {
	const left = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)).filter((name) => !seen.has(name));
	// An upload has a body of bytes and a stream no end: resources.mjs and stream.mjs are about them.
	assert.deepEqual(left.sort(), [`GET ${V1}/events`, `POST ${V1}/datasets`]);
	conforms(document, document.components.schemas.dataset, dataset);
});
