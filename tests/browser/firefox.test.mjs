// A second engine: the same pages in Firefox, against the real server. A smoke test: that the printed link
// leads in, that the page moves by itself, that figures lead to rows, and that a CSP violation would be seen.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inventCsv, startRun, startServer, startSim, upload, waitForRun } from "../lib/mekiki.mjs";
import { web } from "./module-graph.mjs";

const firefox = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const driver = join(web, "node_modules/puppeteer-core");
const missing = [firefox, driver].find((path) => !existsSync(path));
const options = { skip: missing ? `no ${missing}` : false, timeout: 120_000 };
const trouble = [];
let browser, page, server, sim, id;

before(async () => {
	if (missing) return;
	const puppeteer = createRequire(join(web, "package.json"))("puppeteer-core");
	sim = await startSim({ timeScale: 0.05 });
	server = await startServer({ workers: [sim] });
	const dataset = await upload(server, inventCsv(250));
	id = await startRun(server, { dataset: dataset.sha256, shuffle: true });
	browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox, headless: true, args: ["--no-remote"] });
	page = await browser.newPage();
	page.setDefaultTimeout(60_000);
	await page.setViewport({ width: 1360, height: 900 });
	page.on("pageerror", (error) => trouble.push(String(error)));
	page.on("console", (message) => /Content-Security-Policy|SyntaxError|TypeError/.test(message.text()) && trouble.push(message.text()));
	page.on("dialog", (dialog) => (trouble.push(`dialog ${dialog.message()}`), dialog.dismiss()));
});

after(async () => {
	await browser?.close();
	await server?.stop();
	await sim?.stop();
});

const numberIn = (selector) => page.$eval(selector, (element) => Number(element.textContent.replace(/[^\d.]/g, "")));

test("the printed link leads in, and the run page moves by itself", options, async () => {
	const link = /http:\S+\/login#token=[\w-]+/.exec(server.child.log)[0];
	await page.goto(`${link}&next=/runs/${id}`);
	await page.waitForSelector('.chip[data-health="live"]');
	const first = await numberIn(".strip dd");
	await page.waitForFunction((before) => Number(document.querySelector(".strip dd").textContent.replace(/[^\d.]/g, "")) > before, {}, first);
});

test("the finished matrices stand there, and a cell leads to its rows", options, async () => {
	assert.equal((await waitForRun(server, id)).state, "finished");
	await page.waitForFunction(() => document.querySelectorAll(".matrix").length === 4);
	const confusion = await server.get(`/runs/${id}/confusion`);
	const { fp } = confusion.matrices.find((one) => one.stage === "final" && one.subset === "handed");
	await page.goto(`${server.url}/runs/${id}/results?cell=fp`);
	await page.waitForSelector('[role="row"] .domain, [aria-rowindex]');
	await page.waitForFunction((count) => document.body.innerText.includes(`${count} rows`), {}, fp);
});

test("the lists of runs and workers are there, in Japanese too", options, async () => {
	await page.goto(`${server.url}/runs`);
	await page.waitForSelector("table.runs");
	await page.evaluate(() => localStorage.setItem("language", "ja"));
	await page.goto(`${server.url}/workers`);
	await page.waitForFunction(() => document.documentElement.lang === "ja" && /ワーカー/.test(document.body.innerText));
	assert.deepEqual(trouble, []);
});
