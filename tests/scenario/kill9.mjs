// kill -9 of the server, 25 times, at random moments of one run, while an observer
// writes down every result that it is shown. Nothing shown may be gone or different.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inventCsv, sleep, startRun, startServer, startSim, temporary, until, upload } from "../lib/mekiki.mjs";
import { agreesWithSim, allItems, balanced, finished, follow, ledgerExplains, ledgerIn, QUICK } from "../lib/scenario.mjs";

const KILLS = 25;
const ITEMS = 1500;
const SEED = Number(process.env.SEED ?? Date.now() % 1000000);

/** mulberry32: the moments come again with the seed. */
function random(seed) {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

/** What a result is: all that may never change once it was seen. */
const fact = (item) =>
	JSON.stringify([item.key, item.seq, item.verdict, item.confidence, item.risk, item.failure, item.worker, item.elapsed_ms, item.attempts, item.reasoning]);

class Observer {
	facts = new Map(); // n -> fact
	done = 0; // most that a progress has said
	version = 0;
	looks = 0;
	messages = 0;
	problems = [];

	see(items) {
		this.looks++;
		for (const item of items) {
			if (!item.done) continue;
			const now = fact(item);
			const before = this.facts.get(item.n);
			if (before === undefined) this.facts.set(item.n, now);
			else if (before !== now) this.problems.push(`item ${item.n} was ${before} and is ${now}`);
		}
	}

	hear(event, data) {
		if (event !== "run.progress") return;
		this.messages++;
		if (data.done < this.done) this.problems.push(`done was ${this.done} and is ${data.done}`);
		if (data.version < this.version) this.problems.push(`version was ${this.version} and is ${data.version}`);
		this.done = Math.max(this.done, data.done);
		this.version = Math.max(this.version, data.version);
	}

	/** Looks until told to stop; a server that is dead at the moment is no news. */
	async watch(server, id, stop) {
		let url;
		let stream;
		while (!stop.now) {
			if (url !== server.url) {
				url = server.url;
				stream?.close();
				stream = follow(server, `run:${id}`, (event, data) => this.hear(event, data));
			}
			try {
				const page = await server.get(`/runs/${id}/items?done=yes&sort=-seq&limit=400`);
				this.see(page.items);
				this.hear("run.progress", await server.get(`/runs/${id}/progress`));
			} catch (error) {
				if (error.code === "ERR_ASSERTION") throw error;
			}
			await sleep(15);
		}
		stream?.close();
	}
}

test(`${KILLS} times kill -9 in one run lose nothing that was seen`, async (t) => {
	t.diagnostic(`SEED=${SEED}`);
	console.log(`SEED=${SEED}`);
	const next = random(SEED);
	const dir = temporary("kill9");
	const ledgers = [ledgerIn(dir, "a"), ledgerIn(dir, "b")];
	const sims = await Promise.all(
		ledgers.map((ledger, i) => startSim({ timeScale: 0.012, slowness: 1 + i, maxNumSeqs: 4, ledger })),
	);
	const server = await startServer({ workers: sims, maxInFlight: 5, config: QUICK });
	const dataset = await upload(server, inventCsv(ITEMS));
	const id = await startRun(server, { dataset: dataset.sha256, selection: { kind: "all" }, shuffle: true, seed: SEED });
	const observer = new Observer();
	const stop = { now: false };
	const watching = observer.watch(server, id, stop);
	let kills = 0;
	while (kills < KILLS) {
		/* Now and then before it has read a single row, mostly in the middle of commits. */
		await sleep(next() < 0.2 ? next() * 60 : 100 + next() * 900);
		const state = await server.get(`/runs/${id}`).catch(() => ({ state: "?" }));
		assert.notEqual(state.state, "finished", `the run was over after ${kills} kills; use more items`);
		await server.kill9();
		kills++;
		await server.start();
	}
	const run = await finished(server, id);
	await until("the observer to have seen the end", () => observer.done === ITEMS || observer.problems.length);
	stop.now = true;
	await watching;
	observer.see(await allItems(server, id));
	t.diagnostic(`${observer.looks} looks, ${observer.messages} progresses, ${observer.facts.size} results seen`);

	assert.deepEqual(observer.problems, []);
	assert.equal(observer.facts.size, ITEMS);
	const { rows, items } = await balanced(server, run.id, ITEMS);
	assert.deepEqual(
		items.map((item) => item.seq).sort((a, b) => a - b),
		Array.from({ length: ITEMS }, (_, i) => i + 1),
		"one number per result, none used twice",
	);
	agreesWithSim(rows);
	/* A death costs what was in flight, and what was answered and not committed yet: at most as much again. */
	const inFlight = KILLS * sims.length * 5;
	const { requests } = await ledgerExplains(server, id, rows, ledgers, { cancelled: 2 * inFlight });
	const paidTwice = requests.filter((one) => one.outcome === "answered").length - ITEMS;
	console.log(`${KILLS} kills: 0 lost, 0 doubled, ${paidTwice} answered twice (${inFlight} could have been)`);
	assert.ok(paidTwice <= inFlight);
	const sessions = (await server.get(`/runs/${id}/events?limit=500`)).items.filter((event) => event.kind === "run.state");
	assert.equal(sessions.at(-1).data.to, "finished");
});
