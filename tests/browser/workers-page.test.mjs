// The page of the workers against the real server: each says what it is and why,
// what is done to one is explained first, runs gain and lose them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../lib/mekiki.mjs";
import { web } from "./module-graph.mjs";
import { live, looksRight, looksTest, pageTest, server } from "./pages-world.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const path = "/workers";
const worker = (id) => server.get(`/workers/${id}`);
const confirm = async (page, id, action) => {
	await page.click(`[data-worker="${id}"] [data-action=${action}]`);
	await page.waitForSelector(`[data-worker="${id}"] dialog[open]`);
	const says = await page.locator(`[data-worker="${id}"] dialog[open]`).innerText();
	await page.click(`[data-worker="${id}"] dialog[open] [data-confirm=${action}]`);
	return says;
};

pageTest("every worker has a card in the order of the configuration, a dead one says why", { path }, async (page) => {
	await page.waitForSelector('[data-worker="2"]:is([data-state=down], [data-state=unreachable])');
	assert.deepEqual(await page.$$eval("[data-worker]", (cards) => cards.map((card) => card.dataset.worker)), ["0", "1", "2"]);
	const dead = await page.locator('[data-worker="2"]').innerText();
	assert.match(dead, /nothing listens at this address/);
	assert.match(dead, /never/);
	assert.match(await page.locator('[data-worker="0"]').innerText(), /sim-judge/);
	assert.equal(await page.title(), "Workers · mekiki");
	assert.equal(await page.getAttribute('nav a[href="/workers"]', "aria-current"), "page");
});

pageTest("the figures move by themselves", { path }, async (page) => {
	const done = () => page.locator('[data-worker="0"] .figures dd').nth(2).innerText();
	const first = await done();
	await until("more to be done", async () => (await done()) !== first);
});

pageTest("pause says what happens to whom, and resume takes it back", { path }, async (page) => {
	const says = await confirm(page, "0", "pause");
	assert.match(says, new RegExp(`${live} goes on with its other workers`));
	await page.waitForSelector('[data-worker="0"] [data-action=resume]');
	assert.equal((await worker("0")).paused, true);
	await page.click('[data-worker="0"] [data-action=resume]');
	await page.waitForSelector('[data-worker="0"] [data-action=pause]');
	assert.equal((await worker("0")).paused, false);
});

pageTest("a dialog that is left changes nothing", { path }, async (page) => {
	await page.click('[data-worker="1"] [data-action=drain]');
	await page.keyboard.press("Escape");
	await page.waitForSelector('[data-worker="1"] dialog[open]', { state: "detached" });
	assert.equal((await worker("1")).desired, "up");
});

pageTest("a worker is drained and started again", { path }, async (page) => {
	await confirm(page, "1", "drain");
	await page.waitForSelector('[data-worker="1"] [data-action=start]');
	await until("the worker to be off", async () => (await worker("1")).desired === "down");
	await page.click('[data-worker="1"] [data-action=start]');
	await page.waitForSelector('[data-worker="1"][data-state=ready]');
});

pageTest("a worker leaves the run that is under way, and comes back", { path }, async (page) => {
	const takesPart = async (id) => (await server.get(`/runs/${live}`)).workers.includes(id);
	const says = await confirm(page, "0", "remove_workers");
	assert.match(says, new RegExp(`takes nothing more of ${live}`));
	await page.waitForSelector(`[data-worker="0"] [data-run=${live}][data-serves=false]`);
	assert.equal(await takesPart("0"), false);
	await page.click(`[data-worker="0"] [data-run=${live}] [data-action=add_workers]`);
	await page.waitForSelector(`[data-worker="0"] [data-run=${live}][data-serves=true]`);
	assert.equal(await takesPart("0"), true);
	assert.equal(await page.getAttribute(`[data-worker="2"] [data-run=${live}]`, "data-serves"), "false");
});

pageTest("a viewer sees everything and is offered nothing", { path, role: "viewer" }, async (page) => {
	await page.waitForSelector('[data-worker="2"]');
	assert.equal(await page.locator("[data-worker] button").count(), 0);
});

looksTest("axe finds nothing, nothing is cut off", async (page) => {
	await page.goto(server.url + path);
	await page.waitForSelector('[data-worker="2"]');
	await looksRight(page, axe, "workers");
	await page.click('[data-worker="1"] [data-action=stop]');
	await page.waitForSelector("dialog[open]");
	await looksRight(page, axe, "the dialog");
});
