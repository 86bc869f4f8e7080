// The list of runs against the real server: questions are addresses, figures are
// marked partial or final, what goes on moves.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startRun, until } from "../lib/mekiki.mjs";
import { web } from "./module-graph.mjs";
import { datasets, live, looksRight, looksTest, over, pageTest, server } from "./pages-world.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const shown = (page) => page.$$eval("[data-run]", (rows) => rows.map((row) => row.dataset.run));
const showing = (page, ids) => until(`the runs ${ids}`, async () => JSON.stringify(await shown(page)) === JSON.stringify(ids), 20_000);

pageTest("every run is listed, newest first, with final and partial figures told apart", {}, async (page) => {
	await showing(page, [live, ...over.toReversed()]);
	await page.waitForSelector(`[data-run=${live}] .figure[data-partial=true]`);
	assert.match(await page.locator(`[data-run=${live}] .figure`).first().innerText(), /^\(.*\) partial/);
	const { recall } = (await server.get("/runs?metrics=yes&state=finished")).items.find(({ id }) => id === over[0]).metrics;
	const text = await page.locator(`[data-run=${over[0]}] .key`).first().innerText();
	assert.ok(text.startsWith((recall.est * 100).toFixed(1)), text);
	assert.match(text, /\[[\d.]+–[\d.]+\]/);
});

pageTest("what goes on moves by itself", {}, async (page) => {
	const done = () => page.$eval(`[data-run=${live}] [role=progressbar]`, (bar) => Number(bar.getAttribute("aria-valuenow")));
	const first = await done();
	await until("the bar to move", async () => (await done()) > first);
});

pageTest("a question is an address; Back is the question before, a reload the same", {}, async (page) => {
	await page.click("[data-filter-state=finished]");
	await showing(page, over.toReversed());
	assert.equal(new URL(page.url()).search, "?state=finished");
	await page.fill("[data-filter=q]", "ALPHA");
	await page.press("[data-filter=q]", "Enter");
	await showing(page, [over[0]]);
	await page.reload();
	await showing(page, [over[0]]);
	assert.equal(await page.inputValue("[data-filter=q]"), "ALPHA");
	await page.goBack();
	await showing(page, over.toReversed());
	await page.goBack();
	await showing(page, [live, ...over.toReversed()]);
	await page.goForward();
	await showing(page, over.toReversed());
	await page.click("[data-action=all-runs]");
	await showing(page, [live, ...over.toReversed()]);
	await page.selectOption("[data-filter=dataset]", datasets[1].sha256.slice(0, 12));
	await showing(page, [live]);
});

pageTest("a link to a question with unknown words keeps them; nothing found says so", { path: "/runs?q=nothing-like-it&later=1" }, async (page) => {
	await page.waitForSelector(".empty");
	await page.click("[data-action=all-runs]");
	await showing(page, [live, ...over.toReversed()]);
	assert.equal(new URL(page.url()).search, "?later=1");
});

pageTest("a viewer is offered no new run", { role: "viewer" }, async (page) => {
	await page.waitForSelector("table.runs");
	assert.equal(await page.locator("[data-action=new-run]").count(), 0);
});

looksTest("axe finds nothing, nothing is cut off", async (page) => {
	await page.waitForSelector("table.runs");
	await looksRight(page, axe, "runs");
	await page.goto(`${server.url}/runs?state=failed`);
	await page.waitForSelector(".empty");
	await looksRight(page, axe, "no runs");
});

pageTest("three hundred runs come in pages, and a new one without a reload", {}, async (page) => {
	const wanted = { dataset: datasets[0].sha256, evaluator: "fake", selection: { kind: "first", n: 1 }, workers: ["0"] };
	const plan = await server.post("/runs/plan", wanted);
	const draft = { ...plan.request, acknowledgements: plan.warnings.map(({ code }) => code), plan_etag: plan.plan_etag, start: false };
	for (let i = 0; i < 300; i++) await server.post("/runs", draft);
	const newest = await startRun(server, { ...wanted, name: "newest" });
	await page.waitForSelector(`[data-run=${newest}]`);
	assert.equal((await shown(page)).length, 50);
	await page.click("[data-action=more]");
	await until("another page", async () => (await shown(page)).length === 100);
	assert.equal(new Set(await shown(page)).size, 100);
	const begin = performance.now();
	await server.get("/runs?limit=50&metrics=yes");
	console.log(`# 50 of 304 runs with figures: ${Math.round(performance.now() - begin)} ms`);
});
