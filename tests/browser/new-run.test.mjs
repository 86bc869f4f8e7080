// From a file to a run under way, in Chromium against the real server and
// simulated workers. Columns, cells, file and run names are hostile.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { inventCsv, inventDomains, MEKIKI, startRun, startSim, temporary, until, upload, waitForRun } from "../lib/mekiki.mjs";
import { badRows, csv, hostileColumn, pageTest, planned, put, server, sims, total } from "./new-run-world.mjs";

/** The dataset and the run that the first tests make. */
let sha, finished;

const query = (page) => new URL(page.url()).searchParams;
const selects = (page, n) => page.waitForSelector(`[data-selected="${n}"]:not(.old)`);
const mistake = (page, name) => page.locator(`#mistake-${name}`);
const onDataset = () => `/runs/new?dataset=${sha}`;
const onFake = () => `/runs/new?dataset=${sha}&evaluator=fake`;
const confirmAll = async (page) => {
	for (const box of await page.locator("[data-warning]").all()) await box.check();
};

pageTest("from the list of runs: a file is uploaded, and the page says what it holds", { path: "/runs" }, async (page) => {
	await page.click("[data-action=new-run]");
	await page.waitForURL("**/runs/new");
	await page.setInputFiles("[data-file=dataset]", csv);
	await page.waitForSelector(".dataset-facts");
	sha = await page.getAttribute("[data-chosen]", "data-chosen");
	assert.equal(query(page).get("dataset"), sha);
	const text = await page.locator(".dataset-facts").innerText();
	assert.match(text, /<img src=x onerror=alert\(4\)>\.csv/);
	assert.match(text, new RegExp(`Rows\\s+${total}\\s+Items\\s+${total}\\s+Bad rows\\s+${badRows}`));
	const { labels } = await server.get(`/datasets/${sha}`);
	assert.match(await page.locator("[data-class=phishing]").first().innerText(), new RegExp(`${labels.phishing}`));
	assert.match(text, /crawl\s+149/);
	await planned(page);
	await selects(page, total);
});

pageTest("rows that were left out are told with record, line and reason, a page at a time", { path: onDataset }, async (page) => {
	await page.click("[data-problems] summary");
	await page.waitForSelector(".row-problems tbody tr");
	assert.equal(await page.locator(".row-problems tbody tr").count(), 20);
	const first = await page.locator(".row-problems tbody tr").first().innerText();
	assert.match(first, new RegExp(`^${total + 1}\\s+${total + 2}\\s+.*white space.*\\s+white space 0\\.example`));
	await page.click(".pager button:last-of-type");
	await page.waitForFunction((n) => document.querySelectorAll(".row-problems tbody tr").length === n, badRows - 20);
	assert.match(await page.locator(".pager").innerText(), /21–25 of 25/);
});

pageTest("columns, meanings and first rows are shown, and hostile ones do nothing", { path: onDataset }, async (page) => {
	await page.click(".columns summary");
	await page.click(".preview summary");
	await page.waitForSelector(".preview td");
	const text = await page.locator("main").innerText();
	assert.match(text, /y_true\s*label: never in a prompt/);
	assert.match(text, /ml_probability\s*stage-1 probability/);
	assert.ok(text.includes(hostileColumn) && text.includes("<script>alert(2)</script>"));
	await page.click("[data-action=another-dataset]");
	await page.waitForSelector(`[data-dataset="${sha}"]`);
	const found = await page.evaluate(() => ({
		images: [...document.images].map((image) => image.getAttribute("src")),
		scripts: [...document.scripts].filter((script) => !script.src).length,
		links: [...document.querySelectorAll("a")].filter((a) => new URL(a.href).origin !== location.origin).length,
		handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some((attribute) => attribute.name.startsWith("on"))).length,
		bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
	}));
	assert.deepEqual(found, { images: ["/icons/mekiki.svg"], scripts: 0, links: 0, handlers: 0, bidi: false });
});

pageTest("the same bytes are recognized, also when they are dropped", {}, async (page) => {
	const bytes = [...csv.buffer];
	await page.waitForSelector("[data-drop=dataset]");
	const transfer = await page.evaluateHandle(
		({ bytes }) => {
			const data = new DataTransfer();
			data.items.add(new File([new Uint8Array(bytes)], "again.csv", { type: "text/csv" }));
			return data;
		},
		{ bytes },
	);
	const answered = page.waitForResponse((response) => response.url().includes("/datasets?name=again.csv"));
	await page.dispatchEvent("[data-drop=dataset]", "drop", { dataTransfer: transfer });
	assert.equal((await answered).status(), 200);
	await page.waitForSelector(`[data-chosen="${sha}"]`);
	await page.waitForSelector("[data-known]");
	assert.match(await page.locator("[data-known]").innerText(), /These bytes are known since/);
});

for (const [what, file, says] of [
	["no column domain", { name: "notes.csv", mimeType: "text/csv", buffer: Buffer.from("name,label\na.example,1\n") }, /no column "domain"; found "name", "label"/],
	["a quote that never ends", { name: "cut.csv", mimeType: "text/csv", buffer: Buffer.from('domain,y_true\n"a.example,1\nb.example,0\n') }, /quot/],
	["nothing in it", { name: "empty.csv", mimeType: "text/csv", buffer: Buffer.from("") }, /empty/],
	["more bytes than allowed", { name: "large.csv", mimeType: "text/csv", buffer: Buffer.alloc(5e6, "a") }, /Larger than allowed[\s\S]*At most 4\.2 MB/],
])
	pageTest(`a file with ${what} is refused with the reason, and the next one is taken`, {}, async (page) => {
		await page.setInputFiles("[data-file=dataset]", file);
		const bar = await page.waitForSelector(".file-drop .bar.tone-bad, .dataset-facts .bar.tone-wait, [data-problems]");
		assert.match(await bar.innerText().then(async (text) => (text.includes("left out") ? await problemsOf(page) : text)), says);
		if (await page.locator("[data-action=another-dataset]").count()) await page.click("[data-action=another-dataset]");
		await page.setInputFiles("[data-file=dataset]", csv);
		await page.waitForSelector(`[data-chosen="${sha}"]`);
	});

async function problemsOf(page) {
	await page.click("[data-problems] summary");
	await page.waitForSelector(".row-problems tbody tr");
	return page.locator(".row-problems").innerText();
}

pageTest("an upload shows how far it is and can be cancelled", {}, async (page) => {
	const network = await page.context().newCDPSession(page);
	await network.send("Network.enable");
	await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 300_000 });
	await page.setInputFiles("[data-file=dataset]", { name: "slow.csv", mimeType: "text/csv", buffer: Buffer.from(`domain\n${inventDomains(90_000).join("\n")}\n`) });
	await page.waitForFunction(() => Number(document.querySelector("progress")?.value) > 0);
	assert.match(await page.locator(".upload-progress").innerText(), /slow\.csv sending, \d+ %/);
	await page.click("[data-action=cancel-upload]");
	await page.waitForSelector("[data-step=cancelled]");
	assert.ok((await server.get("/datasets")).items.every((each) => each.name !== "slow.csv"));
});

pageTest("a number may be 全角, and a typo is an error, never all", { path: onFake }, async (page) => {
	await page.click("[data-select=first]");
	await page.waitForSelector("#field-n[aria-invalid=true]");
	assert.match(await mistake(page, "n").innerText(), /A number is needed/);
	await put(page, "n", "１２３");
	await selects(page, 123);
	await put(page, "n", "10o");
	assert.match(await mistake(page, "n").innerText(), /no number/);
	await page.waitForSelector("[data-obstacle='obstacle.mistakes']");
	assert.ok(await page.isDisabled("[data-action=start-run]"));
	await page.waitForSelector(".plan-figures", { state: "detached" });
	await put(page, "n", "1.5");
	assert.match(await mistake(page, "n").innerText(), /whole number/);
	await put(page, "n", "0");
	assert.match(await mistake(page, "n").innerText(), /From 1 to/);
	await put(page, "n", "0,007");
	await selects(page, 7);
});

pageTest("every choice is in the address: reload keeps it, Back is the previous question", { path: onFake }, async (page) => {
	await planned(page);
	await page.click("[data-select=random]");
	await put(page, "n", "40");
	await put(page, "seed", "7");
	await selects(page, 40);
	await page.check("#field-shuffle");
	await page.selectOption("#field-sampling", "pandas");
	await page.uncheck("[data-take='1']");
	await planned(page);
	assert.deepEqual([...query(page)].filter(([name]) => !["dataset", "evaluator"].includes(name)), [["select", "random"], ["n", "40"], ["seed", "7"], ["shuffle", "yes"], ["sampling", "pandas"], ["workers", "0"]]);
	await page.reload();
	await selects(page, 40);
	assert.equal(await page.inputValue("#field-sampling"), "pandas");
	assert.equal(await page.isChecked("[data-take='1']"), false);
	await page.goBack();
	await page.waitForFunction(() => document.querySelector("[data-take='1']").checked);
	await page.goBack();
	await page.waitForFunction(() => document.querySelector("#field-sampling").value === "mekiki");
	await page.goForward();
	await page.waitForFunction(() => document.querySelector("#field-sampling").value === "pandas");
});

pageTest("long texts survive a reload without standing in the address", { path: onDataset }, async (page) => {
	await put(page, "user", "Judge {{domain}} of {{source}}.");
	await page.click("[data-select=list]");
	await put(page, "keys", inventDomains(3).join("\n"));
	await selects(page, 3);
	assert.doesNotMatch(decodeURIComponent(page.url()), /Judge|example/);
	await page.reload();
	await selects(page, 3);
	assert.equal(await page.inputValue("#field-user"), "Judge {{domain}} of {{source}}.");
});

pageTest("a filter is put together or typed, and the server counts it", { path: onFake }, async (page) => {
	await page.click("[data-select=filter]");
	assert.match(await mistake(page, "filter").innerText(), /filter is needed/);
	await page.fill("[data-filter=value]", "feed");
	await page.press("[data-filter=value]", "Enter");
	await selects(page, total / 2);
	assert.equal(await page.inputValue("#field-filter"), "source=feed");
	await page.selectOption("[data-filter=key]", "band");
	await page.fill("[data-filter=value]", "0.3-0.5");
	await page.click("[data-action=add-term]");
	await page.waitForFunction(() => document.querySelector("#field-filter").value === "source=feed&band=0.3-0.5");
	await planned(page);
	const plan = await server.post("/runs/plan", { dataset: sha, evaluator: "fake", selection: { kind: "filter", filter: "source=feed&band=0.3-0.5" } });
	await selects(page, plan.counts.selected);
	await page.selectOption("[data-filter=key]", "col");
	await page.selectOption("[data-filter=column]", hostileColumn);
	await page.fill("[data-filter=value]", "<script>alert(2)</script>");
	await page.click("[data-action=add-term]");
	await selects(page, plan.counts.selected);
	await put(page, "filter", "sourc=feed");
	await page.waitForFunction(() => /did you mean/.test(document.querySelector("#mistake-filter").textContent));
	await page.click(".chips.terms button");
	await page.waitForFunction(() => /filter is needed/.test(document.querySelector("#mistake-filter").textContent));
});

pageTest("a pasted list is refanged, strangers are named and can be left out", { path: onFake }, async (page) => {
	const [first, second] = inventDomains(2);
	await page.click("[data-select=list]");
	await put(page, "keys", `hxxp://${first.replaceAll(".", "[.]")}/login\n${second}, ${second}\nstranger.example`);
	await page.waitForSelector(".strangers li");
	assert.match(await page.locator(".key-check").innerText(), /4 given: 2 items, 1 repeated\s+1 cannot be used:\s+stranger\[\.\]example not in the dataset/);
	await page.waitForSelector("#field-keys[aria-invalid=true]");
	await page.click("[data-action=leave-out]");
	await selects(page, 2);
	assert.equal(await page.locator(".strangers").count(), 0);
});

pageTest("a placeholder that is no column is told where it stands; reset brings the built-in prompts", { path: onDataset }, async (page) => {
	const built = await page.inputValue("#field-user");
	await put(page, "user", "one\nIs {{domian}} bad?");
	await page.waitForFunction(() => /line 2 .*domian.*did you mean \{\{domain\}\}/.test(document.querySelector("#mistake-user").textContent));
	await put(page, "system", "Label: {{y_true}}");
	await page.waitForFunction(() => /must not hold the answer/.test(document.querySelector("#mistake-system").textContent));
	await page.click("[data-action=reset-prompts]");
	await planned(page);
	assert.equal(await page.inputValue("#field-user"), built);
	await page.selectOption("#field-language", "ja");
	assert.match(await page.inputValue("#field-system"), /フィッシング/);
	await put(page, "user", "");
	await page.click("#field-user");
	await page.locator("[data-insert]", { hasText: "onerror" }).click();
	assert.equal(await page.inputValue("#field-user"), `{{${hostileColumn}}}`);
	await page.keyboard.type(" end");
	assert.equal(await page.inputValue("#field-user"), `{{${hostileColumn}}} end`);
	assert.equal(await page.locator("[data-insert]", { hasText: "y_true" }).count(), 0);
	await planned(page);
});

pageTest("some rows are tried through a chosen worker: prompt, raw answer, verdict, cost", { path: onDataset }, async (page) => {
	await put(page, "user", `Judge {{domain}}: {{${hostileColumn}}}`);
	await planned(page);
	await page.fill("[data-trial=k]", "２");
	await page.selectOption("[data-trial=worker]", "1");
	await page.click("[data-action=try]");
	await page.waitForSelector("[data-tried]");
	assert.equal(await page.locator("[data-tried]").count(), 2);
	const text = await page.locator("[data-tried]").first().innerText();
	assert.match(text, /(phishing|benign)\s+\d+%\s+\d+ \+ \d+ tokens · [\d,]+ ms · worker 1/);
	await page.click("[data-tried] summary >> nth=0");
	assert.match(await page.locator("[data-prompt]").first().innerText(), /Judge [\s\S]*<script>alert\(2\)<\/script>/);
	await page.click("[data-tried] summary >> nth=1");
	assert.match(await page.locator("[data-raw]").first().innerText(), /"is_phishing"/);
	await put(page, "temperature", "0.5");
	await page.waitForFunction(() => /settings have changed/.test(document.querySelector(".trial").textContent));
	await page.fill("[data-trial=k]", "11");
	assert.ok(await page.isDisabled("[data-action=try]"));
	assert.deepEqual((await server.get("/runs")).items, []);
});

pageTest("warnings are acknowledged one by one, then the run starts as it was asked for", { path: onFake }, async (page) => {
	await page.click("[data-select=random]");
	await put(page, "n", "50");
	await put(page, "seed", "9");
	await put(page, "name", "first <b>run</b>");
	await page.selectOption("#field-no_verdict", "benign");
	await selects(page, 50);
	assert.ok(await page.isDisabled("[data-action=start-run]"));
	assert.deepEqual(await page.locator("[data-warning]").evaluateAll((boxes) => boxes.map((box) => box.dataset.warning)), ["bad-rows", "not-shuffled"]);
	await page.check("[data-warning=bad-rows]");
	assert.match(await page.locator("#obstacle").innerText(), /1 point is not confirmed/);
	await page.check("[data-warning=not-shuffled]");
	await page.click("[data-action=start-run]");
	await page.waitForURL(/\/runs\/r-\d+$/);
	await page.waitForSelector("#run-name");
	finished = new URL(page.url()).pathname.split("/")[2];
	const run = await waitForRun(server, finished);
	assert.deepEqual(run.request.selection, { kind: "random", n: 50, seed: 9, sampling: "mekiki" });
	assert.equal(run.name, "first <b>run</b>");
	assert.equal(run.policy, "benign");
	assert.equal(run.request.evaluator, "fake");
	assert.equal(run.progress.done, 50);
	await page.goBack();
	await selects(page, 50);
	assert.equal(await page.inputValue("#field-seed"), "9");
});

pageTest("a run is the pattern of the next one, and only what differs is shown", { path: () => `/runs/${finished}` }, async (page) => {
	await page.click("[data-action=new-from]");
	await page.waitForURL(`**/runs/new?from=${finished}`);
	await selects(page, 50);
	assert.match(await page.locator(".differences").innerText(), new RegExp(`As ${finished}, except\\s+Everything is as it was`));
	await page.check("[data-action=only-differences]");
	assert.equal(await page.locator("#field-attempts").isVisible(), false);
	await page.uncheck("[data-action=only-differences]");
	await put(page, "attempts", "5");
	await page.check("[data-action=only-differences]");
	assert.equal(await page.locator("#field-attempts").isVisible(), true);
	assert.equal(await page.locator("#field-timeout").isVisible(), false);
	await page.waitForFunction(() => /Attempts per item: 3 → 5/.test(document.querySelector(".differences").textContent));
	await planned(page);
	assert.equal(query(page).get("attempts"), "5");
	assert.equal(query(page).get("seed"), null, "what is as in the run is not repeated");
	assert.match(await page.locator(".plan-figures").innerText(), new RegExp(`as in ${finished}`));
	await page.reload();
	await planned(page);
	assert.equal(await page.locator("#field-timeout").isVisible(), false);
	await page.click("[data-undo=attempts]");
	await page.waitForFunction(() => /Everything is as it was/.test(document.querySelector(".differences").textContent));
});

pageTest("the items of another run, or those without verdict", { path: onFake }, async (page) => {
	await page.click("[data-select=run]");
	await page.selectOption("#field-run", finished);
	await selects(page, 50);
	await page.click("[data-select=errors]");
	const failed = (await server.get(`/runs/${finished}`)).progress.no_verdict;
	if (failed > 0) await selects(page, failed);
	else await page.waitForFunction(() => /empty/.test(document.querySelector("#mistake-select").textContent));
});

pageTest("a plan that is no longer true is not started; the page says what is different", { path: onFake }, async (page) => {
	await planned(page);
	await confirmAll(page);
	await page.route("**/api/v1/runs", async (route) => {
		if (route.request().method() !== "POST") return route.continue();
		await server.post("/workers/1/actions", { action: "pause" });
		await until("the pause to show", async () => (await server.get("/workers/1")).paused);
		await route.continue();
	});
	await page.click("[data-action=start-run]");
	await page.waitForFunction(() => /It was not started/.test(document.querySelector(".plan-change")?.textContent ?? ""));
	assert.match(await page.locator(".plan-change").innerText(), /New: worker not ready/);
	assert.match(await page.locator("#obstacle").innerText(), /1 point is not confirmed/);
	await server.post("/workers/1/actions", { action: "resume" });
	await page.waitForFunction(() => /made again[\s\S]*No longer: worker not ready/.test(document.querySelector(".plan-change")?.textContent ?? ""));
});

pageTest("while another run is under way, the plan stands still and the start queues", { path: onFake }, async (page) => {
	const busy = await startRun(server, { dataset: sha, shuffle: true, name: "busy" });
	await page.waitForSelector("[data-warning=already-running]");
	await until("results of the busy run", async () => (await server.get(`/runs/${busy}`)).progress.done > 0);
	await planned(page);
	assert.match(await page.locator(".warnings").innerText(), new RegExp(`${busy} is under way`));
	await confirmAll(page);
	await page.click("[data-action=start-run]:enabled");
	await page.waitForURL(/\/runs\/r-\d+$/);
	const queued = new URL(page.url()).pathname.split("/")[2];
	assert.equal((await server.get(`/runs/${queued}`)).state, "queued");
	for (const id of [queued, busy]) await server.post(`/runs/${id}/actions`, { action: "stop" });
	await waitForRun(server, busy);
});

pageTest("curl does the same, and holds no token", { path: onDataset }, async (page) => {
	await page.click("[data-select=list]");
	await put(page, "keys", `${inventDomains(2).join("\n")}\nlogin.pay-bank.example`);
	await put(page, "name", "it's 日本語 $HOME `id` \u202e");
	await put(page, "user", "Is {{domain}} bad?\nJSON\n$(id)");
	await selects(page, 3);
	await page.click(".commands summary");
	const text = await page.locator("[data-command=curl]").innerText();
	assert.ok(!text.includes(server.token) && !/mekiki_\w+=|cookie/i.test(text));
	assert.doesNotMatch(text, /[^\n\x20-\x7e]|pay-bank\.example/);
	const { stdout } = await promisify(execFile)("/bin/sh", ["-c", text], { env: { PATH: process.env.PATH, MEKIKI_TOKEN: server.token, no_proxy: "127.0.0.1" } });
	const run = JSON.parse(stdout);
	assert.equal(run.name, "it's 日本語 $HOME `id` \u202e");
	assert.equal(run.request.selection.keys.length, 3);
	assert.equal(run.progress.total, 3);
	assert.equal(run.request.prompt.user, "Is {{domain}} bad?\nJSON\n$(id)");
	await waitForRun(server, run.id);
	const cli = await page.locator("[data-command=cli]").innerText();
	assert.ok(!cli.includes(server.token) && cli.endsWith("\nmekiki run --request request.json"));
	const env = { PATH: `${dirname(MEKIKI)}:${process.env.PATH}`, MEKIKI_URL: server.url, MEKIKI_TOKEN: server.token };
	const said = await promisify(execFile)("/bin/sh", ["-c", `${cli} -y --no-follow --json`], { cwd: temporary("commands"), env });
	const again = await server.get(`/runs/${JSON.parse(said.stdout).id}`);
	assert.deepEqual(again.request, run.request);
	await waitForRun(server, again.id);
});

pageTest("the command line does the same where it has the options; copying needs no Clipboard API", { path: () => `/runs/new?dataset=${sha}&select=random&n=20&seed=3&shuffle=yes&workers=0` }, async (page) => {
	await page.addInitScript(() => delete Navigator.prototype.clipboard);
	await page.reload();
	await selects(page, 20);
	await page.click(".commands summary");
	const text = await page.locator("[data-command=cli]").innerText();
	assert.equal(text, "mekiki run FILE --n-sample 20 --shuffle --random-state 3 --workers 0");
	await page.evaluate(() => {
		document.addEventListener("copy", () => {
			globalThis.selectedText = document.activeElement.value;
		});
	});
	await page.click("[data-copy=cli]");
	await page.waitForFunction(() => globalThis.selectedText);
	assert.equal(await page.evaluate(() => globalThis.selectedText), text);
	await page.waitForFunction(() => /Copied at/.test(document.querySelector(".commands").textContent));
});

pageTest("a population is tied, found and missing are counted, and untied", { path: onDataset }, async (page) => {
	const population = await upload(server, inventCsv(total + 50), "population.csv");
	await page.click(".population-choice summary");
	await page.click(`[data-population="${population.sha256}"]`);
	await page.waitForSelector("[data-tie]");
	assert.match(await page.locator("[data-tie]").innerText(), new RegExp(`${total - 2} items found there, 2 missing`));
	await page.waitForSelector("[data-warning=population-incomplete]");
	await page.click("[data-tie] button");
	await page.waitForSelector("[data-tie]", { state: "detached" });
});

pageTest("the health of the workers is of this moment, and a dead one is a warning", { path: onFake }, async (page) => {
	await page.waitForSelector("[data-worker='1'][data-state=ready]");
	await planned(page);
	const { port } = sims[1];
	await sims[1].stop("SIGKILL");
	await page.waitForSelector("[data-worker='1'][data-state=down], [data-worker='1'][data-state=unreachable]", { timeout: 40_000 });
	await page.waitForSelector("[data-warning=worker-not-ready]");
	assert.match(await page.locator(".plan-change").innerText(), /New: worker not ready/);
	await page.uncheck("[data-take='1']");
	await page.waitForSelector("[data-warning=worker-not-ready]", { state: "detached" });
	await page.uncheck("[data-take='0']");
	await page.waitForFunction(() => /At least one worker/.test(document.querySelector("#mistake-workers").textContent));
	sims[1] = await startSim({ timeScale: 0.05, seed: 2, port });
	await page.waitForSelector("[data-worker='1'][data-state=ready]", { timeout: 40_000 });
});

pageTest("keys belong to the input method while it composes", { path: () => `/runs/new?dataset=${sha}&evaluator=fake&select=filter` }, async (page) => {
	const value = "[data-filter=value]";
	await page.fill(value, "feed");
	await page.dispatchEvent(value, "compositionstart", {});
	await page.locator(value).evaluate((field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true })));
	await page.locator(value).evaluate((field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true })));
	assert.equal(await page.inputValue("#field-filter"), "");
	await page.dispatchEvent(value, "compositionend", {});
	await page.press(value, "Enter");
	assert.equal(await page.inputValue("#field-filter"), "source=feed");
	const cdp = await page.context().newCDPSession(page);
	await page.focus("#field-name");
	let plans = 0;
	page.on("request", (request) => {
		if (request.url().endsWith("/runs/plan")) plans++;
	});
	await selects(page, total / 2);
	plans = 0;
	await cdp.send("Input.imeSetComposition", { text: "ひょうか", selectionStart: 4, selectionEnd: 4 });
	await page.waitForTimeout(900); // longer than the pause after which it plans
	assert.equal(plans, 0);
	assert.equal(await page.inputValue("#field-name"), "ひょうか");
	await cdp.send("Input.insertText", { text: "評価" });
	await until("the plan to follow", async () => plans > 0);
	assert.equal(await page.inputValue("#field-name"), "評価");
});

pageTest("everything goes by keyboard alone, from the dataset to the start", {}, async (page) => {
	await page.waitForSelector(`[data-dataset="${sha}"]`);
	const reach = async (selector) => {
		for (let i = 0; i < 120; i++) {
			if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
			await page.keyboard.press("Tab");
		}
		assert.fail(`${selector} is not reached by Tab`);
	};
	await reach(`[data-dataset="${sha}"] button`);
	await page.keyboard.press("Enter");
	await page.waitForSelector("[data-select=all]");
	await reach("[data-select=all]");
	await page.keyboard.press("ArrowDown");
	await page.waitForSelector("#field-n");
	await reach("#field-n");
	await page.keyboard.type("5");
	await selects(page, 5);
	await reach("#field-evaluator");
	await page.keyboard.press("f");
	await reach("[data-take='0']");
	await planned(page);
	await reach("[data-warning]");
	for (const _ of await page.locator("[data-warning]").all()) {
		await reach("[data-warning]:not(:checked)");
		await page.keyboard.press("Space");
	}
	await page.waitForSelector("[data-action=start-run]:enabled");
	await reach("[data-action=start-run]");
	await page.keyboard.press("Enter");
	await page.waitForURL(/\/runs\/r-\d+$/);
});

pageTest("a viewer sees the plan, and can neither upload, try nor start", { path: onFake, role: "viewer" }, async (page) => {
	await planned(page);
	assert.ok(await page.isDisabled("[data-action=start-run]"));
	assert.match(await page.locator("#obstacle").innerText(), /not start runs/);
	assert.equal(await page.locator("[data-action=try], [data-file]").count(), 0);
	await page.goto(`${server.url}/runs`);
	await page.waitForSelector("table.runs");
	assert.equal(await page.locator("[data-action=new-run]").count(), 0);
});
