// How the new-run page looks: nothing that axe finds, nothing cut off, in both languages, themes and two widths.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before } from "node:test";
import { startRun, upload, waitForRun } from "../lib/mekiki.mjs";
import { hasBrowser } from "./browser.mjs";
import { web } from "./module-graph.mjs";
import { csv, open, pageTest, planned, put, server } from "./new-run-world.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
let id;

before(async () => {
	if (!hasBrowser) return;
	await open();
	const { sha256 } = await upload(server, csv.buffer, csv.name);
	id = await startRun(server, { dataset: sha256, evaluator: "fake", name: "<b>before</b>" });
	await waitForRun(server, id);
});

for (const language of ["en", "ja"])
	for (const theme of ["light", "dark"])
		for (const width of [1360, 390])
			pageTest(`axe finds nothing, nothing is cut off: ${language}, ${theme}, ${width} px`, { language, theme, width }, async (page) => {
				const check = async (what) => {
					await page.evaluate(axe);
					const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
					assert.deepEqual(violations.map(({ id, nodes }) => `${what} ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), []);
					assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than the window`);
				};
				await page.waitForSelector(".datasets");
				await check("choice");
				await page.goto(`${server.url}/runs/new?from=${id}&evaluator=chat&temperature=9&select=filter&filter=source%3Dfeed`);
				await page.waitForSelector("#field-temperature[aria-invalid=true]");
				for (const summary of await page.locator("summary").all()) await summary.click();
				await page.waitForSelector(".preview td");
				await check("form with a mistake");
				await put(page, "temperature", "0");
				await planned(page);
				await page.fill("[data-trial=k]", "1");
				await page.click("[data-action=try]");
				await page.waitForSelector("[data-tried]");
				for (const summary of await page.locator("[data-tried] summary, .commands summary").all()) await summary.click();
				await check("plan and trial");
			});

