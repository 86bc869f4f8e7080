// The pages in Chromium against the real server and simulated workers: what the
// stand-in can only imitate. Domains, file name and run name are hostile.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inventCsv, MEKIKI, matrices, parseCsv, sameMatrices, startRun, startServer, startSim, until, upload, waitForRun } from "../lib/mekiki.mjs";
import { hasBrowser, launch, signInOn, watchedContext } from "./browser.mjs";
import { hostileName } from "./hostile.mjs";
import { web } from "./module-graph.mjs";
import { csp } from "./stand-in.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const options = { skip: hasBrowser ? false : "no /usr/bin/chromium", timeout: 120_000 };
const total = 600;

let browser, server, sims, context, page, id;

/** Domains as attackers name them, among harmless ones. */
function hostileCsv() {
	const rows = inventCsv(total - 3).toString();
	const [header] = rows.split("\n");
	const rest = ",".repeat(header.split(",").length - 4);
	return Buffer.from(`${rows}xn--80ak6aa92e.com,<script>alert(1)</script>,0.9,1${rest}\nlogin.💌-bank.example,"=cmd()",0.8,1${rest}\nA.very-${"long".repeat(14)}.example,x,0.2,0${rest}\n`);
}

/** The link that the server printed for a person. */
const link = (run) => `${/http:\S+\/login#token=[\w-]+/.exec(server.child.log)[0]}&next=/runs/${run}`;
const shown = (selector) => page.locator(selector).first().innerText();
const numberIn = async (selector) => Number((await shown(selector)).replace(/[^\d.]/g, ""));

before(async () => {
	if (!hasBrowser) return;
	assert.ok(MEKIKI);
	sims = [await startSim({ timeScale: 0.06 }), await startSim({ slowness: 1.6, timeScale: 0.06, seed: 2 })];
	server = await startServer({ workers: sims });
	/** A server that starts again must be found where it was. */
	writeFileSync(server.file, readFileSync(server.file, "utf8").replace("127.0.0.1:0", new URL(server.url).host));
	const dataset = await upload(server, hostileCsv(), "<img src=x onerror=alert(1)>.csv");
	id = await startRun(server, { dataset: dataset.sha256, name: hostileName, shuffle: true, seed: 42 });
	browser = await launch();
	context = await watchedContext(browser);
	page = await context.newPage();
	page.setDefaultTimeout(30_000);
});

after(async () => {
	await browser?.close();
	await server?.stop();
	for (const sim of sims ?? []) await sim.stop();
});

test("the printed link leads to the live run", options, async () => {
	await signInOn(page, link(id));
	assert.equal(new URL(page.url()).pathname, `/runs/${id}`);
	await page.waitForSelector('.chip[data-health="live"]');
	const done = () => numberIn(".strip dd");
	const first = await done();
	await until("the page to move", async () => (await done()) > first);
	assert.equal(await page.locator("[data-worker]").count(), 2);
	assert.match(await page.title(), /‹U\+202E›txt\.exe/);
});

test("pages come under the policy that forbids everything else", options, async () => {
	for (const path of ["/login", "/runs", `/runs/${id}`, "/js/live-worker.js"]) {
		const answer = await page.request.get(server.url + path);
		assert.equal(answer.status(), 200, path);
		assert.equal(answer.headers()["content-security-policy"].replace(/\s+/g, " "), csp, path);
		assert.equal(answer.headers()["x-content-type-options"], "nosniff");
	}
});

test("pause stops the figures, resume moves them", options, async () => {
	await page.click("[data-action=pause]");
	await page.waitForSelector("[data-action=resume]");
	await until("nothing in flight", async () => (await server.get(`/runs/${id}/progress`)).in_flight === 0);
	assert.equal((await server.get(`/runs/${id}`)).state, "paused");
	await page.click("[data-action=resume]");
	await page.waitForSelector("[data-action=pause]");
});

test("nine tabs are live over one stream", options, async () => {
	const tabs = [];
	for (let i = 0; i < 8; i++) {
		const tab = await context.newPage();
		await tab.goto(`${server.url}/runs/${id}`);
		tabs.push(tab);
	}
	for (const tab of tabs) await tab.waitForSelector('.chip[data-health="live"]');
	for (const tab of tabs) await tab.close();
});

test("a worker that dies stays, with its cause", options, async () => {
	await sims[1].stop("SIGKILL");
	const card = await page.waitForSelector("[data-worker='1'][data-state=down]");
	assert.match(await card.innerText(), /Connection refused|cut before an answer/);
});

test("a server that is killed and started again loses nothing of the page", options, async () => {
	await page.evaluate(() => {
		globalThis.notReloaded = true;
	});
	const before = await numberIn(".strip dd");
	await server.kill9();
	await page.waitForSelector('.chip[data-health="disconnected"]');
	await server.start();
	await page.waitForSelector('.chip[data-health="live"]');
	await until("the page to go on", async () => (await numberIn(".strip dd")) >= before);
	assert.ok(await page.evaluate(() => globalThis.notReloaded));
	const run = await server.get(`/runs/${id}`);
	if (run.actions.includes("start")) await page.click("[data-action=start]");
});

test("at the end the page's matrices are those of the export", options, async () => {
	const run = await waitForRun(server, id, { limit: 100_000 });
	assert.equal(run.state, "finished");
	await page.waitForFunction(() => document.title.startsWith("100%") && !document.querySelector(".tag.wait"));
	const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-download=csv]")]);
	assert.match(download.suggestedFilename(), new RegExp(`${id}.*\\.csv$`));
	const rows = parseCsv(readFileSync(await download.path(), "utf8"));
	assert.equal(rows.length, total);
	const expected = matrices(rows);
	sameMatrices(await server.get(`/runs/${id}/confusion`), expected);
	for (const [name, cells] of Object.entries(expected))
		for (const [cell, n] of Object.entries(cells)) assert.equal(await numberIn(`[data-matrix=${name.replace("/", "-")}] [data-cell=${cell}] .n`), n, `${name} ${cell}`);
});

test("the other downloads bring all results, too", options, async () => {
	for (const kind of ["excel", "jsonl"]) {
		const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-download=${kind}]`)]);
		const text = readFileSync(await download.path(), "utf8");
		if (kind === "excel") assert.equal(text.charCodeAt(0), 0xfeff);
		else assert.equal(text.trim().split("\n").length, total);
	}
});

test("hostile names and domains are shown and do nothing", options, async () => {
	const found = await page.evaluate(() => ({
		links: [...document.querySelectorAll("a")].filter((a) => new URL(a.href).origin !== location.origin).length,
		images: [...document.images].map((image) => image.getAttribute("src")),
		elements: document.querySelectorAll("iframe, object, embed, base, form, script:not([src])").length,
		bidi: /[\u202a-\u202e\u2066-\u2069\u200b]/.test(document.body.innerText),
		wide: document.documentElement.scrollWidth > innerWidth,
	}));
	assert.deepEqual(found, { links: 0, images: ["/icons/mekiki.svg"], elements: 0, bidi: false, wide: false });
});

test("a list without labels is evaluated, and no figure is made up", options, async () => {
	const list = await upload(server, Buffer.from("a.example\nb.example\nlogin-bank.test\n"), "list.txt", "text/plain");
	const other = await startRun(server, { dataset: list.sha256 });
	await waitForRun(server, other);
	await page.goto(`${server.url}/runs/${other}`);
	await page.waitForSelector(".no-labels");
	assert.equal(await page.locator("table.matrix").count(), 0);
	await page.waitForFunction(() => document.querySelectorAll(".results li").length === 3);
});

for (const [language, theme, width] of [["en", "light", 1360], ["ja", "dark", 390]])
	test(`axe finds nothing on real data: ${language}, ${theme}, ${width} px`, options, async () => {
		await page.evaluate((chosen) => Object.assign(localStorage, chosen), { language, theme });
		await page.setViewportSize({ width, height: 900 });
		for (const path of [`/runs/${id}`, "/runs"]) {
			await page.goto(server.url + path);
			await page.waitForSelector(path === "/runs" ? "table.runs" : "table.matrix");
			await page.evaluate(axe);
			const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
			assert.deepEqual(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), []);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than the window`);
		}
	});

test("signing out ends the session", options, async () => {
	await page.click(".who button");
	await page.waitForURL(/\/login/);
	assert.equal((await page.request.get(`${server.url}/api/v1/me`)).status(), 401);
});

test("nobody else was asked, and nothing was refused or went wrong", options, async () => {
	assert.deepEqual(context.trouble, []);
	assert.deepEqual([...context.hosts], [new URL(server.url).host]);
});
