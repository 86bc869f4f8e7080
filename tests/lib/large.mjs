// A run with a million results on a real server: its rows come through the real
// import, its results through the store's own functions (tests/large/fill_run.c).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { startServer, temporary, until, upload } from './mekiki.mjs';

export const FILL_RUN = path.resolve(process.env.FILL_RUN ?? 'build/release/fill-run');

/** Domains that belong to nobody, with labels, scores and thirty sources. */
export function inventLargeCsv(rows) {
	const words = ['login', 'secure', 'bank', 'shop', 'news', 'green', 'river', 'update', 'mail', 'tokyo', 'photo', 'wallet'];
	const lines = ['domain,source,ml_probability,y_true'];
	for (let i = 0; i < rows; i++) lines.push(`${words[i % 12]}-${words[(i * 7 + 3) % 12]}${i}.${['example', 'test', 'invalid'][i % 3]},feed-${(i * i) % 30},${((i * 37) % 1000) / 1000},${Number((i * 13) % 10 < 4)}`);
	return Buffer.from(`${lines.join('\n')}\n`);
}

/** Starts a server, imports, makes a run, stops, fills, starts again. Gives the server and the run's id. */
export async function startLargeServer(rows, { dir = temporary('large') } = {}) {
	const server = await startServer({ dir });
	const dataset = await upload(server, inventLargeCsv(rows), 'large.csv');
	const plan = await server.post('/runs/plan', { dataset: dataset.sha256, evaluator: 'fake' });
	const run = await server.post('/runs', { ...plan.request, plan_etag: plan.plan_etag, acknowledgements: plan.warnings.map((one) => one.code), start: false });
	await server.stop();
	execFileSync(FILL_RUN, [server.dataDir, run.id]);
	await server.start();
	await until('the run to be finished', async () => (await server.get(`/runs/${run.id}`)).state === 'finished');
	return { server, run: run.id };
}

export const hasFillRun = fs.existsSync(FILL_RUN);
