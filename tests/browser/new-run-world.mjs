// What the suites of the new-run page share: a server with two simulated workers,
// a file with hostile columns, cells and rows that are no domains, pages signed in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inventCsv, startServer, startSim, until } from "../lib/mekiki.mjs";
import { hasBrowser, launch, signInOn, watchedContext } from "./browser.mjs";

export const options = { skip: hasBrowser ? false : "no /usr/bin/chromium", timeout: 120_000 };
export const total = 300;
export const badRows = 25;
export const hostileColumn = "<img src=x onerror=alert(1)>";

/** Invented rows with a hostile column, two domains as attackers write them, and rows that are no domains. */
function hostileCsv() {
	const rows = inventCsv(total - 2, { extra: () => ({ [hostileColumn]: "<script>alert(2)</script>" }) }).toString();
	const bad = Array.from({ length: badRows }, (_, i) => `white space ${i}.example,feed,0.5,1,x`).join("\n");
	return `${rows}xn--80ak6aa92e.com,feed,0.9,1,\u202etxt\nlogin.pay-bank.example,"=cmd()",0.8,1,"javascript:alert(3)"\n${bad}\n`;
}

const hostileFile = "<img src=x onerror=alert(4)>.csv";
export const csv = { name: hostileFile, mimeType: "text/csv", buffer: Buffer.from(hostileCsv()) };

/** @type {import("playwright-core").Browser} */
let browser;
export let server;
export let sims;

const link = async (role = "admin") => {
	const { token } = await server.post("/tokens", { person: `p-${role}`, role }, 200, 201);
	return (path) => `${server.url}/login#token=${token}&next=${encodeURIComponent(path)}`;
};
let asAdmin;

async function begin() {
	if (!hasBrowser) return;
	sims = [await startSim({ timeScale: 0.05 }), await startSim({ timeScale: 0.05, seed: 2 })];
	server = await startServer({ workers: sims, config: "limits: {upload_bytes: 4M}\n" });
	await until("the workers to be ready", async () => (await server.get("/workers")).items.every((worker) => worker.state === "ready"));
	asAdmin = await link();
	browser = await launch();
}

/** Hooks of several modules do not wait for each other: those that need the server await this. */
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

/** Answers that the test asked for: the browser's console tells of every one. */
const isRefusal = (text) => /the server responded with a status of (400|404|409|413)/.test(text);

/** A test on the page, signed in, which must have caused no trouble and asked nobody else. */
export function pageTest(name, settings, body) {
	test(name, options, async () => {
		const context = await watchedContext(browser, settings);
		context.setDefaultTimeout(20_000);
		const page = await context.newPage();
		try {
			const path = typeof settings.path === "function" ? settings.path() : (settings.path ?? "/runs/new");
			await signInOn(page, (settings.role ? await link(settings.role) : asAdmin)(path));
			await body(page);
			assert.deepEqual(context.trouble.filter((each) => !isRefusal(each)), []);
			assert.deepEqual([...context.hosts], [new URL(server.url).host]);
		} finally {
			await context.close();
		}
	});
}

export const planned = (page) => page.waitForFunction(() => document.querySelector(".plan")?.dataset.etag && !document.querySelector(".plan-figures.old"));
export const put = (page, name, text) => page.fill(`#field-${name}`, text);
