// The pages in Chromium against the stand-in server:
//   node tests/browser/run-page.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { contextTest, pageTest, until } from "./page-test.mjs";
import { signInOn } from "./browser.mjs";

const numberIn = async (page, selector) => Number((await page.locator(selector).first().innerText()).replace(/[^\d.]/g, ""));
const health = (page, wanted) => page.waitForSelector(`.chip[data-health="${wanted}"]`, { timeout: 15_000 });

pageTest("the link signs in, and its token stays nowhere in the address or history", { done: 100 }, async ({ page, stand }) => {
	assert.equal(new URL(page.url()).pathname, "/runs/r-0001");
	assert.ok(!page.url().includes("token"));
	assert.ok(stand.requests.every((request) => !request.includes("stand-in-token")));
});

contextTest("without a session every page leads to the login page and back", { done: 100 }, async ({ page, stand }) => {
	await page.goto(`${stand.origin}/runs/r-0001`);
	await page.waitForURL("**/login?next=%2Fruns%2Fr-0001");
	await page.waitForSelector(".server dd");
	assert.match(await page.locator(".server").innerText(), new RegExp(`lab:${stand.port}`));
	await page.fill("#token", "wrong");
	await page.click("button[type=submit]");
	await page.waitForSelector("[role=alert] .bar");
	await page.fill("#token", "stand-in-token");
	await page.click("button[type=submit]");
	await page.waitForURL("**/runs/r-0001");
});

for (const next of ["//evil.example/x", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/login"])
	contextTest(`a link cannot lead to ${next}`, { done: 100 }, async ({ page, stand }) => {
		await page.goto(`${stand.origin}/login#token=stand-in-token&next=${encodeURIComponent(next)}`);
		await page.waitForURL("**/runs");
	});

pageTest("figures move by themselves, and the title follows", { done: 200 }, async ({ page }) => {
	const before = await numberIn(page, ".count[data-cell=tn] .n");
	await until(page, (n) => Number(document.querySelector(".count[data-cell=tn] .n").textContent.replace(/\D/g, "")) > n, before);
	await until(page, () => /^\d+\.\d% running · demo/.test(document.title));
	assert.match(await page.locator("link[rel=icon]").getAttribute("href"), /^data:image\/svg\+xml/);
	await health(page, "live");
});

pageTest("both matrices stand side by side, for what was handed over and overall", { done: 600, state: "paused" }, async ({ page, stand }) => {
	const shown = stand.confusion().matrices;
	assert.equal(await page.locator("table.matrix").count(), 4);
	for (const matrix of shown)
		for (const cell of ["tp", "fp", "fn", "tn", "none_benign", "none_phishing"])
			assert.equal(await numberIn(page, `[data-matrix=${matrix.stage}-${matrix.subset}] [data-cell=${cell}] .n`), matrix[cell], `${matrix.stage} ${matrix.subset} ${cell}`);
	const text = await page.locator(".matrices").first().innerText();
	const { est, lo, hi } = shown[1].metrics.recall;
	assert.ok(text.includes(`${(est * 100).toFixed(1)}%`) && text.includes(`[${(lo * 100).toFixed(1)}–${(hi * 100).toFixed(1)}]`), text);
	const tops = await page.locator("table.matrix").evaluateAll((tables) => tables.map((table) => table.getBoundingClientRect().top));
	assert.equal(tops[0], tops[1]);
	assert.equal(tops[2], tops[3]);
});

pageTest("items without verdict can be counted another way, and the page keeps to it", { done: 600 }, async ({ page, stand }) => {
	await page.selectOption(".policy select", "stage1");
	await until(page, () => document.querySelector(".population").textContent.includes("stage 1's prediction"));
	const asked = () => stand.requests.filter((each) => each.endsWith("/confusion?policy=stage1")).length;
	const before = asked();
	const tn = await numberIn(page, ".count[data-cell=tn] .n");
	await until(page, (n) => Number(document.querySelector(".count[data-cell=tn] .n").textContent.replace(/\D/g, "")) > n, tn);
	assert.ok(asked() > before);
	assert.match(await page.locator(".population").first().innerText(), /stage 1's prediction/);
});

pageTest("a run in file order hides its partial figures until they are asked for", { done: 600, shuffled: false }, async ({ page }) => {
	await page.waitForSelector(".hidden-matrices");
	assert.equal(await page.locator("table.matrix").count(), 0);
	await page.click(".hidden-matrices button");
	await page.waitForSelector("table.matrix");
	assert.match(await page.locator(".confusion-head").innerText(), /not representative/);
});

pageTest("a finished run in file order shows its figures", { done: 300, total: 300, shuffled: false }, async ({ page }) => {
	await page.waitForSelector("table.matrix");
	assert.equal(await page.locator(".hidden-matrices").count(), 0);
	await until(page, () => document.title.startsWith("100%"));
});

pageTest("pause, resume and stop, each when it is possible", { done: 200 }, async ({ page, stand }) => {
	await page.click("[data-action=pause]");
	await page.waitForSelector("[data-action=resume]");
	assert.equal(stand.state, "paused");
	assert.equal(await page.locator("[data-action=pause]").count(), 0);
	await page.click("[data-action=resume]");
	await page.waitForSelector("[data-action=pause]");
	await page.click("[data-action=stop]");
	await page.waitForSelector("dialog[open]");
	assert.match(await page.locator("dialog[open]").innerText(), /results of 2,500 items are kept/);
	await page.keyboard.press("Escape");
	await page.waitForSelector("dialog[open]", { state: "detached" });
	assert.equal(stand.state, "running");
	await page.click("[data-action=stop]");
	await page.click("[data-action=stop-now]");
	await page.waitForSelector("[data-action=start]");
	assert.equal(stand.state, "stopped");
	await until(page, () => document.querySelector(".event-list li").textContent.includes("running → stopped"));
});

pageTest("an action that comes too late says why, and the page stays", { done: 200 }, async ({ page, stand }) => {
	await page.waitForSelector("[data-action=pause]");
	await page.route("**/actions", async (route) => {
		stand.state = "finished";
		await route.continue();
	});
	await page.click("[data-action=pause]");
	await page.waitForSelector("[role=alert] .bar");
	assert.match(await page.locator("[role=alert]").innerText(), /another state/);
	assert.ok(await page.locator("table.matrix").count());
	page.context().trouble = page.context().trouble.filter((each) => !each.includes("409"));
});

contextTest("a run that is not there is said to be missing, in the frame", { done: 100 }, async ({ page, stand, context }) => {
	await signInOn(page, stand.link);
	await page.goto(`${stand.origin}/runs/r-9999`);
	await page.waitForSelector(".trouble");
	assert.match(await page.locator("main").innerText(), /no such thing/);
	assert.deepEqual(await page.locator("nav a").allInnerTexts(), ["Runs", "Workers"]);
	context.trouble = context.trouble.filter((each) => !each.includes("404"));
});

pageTest("a viewer sees everything and can change nothing", { done: 200, role: "viewer" }, async ({ page }) => {
	await page.waitForSelector("table.matrix");
	assert.equal(await page.locator("[data-action]").count(), 0);
});

pageTest("a worker that dies stays, in its place, with its cause", { done: 200 }, async ({ page, stand }) => {
	await page.waitForSelector("[data-worker='1'][data-state=ready]");
	stand.setWorker("1", false);
	const card = await page.waitForSelector("[data-worker='1'][data-state=down]");
	assert.match(await card.innerText(), /Connection refused[\s\S]*3 of 3 failed probes[\s\S]*connect to 127\.0\.0\.1/);
	assert.deepEqual(await page.locator("[data-worker]").evaluateAll((cards) => cards.map((each) => each.dataset.worker)), ["0", "1", "2"]);
	stand.setWorker("1", true);
	await page.waitForSelector("[data-worker='1'][data-state=ready]");
});

pageTest("a run that names no workers shows all, and one that does shows its own", { done: 200, workers: null }, async ({ page, stand }) => {
	await page.waitForSelector("[data-worker='2']");
	stand.setWorker("1", false);
	await page.waitForSelector("[data-worker='1'][data-state=down]");
	await until(page, () => document.querySelector(".event-list").textContent.includes("ready → down"));
	stand.options.workers = ["0", "2"];
	await page.reload();
	await page.waitForSelector("[data-worker='2']");
	assert.equal(await page.locator("[data-worker]").count(), 2);
});

pageTest("the three downloads bring what they say", { done: 50, total: 50 }, async ({ page }) => {
	for (const [kind, name] of [["csv", "r-0001-v50.csv"], ["excel", "r-0001-v50.csv"], ["jsonl", "r-0001-v50.jsonl"]]) {
		const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-download=${kind}]`)]);
		assert.equal(download.suggestedFilename(), name);
		assert.equal(readFileSync(await download.path(), "utf8").trim().split("\n").length, kind === "jsonl" ? 50 : 51);
	}
});

pageTest("the page outlives its server: it says so, comes back by itself, and is right", { done: 200 }, async ({ page, stand }) => {
	await health(page, "live");
	const { port } = stand;
	await stand.stop();
	await health(page, "disconnected");
	const marked = await page.evaluate(() => {
		globalThis.notReloaded = true;
		return document.querySelector("main").className;
	});
	assert.match(marked, /not-fresh/);
	for (let i = 0; i < 500; i++) stand.finishOne();
	stand.addEvent("server.started", { run: null });
	await stand.start(port);
	await health(page, "live");
	await until(page, (n) => Number(document.querySelector(".count[data-cell=tn] .n").textContent.replace(/\D/g, "")) >= n, stand.matrix("final", "handed").tn);
	assert.ok(await page.evaluate(() => globalThis.notReloaded));
});

pageTest("nine tabs are live over one stream", { done: 200 }, async ({ page: first, stand }) => {
	const tabs = [first];
	for (let i = 1; i < 9; i++) {
		const page = await first.context().newPage();
		await page.goto(`${stand.origin}/runs/r-0001`);
		tabs.push(page);
	}
	for (const page of tabs) await health(page, "live");
	assert.equal(stand.streams.size, 1);
	assert.equal(stand.streamsOpened, 1);
	const answer = await tabs[8].evaluate(async () => (await fetch("/api/v1/me")).status);
	assert.equal(answer, 200);
	for (const page of tabs.slice(1)) await page.close();
	await until(first, (n) => Number(document.querySelector(".strip dd").textContent.split("/")[0].replace(/\D/g, "")) > n, stand.seq);
});

contextTest("without a shared worker a visible tab has its own stream", { done: 200 }, async ({ page, stand }) => {
	await page.addInitScript(() => delete globalThis.SharedWorker);
	await signInOn(page, stand.link);
	await health(page, "live");
	await until(page, (n) => Number(document.querySelector(".strip dd").textContent.split("/")[0].replace(/\D/g, "")) > n, stand.seq);
});

pageTest("hostile text is shown and does nothing", { done: 300, hostile: true }, async ({ page, stand }) => {
	stand.setWorker("1", false);
	stand.addEvent("item.quarantined", { data: { key: '"><img src=x onerror=alert(2)>.example' } });
	stand.addEvent('<img src=x onerror="alert(3)">', { data: {} });
	await until(page, () => document.querySelector(".event-list").textContent.includes("quarantined"));
	await until(page, () => document.querySelectorAll(".results li").length > 5);
	await until(page, () => document.title.includes("‹U+202E›txt.exe"));
	const found = await page.evaluate(() => ({
		links: [...document.querySelectorAll("a")].map((a) => a.href).filter((href) => new URL(href).origin !== location.origin),
		images: [...document.images].map((image) => image.getAttribute("src")),
		scripts: [...document.scripts].filter((script) => !script.src).length,
		frames: document.querySelectorAll("iframe, object, embed, base, form").length,
		handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some((attribute) => attribute.name.startsWith("on"))).length,
		bidi: /[\u202a-\u202e\u2066-\u2069\u200b\u00ad]/.test(document.body.innerText),
		text: document.body.innerText,
		wide: document.documentElement.scrollWidth > innerWidth,
	}));
	assert.deepEqual(found.links, []);
	assert.deepEqual(found.images, ["/icons/mekiki.svg"]);
	assert.equal(found.scripts + found.frames + found.handlers, 0);
	assert.equal(found.bidi, false);
	assert.equal(found.wide, false);
	assert.match(found.text, /<script>alert\("prose"\)<\/script>/);
	assert.match(found.text, /аррӏе\[\.\]com\s+xn--80ak6aa92e\[\.\]com/);
	assert.doesNotMatch(found.text, /https?:\/\/evil|phish\.example/);
	await page.goto(`${stand.origin}/runs`);
	await page.waitForSelector("table.runs");
	assert.equal(await page.evaluate(() => document.images.length), 1);
});

pageTest("language, theme and zone are chosen once and kept", { done: 200 }, async ({ page }) => {
	await page.selectOption("select[aria-label=Language]", "ja");
	await until(page, () => document.documentElement.lang === "ja" && document.body.innerText.includes("混同行列") === false && document.body.innerText.includes("ハンドオフ対象"));
	await page.selectOption("select[aria-label='テーマ']", "dark");
	await page.selectOption("select[aria-label='タイムゾーン']", "UTC");
	await page.reload();
	await page.waitForSelector("table.matrix");
	assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]), ["ja", "dark"]);
	assert.match(await page.locator(".run-state").innerText(), /\+00:00/);
});

pageTest("the curve is said in words and can be read as a table", { done: 200 }, async ({ page }) => {
	const plot = await page.waitForSelector(".plot[role=img] canvas", { timeout: 15_000 });
	assert.ok(await plot.isVisible());
	assert.match(await page.locator(".plot").getAttribute("aria-label"), /Items per second over time: now \d/);
	await page.click(".rate h2 button");
	assert.ok((await page.locator(".rate tbody tr").count()) >= 1);
});

pageTest("everything can be reached and used by keyboard", { done: 200 }, async ({ page, stand }) => {
	await page.evaluate(() => document.activeElement?.blur());
	const seen = [];
	for (let i = 0; i < 80; i++) {
		await page.keyboard.press("Tab");
		seen.push(await page.evaluate(() => document.activeElement?.dataset.action ?? document.activeElement?.dataset.download ?? document.activeElement?.className ?? ""));
	}
	assert.equal(seen[0], "skip");
	for (const wanted of ["pause", "stop", "csv", "excel", "jsonl"]) assert.ok(seen.includes(wanted), `${wanted} is not among ${seen.join(", ")}`);
	await page.focus("[data-action=pause]");
	await page.keyboard.press("Enter");
	await page.waitForSelector("[data-action=resume]");
	assert.equal(stand.state, "paused");
});
