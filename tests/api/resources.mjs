// From an upload to figures, as a client sees it: plan, run, items, export, matrices; and what wrong input is told.
import assert from 'node:assert/strict';
import { test, after } from 'node:test';
import { exportRows, inventCsv, matrices, parseCsv, request, sameMatrices, startRun, startServer, startSim, until, upload, waitForRun } from '../lib/mekiki.mjs';

const COUNT = 300;
const sim = await startSim({ timeScale: 0.02 });
const server = await startServer({ workers: [sim] });
after(async () => {
	await server.stop();
	await sim.stop();
});
const dataset = await upload(server, inventCsv(COUNT), 'some/dir/hand-off.csv');
const fake = { dataset: dataset.sha256, evaluator: 'fake' };
const planOf = async (wanted) => (await server.call('POST', '/runs/plan', wanted)).json();
const refused = async (method, where, body, status, says, headers) => {
	const answer = await server.call(method, where, body, headers);
	assert.equal(answer.status, status, `${method} ${where} ${JSON.stringify(body)}: ${answer.status} ${answer.text()}`);
	const problem = answer.json();
	assert.equal(problem.status, status);
	assert.equal(problem.instance, `/api/v1${where.split('?')[0]}`);
	assert.match(problem.detail, says);
	return problem;
};

test('an upload becomes a dataset, once', async () => {
	assert.equal(dataset.state, 'ready');
	assert.equal(dataset.name, 'hand-off.csv');
	assert.equal(dataset.rows, COUNT);
	assert.equal(dataset.items, COUNT);
	const again = await server.call('POST', '/datasets?name=again.csv', inventCsv(COUNT), { 'content-type': 'text/csv' });
	assert.equal(again.status, 200);
	assert.equal(again.json().sha256, dataset.sha256);
	assert.equal(again.headers.location, `/api/v1/datasets/${dataset.sha256}`);
	assert.equal((await server.get(`/datasets/${dataset.sha256.slice(0, 12)}`)).sha256, dataset.sha256);
	assert.deepEqual((await server.get('/datasets')).items.map((one) => one.sha256), [dataset.sha256]);
	const rows = await server.get(`/datasets/${dataset.sha256}/rows?offset=10&limit=3`);
	assert.equal(rows.total, COUNT);
	assert.deepEqual(rows.items.map((row) => row.row), [11, 12, 13]);
	const expected = parseCsv(inventCsv(COUNT).toString())[10];
	assert.deepEqual(Object.fromEntries(rows.columns.map((name, i) => [name, rows.items[0].cells[i]])), expected);
	assert.equal(rows.items[0].key, expected.domain);
});

test('a file that is no dataset says why, and is no obstacle', async () => {
	const broken = await upload(server, Buffer.from('name,label\na.example,1\n'), 'no-domain.csv');
	assert.equal(broken.state, 'failed');
	assert.match(broken.problem, /domain/);
	await refused('POST', '/runs/plan', { dataset: broken.sha256 }, 409, /could not be imported/);
	await refused('POST', '/datasets', '', 400, /empty/, { 'content-type': 'text/csv' });
	await refused('POST', '/datasets', 'a=1', 400, /expected text\/csv or text\/plain/, { 'content-type': 'application/x-www-form-urlencoded' });
	const list = await upload(server, Buffer.from('a.example\nb.example\n'), 'list.txt', 'text/plain');
	assert.equal(list.kind, 'list');
	assert.equal(list.items, 2);
});

test('bad rows are told with their line', async () => {
	const made = await upload(server, Buffer.from('domain,y_true\ngood.example,1\n,0\nwhite space.example,1\n'), 'bad-rows.csv');
	assert.equal(made.rows, 1);
	assert.equal(made.bad_rows, 2);
	const problems = await server.get(`/datasets/${made.sha256}/problems`);
	assert.equal(problems.total, 2);
	assert.deepEqual(problems.items.map((one) => one.line), [3, 4]);
	const plan = await planOf({ dataset: made.sha256, evaluator: 'fake' });
	assert.ok(plan.warnings.some((one) => one.code === 'bad-rows' && one.params.rows === 2));
});

test('a plan changes nothing and says what would happen', async () => {
	const plan = await planOf({ ...fake, selection: { kind: 'random', n: 50, seed: 7 }, shuffle: true });
	assert.equal(plan.counts.selected, 50);
	assert.equal(plan.counts.items, COUNT);
	assert.equal(plan.counts.labels.phishing + plan.counts.labels.benign, 50);
	assert.equal(plan.estimate, null);
	assert.deepEqual(plan.workers.map((worker) => worker.id), ['0']);
	assert.ok(plan.request.prompt.user.includes('{{domain}}'), 'the request is complete');
	assert.equal((await planOf(plan.request)).plan_etag, plan.plan_etag, 'the complete request plans the same');
	assert.notEqual((await planOf({ ...plan.request, seed: 8, selection: { kind: 'random', n: 50 } })).plan_etag, plan.plan_etag);
	assert.deepEqual((await server.get('/runs')).items, []);
});

test('a start needs the plan that was shown and its warnings acknowledged', async () => {
	const plan = await planOf({ ...fake, selection: { kind: 'first', n: 3 } });
	const codes = plan.warnings.map((one) => one.code);
	assert.ok(codes.includes('not-shuffled'));
	const start = { ...plan.request, plan_etag: plan.plan_etag, acknowledgements: [] };
	const problem = await refused('POST', '/runs', start, 409, /not-shuffled/);
	assert.equal(problem.code, 'unacknowledged');
	assert.deepEqual(problem.params.codes, codes);
	assert.equal((await refused('POST', '/runs', { ...start, acknowledgements: codes, plan_etag: 'old' }, 409, /plan again/)).code, 'changed');
	await refused('POST', '/runs', { ...plan.request }, 400, /"plan_etag" is missing/);
	await refused('POST', '/runs', { ...start, acknowledgments: codes }, 400, /did you mean "acknowledgements"|unknown key/);
	assert.deepEqual((await server.get('/runs')).items, []);
});

let id;
test('a run goes from plan to figures', async () => {
	id = await startRun(server, { ...fake, shuffle: true, name: 'first' });
	const run = await waitForRun(server, id);
	assert.equal(run.state, 'finished', run.cause);
	assert.equal(run.name, 'first');
	assert.equal(run.progress.done, COUNT);
	assert.equal(run.progress.pending, 0);
	assert.equal(run.request.dataset, dataset.sha256);
	assert.deepEqual((await server.get('/runs?state=finished')).items.map((one) => one.id), [id]);
	assert.deepEqual((await server.get('/runs?state=failed')).items, []);
	assert.equal((await server.get('/runs?state=failed,finished')).items.length, 1);
	const rows = await exportRows(server, id);
	assert.equal(rows.length, COUNT);
	sameMatrices(await server.get(`/runs/${id}/confusion`), matrices(rows));
	const facets = await server.get(`/runs/${id}/facets?by=source,cell`);
	assert.equal(facets.facets.source.reduce((sum, one) => sum + one.count, 0), COUNT);
	assert.equal(facets.facets.cell.reduce((sum, one) => sum + one.count, 0), COUNT);
});

test('runs are found by what they are called, and listed with the figures of their own matrix', async () => {
	const ids = async (query) => (await server.get(`/runs?${query}`)).items.map((one) => one.id);
	for (const q of ['FIRS', id, dataset.name.slice(1, 5)]) assert.deepEqual(await ids(`q=${encodeURIComponent(q)}`), [id], q);
	assert.deepEqual(await ids('q=nothing-like-it'), []);
	assert.deepEqual(await ids(`dataset=${dataset.sha256.slice(0, 12)}`), [id]);
	assert.deepEqual(await ids('dataset=0000000000'), []);
	assert.equal((await server.get('/runs')).items[0].metrics, null);
	const { matrices: all, partial, representative, policy } = await server.get(`/runs/${id}/confusion`);
	const final = all.find((one) => one.stage === 'final' && one.subset === 'handed').metrics;
	for (const time of ['counted', 'remembered'])
		assert.deepEqual((await server.get('/runs?metrics=yes')).items[0].metrics, { policy, partial, representative, recall: final.recall, precision: final.precision }, time);
	await refused('GET', '/runs?metrics=maybe', undefined, 400, /yes\|no/);
});

test('items are filtered, paged and shown whole', async () => {
	const page = await server.get(`/runs/${id}/items?limit=10&offset=5&sort=n`);
	assert.equal(page.total, COUNT);
	assert.equal(page.version, COUNT);
	assert.deepEqual(page.items.map((item) => item.n), Array.from({ length: 10 }, (_, i) => i + 6));
	let sum = 0;
	for (const cell of ['tp', 'fp', 'fn', 'tn', 'none']) {
		const found = await server.get(`/runs/${id}/items?cell=${cell}&limit=500`);
		assert.equal(found.total, found.items.length);
		assert.ok(found.items.every((item) => item.cell === cell), cell);
		sum += found.total;
	}
	assert.equal(sum, COUNT);
	const early = await server.get(`/runs/${id}/items?version=100&done=yes`);
	assert.equal(early.total, 100, 'a view with a version stays as it was');
	const item = await server.get(`/runs/${id}/items/1`);
	assert.equal(item.n, 1);
	assert.equal(item.cells.domain, item.key);
	assert.deepEqual(item.attempts_list, []);
	const jsonl = (await server.call('GET', `/runs/${id}/export.jsonl?source=feed`)).text().trim().split('\n').map((line) => JSON.parse(line));
	assert.equal(jsonl.length, (await server.get(`/runs/${id}/items?source=feed`)).total);
});

test('an export for spreadsheets is harmless there, and names its run and version', async () => {
	const answer = await server.call('GET', `/runs/${id}/export.csv?profile=excel`);
	assert.equal(answer.headers['content-disposition'], `attachment; filename="${id}-v${COUNT}-excel.csv"`);
	assert.deepEqual([...answer.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
	assert.match(answer.text(), /\r\n/);
	const head = await server.call('HEAD', `/runs/${id}/export.csv`);
	assert.equal(head.status, 200);
	assert.equal(head.bytes.length, 0);
});

test('what has not changed is 304', async () => {
	for (const where of [`/runs/${id}`, `/runs/${id}/items?limit=5`, `/runs/${id}/confusion`, `/datasets/${dataset.sha256}`, '/meta']) {
		const first = await server.call('GET', where);
		assert.match(first.headers.etag, /^"[0-9a-f]{32}"$/, where);
		const second = await server.call('GET', where, undefined, { 'if-none-match': first.headers.etag });
		assert.equal(second.status, 304, where);
		assert.equal(second.bytes.length, 0);
		assert.equal((await server.call('GET', where, undefined, { 'if-none-match': '"other"' })).status, 200);
	}
});

test('actions that are not possible now say so with the state', async () => {
	const problem = await refused('POST', `/runs/${id}/actions`, { action: 'pause' }, 409, /finished/);
	assert.equal(problem.code, 'conflict');
	await refused('POST', `/runs/${id}/actions`, { action: 'pauze' }, 400, /there are start, pause/);
	await refused('POST', `/runs/${id}/actions`, { action: 'stop', workers: ['0'] }, 400, /belongs to add_workers/);
	await refused('POST', `/runs/${id}/actions`, { action: 'add_workers' }, 400, /"workers" is missing/);
	await refused('POST', '/runs/r-0099/actions', { action: 'stop' }, 404, /r-0099/);
	await refused('POST', '/workers/9/actions', { action: 'pause' }, 404, /9/);
	await refused('POST', '/workers/0/actions', { action: 'stopp' }, 400, /start, stop, restart, drain, pause/);
	await refused('POST', '/workers/0/actions', { action: 'restart' }, 409, /not started by mekiki/);
	await refused('POST', '/workers/0/actions', { action: 'forget' }, 409, /only a failed one/);
	assert.deepEqual((await server.get('/workers/0/log')).items, []);
});

test('a worker is paused and resumed', async () => {
	assert.equal((await server.post('/workers/0/actions', { action: 'pause' }, 202)).id, '0');
	await until('the pause to show', async () => (await server.get('/workers/0')).paused);
	await server.post('/workers/0/actions', { action: 'resume' }, 202);
	await until('the end of the pause to show', async () => !(await server.get('/workers/0')).paused);
});

test('the next plan is estimated from the last run', async () => {
	const plan = await planOf({ ...fake, shuffle: true });
	assert.equal(plan.estimate.basis, id);
	assert.ok(plan.estimate.items_per_s > 0 && plan.estimate.lo_s < plan.estimate.hi_s);
});

test('a selection may be a filter, a list, another run or its errors', async () => {
	const feed = await planOf({ ...fake, selection: { kind: 'filter', filter: 'source=feed' } });
	assert.equal(feed.counts.selected, COUNT / 2);
	const keys = (await server.get(`/runs/${id}/items?limit=3`)).items.map((item) => item.key);
	assert.equal((await planOf({ ...fake, selection: { kind: 'list', keys: [...keys, keys[0].toUpperCase()] } })).counts.selected, 3);
	assert.equal((await planOf({ ...fake, selection: { kind: 'run', run: id } })).counts.selected, COUNT);
	await refused('POST', '/runs/plan', { ...fake, selection: { kind: 'list', keys: ['stranger.example'] } }, 400, /stranger\.example" is not in the dataset/);
	await refused('POST', '/runs/plan', { ...fake, selection: { kind: 'filter', filter: 'sourc=feed' } }, 400, /sourc/);
	await refused('POST', '/runs/plan', { ...fake, selection: { kind: 'run', run: 'r-0099' } }, 404, /r-0099/);
	await refused('POST', '/runs/plan', { ...fake, selection: { kind: 'filter', filter: 'source=nobody' } }, 400, /"selection": it is empty/);
});

test('the defaults are what a request that leaves everything out means', async () => {
	const defaults = await server.get('/defaults');
	const plan = await planOf({ dataset: dataset.sha256 });
	const { dataset: _, prompt, ...rest } = plan.request;
	assert.deepEqual(defaults.request, rest);
	assert.deepEqual(defaults.prompts.en, prompt);
	assert.match(defaults.prompts.ja.system, /フィッシング/);
	assert.deepEqual(defaults.evaluators, ['chat', 'fake']);
	assert.ok(defaults.upload_bytes > 1e6);
});

test('a pasted list is held against the dataset, and every stranger is named', async () => {
	const [first, second] = (await server.get(`/datasets/${dataset.sha256}/rows?limit=2`)).items.map((row) => row.key);
	const keys = [first, `hxxp://${second.replaceAll('.', '[.]')}/path`, first.toUpperCase(), 'stranger.example', 'white space'];
	const found = await server.post(`/datasets/${dataset.sha256}/keys`, { keys });
	assert.deepEqual([found.given, found.items, found.repeated, found.refused], [5, 2, 1, 2]);
	assert.deepEqual(found.examples.map((one) => one.text), ['stranger.example', 'white space']);
	assert.equal(found.examples[0].reason, 'not in the dataset');
	await refused('POST', `/datasets/${dataset.sha256}/keys`, { keys: [1] }, 400, /"keys"\[0\]: expected a text/);
	await refused('POST', `/datasets/${dataset.sha256}/keys`, {}, 400, /"keys" is missing/);
});

test('a list is the same list however it was pasted', async () => {
	const keys = (await server.get(`/datasets/${dataset.sha256}/rows?limit=2`)).items.map((row) => row.key);
	const plain = await planOf({ ...fake, selection: { kind: 'list', keys } });
	const pasted = await planOf({ ...fake, selection: { kind: 'list', keys: keys.map((key) => `hxxps://${key.replaceAll('.', '[.]').toUpperCase()}/x`) } });
	assert.equal(pasted.plan_etag, plain.plan_etag);
	assert.deepEqual(pasted.request.selection.keys, keys);
});

test('a problem of a run request names its field', async () => {
	const field = async (wanted) => (await server.call('POST', '/runs/plan', { dataset: dataset.sha256, ...wanted })).json().params.field;
	assert.equal(await field({ temperature: 3 }), 'temperature');
	assert.equal(await field({ selection: { kind: 'first', n: 0 } }), 'selection.n');
	assert.equal(await field({ selection: { kind: 'first' } }), 'selection.n');
	assert.equal(await field({ selection: { kind: 'list', keys: ['stranger.example'] } }), 'selection.keys');
	assert.equal(await field({ workers: ['7'] }), 'workers');
	assert.equal(await field({ selection: { kind: 'filter', filter: 'sourc=x' } }), 'selection.filter');
	assert.equal(await field({ selection: { kind: 'filter', filter: 'cell=fn' } }), 'selection.filter');
	assert.equal(await field({ prompt: { user: 'Is {{domian}} bad?' } }), 'prompt.user');
	assert.equal(await field({ prompt: { system: '{{y_true}}' } }), 'prompt.system');
	assert.equal(await field({ temprature: 0 }), undefined);
});

test('a placeholder that is no column is known before the start', async () => {
	await refused('POST', '/runs/plan', { dataset: dataset.sha256, prompt: { user: 'one\n{{domian}}' } }, 400, /"prompt\.user": line 2 .*domian.*did you mean \{\{domain\}\}/);
	await refused('POST', '/runs/plan', { dataset: dataset.sha256, prompt: { system: '{{y_true}}' } }, 400, /must not hold the answer/);
	assert.ok((await planOf({ dataset: dataset.sha256, prompt: { user: '{{domain}} {{source}}' } })).plan_etag);
	assert.ok((await planOf({ ...fake, prompt: { user: '{{nobody}}' } })).plan_etag, 'the fake evaluator asks nobody');
});

test('wrong input is told by name, and nothing is guessed', async () => {
	await refused('GET', '/runs?stat=running', undefined, 400, /did you mean "state"/);
	await refused('GET', '/runs?state=runing', undefined, 400, /no state of a run/);
	await refused('GET', `/runs/${id}/items?sourc=feed`, undefined, 400, /did you mean "source"/);
	await refused('GET', `/runs/${id}/items?cell=xx`, undefined, 400, /xx/);
	await refused('GET', `/runs/${id}/items?limit=501`, undefined, 400, /1 to 500/);
	await refused('GET', `/runs/${id}/items?limit=ten`, undefined, 400, /whole number/);
	await refused('GET', `/runs/${id}/items/0`, undefined, 404, /number from 1/);
	await refused('GET', `/runs/${id}/items/${COUNT + 1}`, undefined, 404, /./);
	await refused('GET', `/runs/${id}/facets`, undefined, 400, /"by" is missing/);
	await refused('GET', `/runs/${id}/facets?by=colour`, undefined, 400, /colour/);
	await refused('GET', `/runs/${id}/confusion?policy=benig`, undefined, 400, /exclude\|stage1\|benign/);
	await refused('GET', '/runs/7', undefined, 404, /called r-0001/);
	await refused('GET', '/runs/r-0099', undefined, 404, /./);
	await refused('GET', '/datasets/0123456789abcdef', undefined, 404, /./);
	await refused('GET', '/workers/w%31', undefined, 404, /"w1"/);
	await refused('GET', '/events?topics=everything', undefined, 400, /runs, workers and run:r-0001/);
	await refused('POST', '/runs/plan', '{"dataset":', 400, /line 1/);
	await refused('POST', '/runs/plan', '[]', 400, /JSON object/);
	await refused('POST', '/runs/plan', '{"dataset":"x","dataset":"y"}', 400, /duplicate/);
	await refused('POST', '/runs/plan', '{}', 400, /Content-Type/, { 'content-type': 'text/plain' });
	await refused('POST', '/runs/plan', {}, 400, /"dataset" is missing/);
	await refused('POST', '/runs/plan', { ...fake, n: 5 }, 400, /unknown key "n"/);
	await refused('POST', '/runs/plan', { ...fake, workers: ['7'] }, 400, /no worker "7"/);
	await refused('POST', '/tokens', { person: 'x', role: 'owner' }, 400, /admin and viewer/);
	await refused('PUT', `/datasets/${dataset.sha256}/population`, {}, 400, /"population" is missing/);
	await refused('PUT', `/datasets/${dataset.sha256}/population`, { population: 'ab'.repeat(32) }, 404, /population/);
	const deep = '['.repeat(100000) + ']'.repeat(100000);
	await refused('POST', '/runs/plan', `{"dataset":${deep}}`, 400, /not valid JSON/);
});

test('a body that is too large is refused before it is sent', async () => {
	const answer = await request('POST', `${server.url}/api/v1/runs/plan`, {
		headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json', 'content-length': 99999999, expect: '100-continue' },
	}).catch((error) => assert.fail(error));
	assert.equal(answer.status, 413);
	assert.equal(answer.json().code, 'too-large');
});

test('a population can be tied and untied', async () => {
	const whole = await upload(server, inventCsv(COUNT + 100), 'population.csv');
	const tied = (await server.call('PUT', `/datasets/${dataset.sha256}/population`, { population: whole.sha256 })).json();
	assert.equal(tied.population, whole.sha256);
	assert.deepEqual(tied.population_tie, { items: COUNT, matched: COUNT, missing: 0 });
	const rows = await exportRows(server, id);
	const confusion = await server.get(`/runs/${id}/confusion`);
	sameMatrices(confusion, matrices(rows, [...parseCsv(inventCsv(COUNT + 100).toString())]));
	assert.equal((await server.call('PUT', `/datasets/${dataset.sha256}/population`, { population: null })).json().population, null);
});
