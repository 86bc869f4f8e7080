// Pictures of every page in both languages, both themes and two widths, to look at:
//   node tests/browser/shots.mjs DIRECTORY [LANGUAGE THEME WIDTH]
//   node tests/browser/shots.mjs web/screenshots readme      the few that the README shows
// The server is the real one; its workers are simulated, its domains invented.
import { mkdir } from "node:fs/promises";
import { endAll, inventDomains, startRun, startServer, startSim, until, upload, waitForRun } from "../lib/mekiki.mjs";
import { launch, signInOn, watchedContext } from "./browser.mjs";

const [out = "build/screenshots", ...only] = process.argv.slice(2);

const syllables = ["ka", "mo", "ri", "to", "na", "se", "ha", "yu", "mi", "ko"];
const harmless = (i) => `${[...String(i)].map((digit) => syllables[digit]).join("")}.example.com`;

/** As a first stage hands over: what it was unsure of, from three sources, in their order; names that nobody owns. */
function handOver(count) {
	const sources = ["feed-a", "feed-b", "crawl"];
	const lines = inventDomains(count).map((suspicious, i) => {
		const looksBad = i % 10 < 4;
		const phishing = Number(looksBad !== (i % 13 === 5));
		const ml = Math.min(0.99, Math.max(0.01, ((i * 37) % 60) / 100 + (phishing ? 0.35 : 0.05)));
		return `${looksBad ? suspicious : harmless(i)},${sources[Math.floor((i * 3) / count)]},${ml.toFixed(2)},${phishing}`;
	});
	return Buffer.from(`domain,source,ml_probability,y_true\n${lines.join("\n")}\n`);
}

/** Two workers that judge, one of them slow, and one that is down; two runs that are over, one that goes on. */
async function world() {
	const sims = [await startSim({ timeScale: 0.05 }), await startSim({ slowness: 1.7, timeScale: 0.05, seed: 2 })];
	const server = await startServer({ workers: [...sims, '{id: 2, type: external, url: "http://127.0.0.1:9"}'] });
	await until("the workers", async () => (await server.get("/workers")).items.filter(({ state }) => state === "ready").length === 2);
	const small = await upload(server, handOver(400), "handoff-2026-11.csv");
	const large = await upload(server, handOver(9000), "handoff.csv");
	const over = await startRun(server, { dataset: small.sha256, name: "prompt B", shuffle: true, seed: 42 });
	await waitForRun(server, over);
	await waitForRun(server, await startRun(server, { dataset: small.sha256, name: "prompt A, file order", evaluator: "fake" }));
	const live = await startRun(server, { dataset: large.sha256, name: "prompt C, all sources", shuffle: true, seed: 42 });
	await until("results", async () => (await server.get(`/runs/${live}/progress`)).done > 300);
	return { server, over, live };
}

/** @param {{over: string, live: string}} runs */
const pages = ({ over, live }) => [
	{ name: "runs", path: "/runs", ready: "table.runs" },
	{ name: "run", path: `/runs/${live}`, ready: "table.matrix" },
	{ name: "results", path: `/runs/${over}/results`, ready: "[role=row], table tbody tr" },
	{ name: "missed", path: `/runs/${over}/results?cell=fn&row=1`, ready: "aside, dialog, [role=row]" },
	{ name: "new-run", path: `/runs/new?from=${over}`, ready: ".plan" },
	{ name: "workers", path: "/workers", ready: "[data-worker]" },
	{ name: "login", path: "/login", ready: "form" },
];

await mkdir(out, { recursive: true });
const { server, ...runs } = await world();
const { token } = await server.post("/tokens", { person: "tanaka", role: "admin" }, 200, 201);
const browser = await launch();

/** @param {{language: string, theme: string, width: number, height?: number}} look @param {(name: string) => string | null} fileOf */
async function shoot(look, fileOf) {
	const page = await (await watchedContext(browser, look)).newPage();
	await signInOn(page, `${server.url}/login#token=${token}&next=/runs`);
	for (const { name, path, ready } of pages(runs)) {
		const file = fileOf(name);
		if (file === null) continue;
		await page.goto(server.url + path);
		await page.waitForSelector(ready, { timeout: 15_000 });
		await page.waitForTimeout(1200); // for the eye only: charts, and figures that were heard since
		await page.screenshot({ path: `${out}/${file}.png`, fullPage: name !== "results" && look.height === undefined });
	}
	await page.context().close();
}

/** Heights at which a picture shows what it is about and stays small. */
const readme = { run: 850, results: 600, workers: 600 };
try {
	if (only[0] === "readme")
		for (const [page, height] of Object.entries(readme)) await shoot({ language: "en", theme: "light", width: 1080, height }, (name) => (name === page ? name : null));
	else
		for (const language of ["en", "ja"])
			for (const theme of ["light", "dark"])
				for (const width of [1360, 390])
					if (only.length === 0 || only.join() === [language, theme, width].join())
						await shoot({ language, theme, width }, (name) => `${name}-${language}-${theme}-${width}`);
} finally {
	await browser.close();
	endAll();
}
console.log(`pictures are in ${out}`);
