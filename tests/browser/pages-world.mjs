// What the suites of the runs page and the workers page share: a server with two
// simulated workers and one address where nobody listens, a few runs with hostile names.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inventCsv, startRun, startServer, startSim, until, upload, waitForRun } from "../lib/mekiki.mjs";
import { hasBrowser, launch, signInOn, watchedContext } from "./browser.mjs";
import { hostileName } from "./hostile.mjs";

export const options = { skip: hasBrowser ? false : "no /usr/bin/chromium", timeout: 120_000 };

/** @type {import("playwright-core").Browser} */
let browser;
export let server;
export let datasets;
/** Two that are over, and the one that goes on. */
export let over;
export let live;
let sims;
let asAdmin;

async function begin() {
	if (!hasBrowser) return;
	sims = [await startSim({ timeScale: 0.05 }), await startSim({ timeScale: 0.05, seed: 2 })];
	server = await startServer({ workers: [...sims, '{id: 2, type: external, url: "http://127.0.0.1:9"}'] });
	await until("two workers to be ready", async () => (await server.get("/workers")).items.filter((worker) => worker.state === "ready").length === 2);
	datasets = [await upload(server, inventCsv(60), "first.csv"), await upload(server, inventCsv(4000), "<img src=x onerror=alert(1)>.csv")];
	const settings = { shuffle: true, seed: 42, workers: ["0", "1"] };
	over = [];
	for (const name of ["alpha", hostileName]) {
		over.push(await startRun(server, { ...settings, dataset: datasets[0].sha256, evaluator: "fake", name }));
		await waitForRun(server, over.at(-1));
	}
	live = await startRun(server, { ...settings, dataset: datasets[1].sha256, name: "goes on" });
	const link = async (role) => (await server.post("/tokens", { person: `p-${role}`, role }, 200, 201)).token;
	asAdmin = { admin: await link("admin"), viewer: await link("viewer") };
	browser = await launch();
}

let opening;
export const open = () => {
	opening ??= begin();
	return opening;
};
before(open);

after(async () => {
	await browser?.close();
	await server?.stop();
	for (const sim of sims ?? []) await sim.stop();
});

/** A test on a page, signed in, which must have caused no trouble and asked nobody else. */
export function pageTest(name, settings, body) {
	test(name, options, async () => {
		const context = await watchedContext(browser, settings);
		context.setDefaultTimeout(20_000);
		const page = await context.newPage();
		try {
			await signInOn(page, `${server.url}/login#token=${asAdmin[settings.role ?? "admin"]}&next=${encodeURIComponent("/runs")}`);
			if (settings.path !== undefined) await page.goto(server.url + settings.path);
			await body(page);
			assert.deepEqual(context.trouble, []);
			assert.deepEqual([...context.hosts], [new URL(server.url).host]);
		} finally {
			await context.close();
		}
	});
}

/** A test in each language, theme and width. */
export function looksTest(name, body) {
	for (const language of ["en", "ja"])
		for (const theme of ["light", "dark"])
			for (const width of [1360, 390]) pageTest(`${name}: ${language}, ${theme}, ${width} px`, { language, theme, width }, body);
}

/** Nothing that axe finds, nothing wider than the window. @param {string} axe */
export async function looksRight(page, axe, what) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
	assert.deepEqual(violations.map(({ id, nodes }) => `${what} ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), []);
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than the window`);
}
