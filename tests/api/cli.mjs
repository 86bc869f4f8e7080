// The command line as its users meet it: exit codes, messages, a run from file to CSV.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';

import { MEKIKI, atEnd, endAll, inventCsv, parseCsv, startServer, startSim, temporary, until } from '../lib/mekiki.mjs';

after(endAll);

const FINE = 0, FAILED = 1, USAGE = 2, NO_SERVER = 3, WAITING = 4, LEFT = 130;

const clean = { ...process.env, http_proxy: 'http://127.0.0.1:9', MEKIKI_URL: '', MEKIKI_TOKEN: '', XDG_CONFIG_HOME: '/nonexistent' };

/** Runs the command line to its end. */
function mekiki(args, { env = {} } = {}) {
	return new Promise((done) => {
		const child = execFile(MEKIKI, args, { env: { ...clean, ...env }, maxBuffer: 1 << 26 }, (error, out, err) =>
			done({ code: error ? error.code : 0, out, err }));
		child.stdin.end();
	});
}

async function expect(code, args, options) {
	const end = await mekiki(args, options);
	assert.equal(end.code, code, `mekiki ${args.join(' ')}: ${end.code}\n${end.out}\n${end.err}`);
	return end;
}

function csvIn(dir, count) {
	const file = path.join(dir, 'in.csv');
	fs.writeFileSync(file, inventCsv(count));
	return file;
}

test('a wrong configuration is told at once, before anything is started', async () => {
	const dir = temporary('cli');
	const file = path.join(dir, 'bad.yaml');
	fs.writeFileSync(file, 'server: {listen: nowhere}\nworkers:\n  - {id: 0, prot: 8000}\n');
	const serve = await expect(USAGE, ['serve', '--config', file]);
	assert.match(serve.err, /bad\.yaml:1:18: error: server\.listen: expected host:port/);
	assert.match(serve.err, /bad\.yaml:3:13: error: workers\[0\]\.prot: unknown key, did you mean "port"\?/);
	const check = await expect(USAGE, ['check-config', file]);
	assert.match(check.out, /3 errors/);
	fs.writeFileSync(file, 'workers:\n  - {id: 0, port: 8000}\n');
	assert.match((await expect(FINE, ['check-config', file])).out, /is fine: 1 worker/);
});

test('a typo on the command line is refused and reaches no server', async () => {
	const dir = temporary('cli');
	const file = csvIn(dir, 3);
	for (const [args, message] of [
		[['run', file, '--n-sample', '10O'], /--n-sample: expected a whole number of at least 1, or ALL, found "10O"/],
		[['run', file, '--add-gpu', '1,,2'], /--add-gpu: expected IDS/],
		[['run', file, '--shufle'], /unknown option --shufle, did you mean --shuffle\?/],
		[['run', `${file}.none`], /cannot read/],
		[['runn', file], /unknown command "runn", did you mean "run"\?/],
	]) assert.match((await expect(USAGE, [...args, '--data-dir', dir])).err, message);
	assert.deepEqual(fs.readdirSync(dir), ['in.csv']);
});

test('without a server there is an exit code of its own', async () => {
	const dir = temporary('cli');
	assert.match((await expect(NO_SERVER, ['status', '--data-dir', dir])).err, /no server is running on .*; mekiki serve starts one/);
	await expect(NO_SERVER, ['status'], { env: { MEKIKI_URL: 'http://127.0.0.1:1', MEKIKI_TOKEN: 'x' } });
	assert.match((await expect(USAGE, ['status'], { env: { MEKIKI_URL: 'http://127.0.0.1:1' } })).err, /MEKIKI_TOKEN is not set/);
});

test('run starts a server if none answers, follows to the end, and the results are all there', async () => {
	const dir = temporary('cli');
	const sim = await startSim({ timeScale: 0.002 });
	const config = path.join(dir, 'mekiki.yaml');
	const dataDir = path.join(dir, 'data');
	fs.writeFileSync(config, `server: {listen: "127.0.0.1:0", data_dir: ${dataDir}}\nworkers:\n  - {id: 0, url: "${sim.url}"}\n`);
	atEnd(() => process.kill(JSON.parse(fs.readFileSync(path.join(dataDir, 'runtime.json'))).pid, 'SIGTERM'));
	const run = await expect(FINE, ['run', csvIn(dir, 40), '--config', config, '-y', '--shuffle', '--random-state', '42']);
	assert.match(run.err, /no server was running; started one \(pid \d+\)/);
	assert.match(run.out, /r-0001 finished: 40 of 40 items have a verdict, 0 have none/);

	const again = await expect(FINE, ['run', path.join(dir, 'in.csv'), '--config', config, '-y', '--n-sample', '7', '--json']);
	assert.doesNotMatch(again.err, /no server was running/);
	const last = JSON.parse(again.out.trim().split('\n').at(-1));
	assert.deepEqual([last.id, last.state, last.total, last.done], ['r-0002', 'finished', 7, 7]);

	const out = path.join(dir, 'out.csv');
	await expect(FINE, ['results', 'r-0001', '--config', config, '-o', out]);
	const rows = parseCsv(fs.readFileSync(out, 'utf8'));
	assert.equal(rows.length, 40);
	assert.ok(rows.every((row) => row.ai_is_phishing === 'True' || row.ai_is_phishing === 'False'));
	const lines = (await expect(FINE, ['results', 'latest', '--config', config, '--jsonl'])).out.trim().split('\n');
	assert.equal(lines.length, 7);
	const status = JSON.parse((await expect(FINE, ['status', '1', '--config', config, '--json'])).out);
	assert.equal(status.run.state, 'finished');
	assert.equal(status.confusion.matrices.length, 4);
	assert.match((await expect(FINE, ['status', '--config', config])).out, /r-0002 +finished +7 of 7/);
});

test('a run is looked at, left, stopped, gone on with; the exit code tells the end', async () => {
	const sims = [await startSim({ timeScale: 0.01 }), await startSim({ timeScale: 0.01 }), await startSim({ timeScale: 0.01 })];
	const server = await startServer({ workers: sims, maxInFlight: 2 });
	const place = ['--data-dir', server.dataDir];
	const file = csvIn(server.dir, 400);

	const asked = await expect(USAGE, ['run', file, ...place]);
	assert.match(asked.err, /not started: there is no terminal to ask on; -y starts it and acknowledges .*not-shuffled/);
	assert.deepEqual((await server.get('/runs')).items, []);
	const dry = await expect(FINE, ['run', file, ...place, '--dry-run', '--add-gpu', '2', '--json']);
	assert.deepEqual(JSON.parse(dry.out).request.workers, ['0', '2']);
	assert.match((await expect(USAGE, ['run', file, ...place, '--add-gpu', '9', '--dry-run'])).err, /there is no worker "9"; the configuration has 0, 1, 2/);

	const started = await expect(FINE, ['run', file, ...place, '-y', '--no-follow', '--workers', '0,1', '--name', 'first']);
	assert.match(started.out, /watch it: mekiki watch r-0001/);
	assert.deepEqual((await server.get('/runs/r-0001')).workers, ['0', '1']);

	const watcher = spawn(MEKIKI, ['watch', ...place], { env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
	const ended = new Promise((done) => watcher.on('exit', done));
	let shown = '';
	watcher.stdout.on('data', (bytes) => (shown += bytes));
	let told = '';
	watcher.stderr.on('data', (bytes) => (told += bytes));
	await until('the first line', () => /r-0001 running +\d/.test(shown));
	watcher.kill('SIGINT');
	assert.equal(await ended, LEFT);
	assert.match(told, /r-0001 goes on.*stop it: mekiki stop r-0001/);
	assert.equal((await server.get('/runs/r-0001')).state, 'running');

	await expect(FINE, ['stop', ...place]);
	assert.match((await expect(FAILED, ['watch', 'r-0001', ...place])).out, /r-0001 stopped: \d+ of 400 items have a verdict/);
	assert.match((await expect(FINE, ['run', '--resume', ...place])).out, /r-0001 finished: 400 of 400/);
});

test('following survives a server that is killed and started again on another port', async () => {
	const sim = await startSim({ timeScale: 0.01 });
	const server = await startServer({ workers: [sim] });
	const following = mekiki(['run', csvIn(server.dir, 400), '-y', '--data-dir', server.dataDir]);
	await until('some results', async () => (await server.get('/runs/r-0001/progress')).done > 20);
	await server.kill9();
	await server.start();
	const end = await following;
	assert.equal(end.code, FINE, end.err);
	assert.match(end.out, /r-0001 finished: 400 of 400/);
});

test('patience ends while the run waits for a worker', async () => {
	const server = await startServer({ workers: ['{id: 0, url: "http://127.0.0.1:1"}'], config: 'health_check: {interval: 0.2}' });
	const end = await expect(WAITING, ['run', csvIn(server.dir, 3), '-y', '--patience', '1', '--data-dir', server.dataDir]);
	assert.match(end.err, /r-0001 still waits for a worker/);
});

test('a token that others could read is not used', async () => {
	const server = await startServer();
	const file = path.join(server.dataDir, 'runtime.json');
	assert.equal(fs.statSync(file).mode & 0o777, 0o600);
	await expect(FINE, ['status', '--data-dir', server.dataDir]);
	fs.chmodSync(file, 0o644);
	const end = await expect(FAILED, ['status', '--data-dir', server.dataDir]);
	assert.match(end.err, /can be read by others/);
	assert.ok(!end.err.includes(server.token));
});

test('tokens are made, listed, used from elsewhere and revoked', async () => {
	const server = await startServer();
	const place = ['--data-dir', server.dataDir];
	const token = (await expect(FINE, ['token', 'create', 'Aiko', '--role', 'viewer', ...place])).out.trim();
	const far = { env: { MEKIKI_URL: server.url, MEKIKI_TOKEN: token } };
	await expect(FINE, ['status'], far);
	assert.match((await expect(FAILED, ['token', 'list'], far)).err, /\w/);
	const line = (await expect(FINE, ['token', 'list', ...place])).out.split('\n').find((one) => one.includes('Aiko'));
	await expect(FINE, ['token', 'revoke', line.trim().split(/\s+/)[0], ...place]);
	await expect(FAILED, ['status'], far);
});
