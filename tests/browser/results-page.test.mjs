// The results page in Chromium against the real server.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { exportRows, inventCsv, inventDomains, MEKIKI, parseCsv, SIM, startRun, startServer, startSim, until, upload, waitForRun } from "../lib/mekiki.mjs";
import { hasBrowser, launch, watchedContext } from "./browser.mjs";
import { hostileAnswer, startModelWorker } from "./model-worker.mjs";
import { web } from "./module-graph.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const missing = hasBrowser ? (existsSync(MEKIKI) && existsSync(SIM) ? false : "no programs") : "no /usr/bin/chromium";
const options = { skip: missing, timeout: 120_000 };

/** @type {import("playwright-core").Browser} */
let browser;
/** A server with a finished run of `rows`, of which a third have no verdict on one worker. */
let server;
let run;
/** Everything that was started, to be stopped at the end. */
const started = [];
const begin = async (starting) => {
	started.push(await starting);
	return started.at(-1);
};
/** What the run came to, as its CSV says. */
let rows;
const sources = ["jpcert", "openphish", "certstream", '"><img src=x onerror=alert(1)>'];

before(async () => {
	if (missing) return;
	browser = await launch();
	const workers = [await begin(startSim({ instant: true, malformed: "0.6" })), await begin(startModelWorker())];
	server = await begin(startServer({ workers }));
	const domains = inventDomains(700);
	domains[10] = "xn--80ak6aa92e.com";
	const data = inventCsv(700, { extra: (_, i) => ({ domain: domains[i], source: `"${sources[i % 4].replaceAll('"', '""')}"`, note: `"=1+1 http://evil.example/${i}"` }) });
	const dataset = await upload(server, data, "handoff.csv");
	run = await startRun(server, { dataset: dataset.sha256, evaluator: "chat", attempts: 1, name: "night shift" });
	await waitForRun(server, run);
	rows = await exportRows(server, run);
});
after(async () => {
	await browser?.close();
	for (const each of started.reverse()) await each.stop();
});

const isFn = (row) => row.y_true === "1" && row.ai_is_phishing === "False";
const isFp = (row) => row.y_true === "0" && row.ai_is_phishing === "True";
const defanged = (row) => row.domain.replaceAll(".", "[.]");

/** A test in a context of its own, signed in; nothing may go wrong beside it. */
function pageTest(name, { path = () => `/runs/${run}/results`, on = () => server, ...settings }, body) {
	test(name, options, async () => {
		const context = await watchedContext(browser, settings);
		context.setDefaultTimeout(20_000);
		try {
			const page = await context.newPage();
			const { url, token } = on();
			await page.goto(`${url}/login#token=${token}&next=${encodeURIComponent(path())}`);
			await page.waitForSelector("#main h1");
			await body(page, context);
			assert.deepEqual(context.trouble, []);
			assert.deepEqual([...context.hosts], [new URL(url).host]);
		} finally {
			await context.close();
		}
	});
}

const shows = (page, n) => page.waitForFunction((text) => document.querySelector(".count")?.textContent === text, `${n.toLocaleString("en")} ${n === 1 ? "row" : "rows"}`);
const search = (page) => new URL(page.url()).search;
const facet = (name, value) => `[data-facet=${name}] [data-value=${JSON.stringify(value)}]`;
const domainsShown = (page) => page.locator(".grid-sight .col-domain .a-label").allInnerTexts();
const record = (page) => page.waitForSelector(".item-panel[data-n]");
const unfold = (page) => page.locator(".item-panel details").evaluateAll((all) => {
	for (const each of all) each.open = true;
});

pageTest("filters narrow the rows, and the address says so", {}, async (page) => {
	await shows(page, rows.length);
	assert.equal(search(page), "");
	assert.ok(rows.filter(isFn).length > 20 && rows.filter(isFp).length > 20, "the run has too few errors to show anything");
	await page.click(facet("cell", "fn"));
	await shows(page, rows.filter(isFn).length);
	assert.equal(search(page), "?cell=fn");
	await page.click(facet("cell", "fp"));
	await shows(page, rows.filter((row) => isFn(row) || isFp(row)).length);
	await page.click(facet("source", "jpcert"));
	await shows(page, rows.filter((row) => (isFn(row) || isFp(row)) && row.source === "jpcert").length);
	assert.equal(search(page), "?cell=fn&cell=fp&source=jpcert");
	await page.click("[data-chip=source]");
	await page.click("[data-chip=all]");
	await shows(page, rows.length);
	assert.equal(search(page), "");
});

pageTest("a facet counts what choosing it would show", {}, async (page) => {
	await page.click(facet("cell", "fn"));
	await shows(page, rows.filter(isFn).length);
	const wanted = rows.filter((row) => isFn(row) && row.source === "openphish").length;
	await page.waitForFunction(([selector, n]) => document.querySelector(selector)?.querySelector(".n").textContent === n, [facet("source", "openphish"), String(wanted)]);
	await page.click(facet("source", "openphish"));
	await shows(page, wanted);
});

pageTest("Back is the previous question, Forward the next, and moves between rows are neither", {}, async (page) => {
	await page.click(facet("cell", "fp"));
	await shows(page, rows.filter(isFp).length);
	await page.locator(".grid").focus();
	for (const key of ["j", "j", "k", "ArrowDown"]) await page.keyboard.press(key);
	await page.keyboard.press("Enter");
	await record(page);
	await page.waitForFunction(() => location.search.includes("row="));
	const here = search(page);
	await page.click(facet("source", "jpcert"));
	await page.waitForFunction(() => location.search === "?cell=fp&source=jpcert");
	await page.goBack();
	await shows(page, rows.filter(isFp).length);
	assert.equal(search(page), here);
	await record(page);
	await page.goBack();
	await shows(page, rows.length);
	assert.equal(await page.locator(".item-panel").count(), 0);
	await page.goForward();
	await page.goForward();
	await shows(page, rows.filter((row) => isFp(row) && row.source === "jpcert").length);
});

pageTest("a reload brings the same rows, the same place and the same record", { path: () => `/runs/${run}/results?cell=fp&sort=-ml` }, async (page) => {
	await shows(page, rows.filter(isFp).length);
	await page.keyboard.press("End");
	await page.keyboard.press("Enter");
	const n = await (await record(page)).getAttribute("data-n");
	await page.waitForFunction(() => location.search.includes("row=") && location.search.includes("at="));
	await page.reload();
	assert.equal(await (await record(page)).getAttribute("data-n"), n);
	await page.waitForSelector(`.row.chosen[data-n="${n}"]`);
	await page.waitForFunction(() => {
		const row = document.querySelector(".row.chosen")?.getBoundingClientRect();
		const box = document.querySelector(".grid").getBoundingClientRect();
		return row && row.top >= box.top && row.bottom <= box.bottom + 1;
	});
});

pageTest("columns sort, and the address and the reader's aid say how", {}, async (page) => {
	await page.click("[data-sort=ml]");
	await page.click("[data-sort=ml]");
	await page.waitForSelector(".col-ml[aria-sort=descending]");
	assert.equal(search(page), "?sort=-ml");
	await page.waitForSelector(".grid-sight .row[data-n]");
	const shown = (await page.locator(".grid-sight .col-ml").allInnerTexts()).map(Number);
	assert.deepEqual(shown, [...shown].sort((a, b) => b - a));
	assert.ok(shown.length > 10);
});

pageTest("the search takes what people paste: hxxp, [.], full width", {}, async (page) => {
	const wanted = rows.find((row) => row.domain.includes("-") && !row.domain.startsWith("xn--"));
	for (const typed of [`hxxps://${defanged(wanted)}/login`, wanted.domain.toUpperCase(), wanted.domain.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))]) {
		await page.keyboard.press("/");
		await page.fill("#search", typed);
		await page.keyboard.press("Enter");
		await shows(page, rows.filter((row) => row.domain.includes(wanted.domain)).length);
		await page.fill("#search", "");
		await page.keyboard.press("Enter");
		await shows(page, rows.length);
	}
	await page.fill("#search", "аррӏе");
	await page.keyboard.press("Enter");
	await shows(page, 1);
	assert.match(await page.locator(".grid-sight .col-domain").innerText(), /аррӏе\[\.\]com\s+xn--80ak6aa92e\[\.\]com\s+IDN/);
});

pageTest("no key acts while somebody writes or composes", {}, async (page) => {
	await shows(page, rows.length);
	await page.focus("#search");
	await page.keyboard.type("jjyc?");
	assert.equal(await page.inputValue("#search"), "jjyc?");
	assert.equal(await page.locator(".row.chosen").count() + (await page.locator("dialog[open]").count()), 0);
	await page.fill("#search", "");
	await page.locator(".grid").focus();
	await page.evaluate(() => {
		for (const more of [{ isComposing: true }, { keyCode: 229 }, { ctrlKey: true }]) document.querySelector(".grid").dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, ...more }));
	});
	assert.equal(await page.locator(".row.chosen").count(), 0);
	await page.keyboard.press("j");
	await page.waitForSelector(".row.chosen");
});

pageTest("everything is reached by keyboard, and the keys are told", {}, async (page) => {
	await shows(page, rows.length);
	await page.keyboard.press("?");
	assert.match(await page.locator("dialog[open]").innerText(), /search[\s\S]*copy a link/);
	await page.keyboard.press("Escape");
	await page.waitForSelector("dialog[open]", { state: "detached" });
	await page.locator(".grid").focus();
	for (const [key, n] of [["j", 1], ["j", 2], ["k", 1], ["End", rows.length], ["Home", 1]]) {
		await page.keyboard.press(key);
		await page.waitForSelector(`.row.chosen[aria-rowindex="${n + 1}"][data-n]`);
	}
	await page.keyboard.press("PageDown");
	const after = Number(await page.locator(".row.chosen").getAttribute("aria-rowindex"));
	assert.ok(after > 10, `${after}`);
	assert.equal(await page.locator(".grid").getAttribute("aria-activedescendant"), await page.locator(".row.chosen").getAttribute("id"));
	assert.equal(await page.locator(".grid").getAttribute("aria-rowcount"), String(rows.length + 1));
	await page.keyboard.press("Enter");
	const first = await (await record(page)).getAttribute("data-n");
	await page.keyboard.press("j");
	await page.waitForFunction((n) => document.querySelector(".item-panel").dataset.n !== n, first);
	await page.keyboard.press("Escape");
	await page.waitForSelector(".item-panel", { state: "detached" });
	const reached = [];
	await page.evaluate(() => document.activeElement?.blur());
	for (let i = 0; i < 70; i++) {
		await page.keyboard.press("Tab");
		reached.push(await page.evaluate(() => document.activeElement?.id || document.activeElement?.dataset.copy || document.activeElement?.dataset.value || document.activeElement?.dataset.sort || document.activeElement?.className || ""));
	}
	for (const wanted of ["search", "link", "fn", "jpcert", "grid", "ml"]) assert.ok(reached.includes(wanted), `${wanted} is not among ${reached.join(", ")}`);
});

pageTest("the record has what went in and what came out", { path: () => `/runs/${run}/results?verdict=phishing` }, async (page) => {
	await page.waitForSelector(".grid-sight .row[data-n]");
	await page.locator(".grid-sight .row[data-n]").first().click();
	const n = Number(await (await record(page)).getAttribute("data-n"));
	const item = await server.get(`/runs/${run}/items/${n}`);
	await unfold(page);
	const text = await page.locator(".item-panel").innerText();
	for (const part of [item.key.replaceAll(".", "[.]"), "phishing", `${item.elapsed_ms} ms`, "sim-judge", "hxxp://evil[.]example/", "row "]) assert.ok(text.includes(part), `${part} in ${text}`);
	const prompt = await page.locator(".item-panel pre").last().innerText();
	assert.ok(prompt.includes(item.key.replaceAll(".", "[.]")), prompt);
	assert.ok(!text.includes(item.key), "the domain stands somewhere as it is");
});

pageTest("failed attempts are told in the record", { path: () => `/runs/${run}/results?verdict=none` }, async (page) => {
	const failed = rows.filter((row) => row.ai_is_phishing === "");
	await shows(page, failed.length);
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await record(page);
	assert.match(await page.locator(".item-panel").innerText(), /no JSON in the answer/);
});

pageTest("a domain is copied defanged, and as it is only after a question", {}, async (page, context) => {
	await context.grantPermissions(["clipboard-read", "clipboard-write"]);
	await page.waitForSelector(".grid-sight .row[data-n]");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await record(page);
	const shown = (await domainsShown(page))[0];
	await page.keyboard.press("c");
	await page.waitForFunction(() => document.querySelector(".item-panel [role=status]").textContent !== "");
	const read = () => page.evaluate(() => navigator.clipboard.readText());
	assert.equal(await read(), shown);
	await page.click("[data-copy=raw]");
	assert.equal(await read(), shown);
	await page.click("[data-copy=raw-now]");
	await page.waitForFunction(async (text) => (await navigator.clipboard.readText()) === text, shown.replaceAll("[.]", "."));
	await page.keyboard.press("y");
	await page.waitForFunction(async () => /\/results\?version=\d+/.test(await navigator.clipboard.readText()));
});

pageTest("the only way out is VirusTotal, without a trace of where from", {}, async (page) => {
	await page.waitForSelector(".grid-sight .row[data-n]");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await record(page);
	const outward = await page.locator("a").evaluateAll((links) => links.filter((a) => new URL(a.href).origin !== location.origin).map((a) => [a.href, a.rel]));
	const shown = (await domainsShown(page))[0].replaceAll("[.]", ".");
	assert.deepEqual(outward, [[`https://www.virustotal.com/gui/domain/${shown}`, "noreferrer noopener"]]);
});

pageTest("the files hold exactly this view", { path: () => `/runs/${run}/results?cell=fn&cell=fp&source=jpcert&sort=-ml` }, async (page) => {
	const wanted = rows.filter((row) => (isFn(row) || isFp(row)) && row.source === "jpcert").map((row) => row.domain);
	await shows(page, wanted.length);
	assert.ok(wanted.length > 3);
	await page.click(".menu summary");
	for (const kind of ["csv", "excel", "jsonl"]) {
		const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-download=${kind}]`)]);
		const text = readFileSync(await download.path(), "utf8");
		assert.match(download.suggestedFilename(), new RegExp(`^${run}-v\\d+`));
		const found = kind === "jsonl" ? text.trim().split("\n").map((line) => JSON.parse(line).key ?? JSON.parse(line).domain) : parseCsv(text.replace("\ufeff", "")).map((row) => row.domain);
		assert.deepEqual([...found].sort(), [...wanted].sort(), kind);
		assert.equal(text.startsWith("\ufeff"), kind === "excel");
	}
});

pageTest("a wrong address says what is wrong with it, and shows the way back", { path: () => `/runs/${run}/results?cell=bogus` }, async (page, context) => {
	await page.waitForSelector("[role=alert] .bar");
	assert.match(await page.locator("[role=alert]").innerText(), /tp\|fp\|tn\|fn\|none/);
	await page.click("[data-chip=cell]");
	await shows(page, rows.length);
	context.trouble = context.trouble.filter((each) => !each.includes("400"));
});

pageTest("a view that shows nothing says so", { path: () => `/runs/${run}/results?q=no-such-name` }, async (page) => {
	await shows(page, 0);
	assert.match(await page.locator(".nothing").innerText(), /No row matches/);
});

pageTest("every number of the matrices and of the strip leads to as many rows", { path: () => `/runs/${run}` }, async (page) => {
	await page.waitForSelector("table.matrix");
	const links = await page.locator("a.rows").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), Number(a.textContent.replace(/\D/g, ""))]));
	const numbers = await page.locator(".matrix .n, .matrix .sum, .strip dd").evaluateAll((all) => all.filter((each) => each.querySelector("a") === null).map((each) => each.textContent));
	assert.deepEqual(numbers.filter((text) => !/^0\b/.test(text)), []);
	assert.ok(links.length > 20);
	for (const [href, n] of links) {
		const query = new URL(href, server.url).search;
		const { total } = await server.get(`/runs/${run}/items${query}`);
		assert.equal(total, n, href);
	}
	await page.click(".matrix[data-matrix=final-handed] [data-cell=fn] a");
	await page.waitForSelector(".grid");
	await shows(page, rows.filter(isFn).length);
});

pageTest("hostile text is shown and does nothing", { on: () => hostile.server, path: () => `/runs/${hostile.run}/results` }, async (page) => {
	await page.waitForSelector(".grid-sight .row[data-n]");
	for (let i = 0; i < 7; i++) {
		await page.keyboard.press("j");
		await page.keyboard.press("Enter");
		await page.waitForFunction((n) => Number(document.querySelector(".item-panel")?.dataset.n) === n, i + 1);
		await unfold(page);
		const found = await page.evaluate(() => ({
			links: [...document.querySelectorAll("a")].map((a) => new URL(a.href).host).filter((host) => host !== location.host && host !== "www.virustotal.com"),
			images: [...document.images].map((image) => image.getAttribute("src")),
			scripts: [...document.scripts].filter((script) => !script.src).length,
			frames: document.querySelectorAll("iframe, object, embed, base, svg[onload]").length,
			handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some((attribute) => attribute.name.startsWith("on"))).length,
			bidi: /[\u202a-\u202e\u2066-\u2069\u200b\u00ad]/.test(document.body.innerText),
			addresses: /https?:\/\/(evil|phish)/.exec(document.body.innerText)?.[0] ?? null,
			wide: document.documentElement.scrollWidth > innerWidth,
		}));
		assert.deepEqual(found, { links: [], images: ["/icons/mekiki.svg"], scripts: 0, frames: 0, handlers: 0, bidi: false, addresses: null, wide: false });
	}
	const value = '<script>alert("source")</script>';
	await page.click(`[data-facet=source] [data-value=${JSON.stringify(value)}]`);
	await page.waitForSelector("[data-chip=source]");
	assert.equal(new URLSearchParams(search(page)).get("source"), value);
});

/** A run over hostile rows, judged by a hostile model. */
const hostile = {};
before(async () => {
	if (missing) return;
	hostile.server = await begin(startServer({ workers: [await begin(startModelWorker(hostileAnswer))] }));
	const lines = ["domain,source,note", 'evil-login.example,"<script>alert(""source"")</script>","=HYPERLINK(""http://evil.example"")"', "pay_pal\u200b.example,\u202emoc,http://phish.example/?q=1", "xn--80ak6aa92e.com,x,<svg/onload=alert(1)>"];
	for (let i = 0; i < 9; i++) lines.push(`"a${i}""><img-src=x-onerror=alert(1)>.example",javascript:alert(1),x`);
	const dataset = await upload(hostile.server, Buffer.from(`${lines.join("\n")}\n`), '"><img src=x onerror=alert(2)>.csv');
	hostile.run = await startRun(hostile.server, { dataset: dataset.sha256, evaluator: "chat", name: '<img src=x onerror=alert("name")> \u202etxt.exe' });
	await waitForRun(hostile.server, hostile.run);
});

pageTest("while the run goes on the view stays as it is until newer results are wanted", { on: () => slow.server, path: () => `/runs/${slow.run}/results?done=yes` }, async (page) => {
	const pill = await page.waitForSelector("[data-newer]");
	const count = () => page.locator(".count").innerText().then((text) => Number(text.replace(/\D/g, "")));
	const frozen = await count();
	await until("more results", async () => (await slow.server.get(`/runs/${slow.run}/progress`)).done > frozen + 5);
	assert.equal(await count(), frozen);
	await pill.click();
	await page.waitForFunction((before) => Number(document.querySelector(".count").textContent.replace(/\D/g, "")) > before, frozen);
	assert.equal(search(page), "?done=yes");
});

const slow = {};
before(async () => {
	if (missing) return;
	slow.server = await begin(startServer({ workers: [await begin(startSim({ timeScale: "0.3" }))], maxInFlight: 4 }));
	const dataset = await upload(slow.server, inventCsv(3000), "slow.csv");
	slow.run = await startRun(slow.server, { dataset: dataset.sha256, evaluator: "chat", shuffle: true, seed: 1 });
	await until("first results", async () => (await slow.server.get(`/runs/${slow.run}/progress`)).done > 3);
});

for (const language of ["en", "ja"])
	for (const theme of ["light", "dark"])
		for (const width of [1360, 390])
			pageTest(`axe finds nothing, nothing is cut off: ${language}, ${theme}, ${width} px`, { language, theme, width, path: () => `/runs/${run}/results?cell=fn&cell=fp&source=jpcert` }, async (page) => {
				await page.waitForSelector(".grid-sight .row[data-n]");
				const check = async (what) => {
					await page.evaluate(axe);
					const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
					assert.deepEqual(violations.map(({ id, nodes }) => `${what} ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), []);
					assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than the window`);
				};
				if (width === 390) await page.click(".facet-drawer summary");
				await page.waitForSelector("[data-facet=source]");
				await check("rows");
				await page.locator(".grid").focus();
				await page.keyboard.press("j");
				await page.keyboard.press("Enter");
				await record(page);
				await check("record");
			});
