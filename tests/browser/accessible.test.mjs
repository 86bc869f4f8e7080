// Every page in both languages, both themes and two widths: axe finds nothing, nothing is cut off.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { web } from "./module-graph.mjs";
import { pageTest } from "./page-test.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");

/** What axe has against the page as it is. */
async function violations(page) {
	await page.evaluate(axe);
	const found = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
	return found.violations.map(({ id, nodes }) => `${new URL(page.url()).pathname} ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
}

for (const theme of ["light", "dark"])
	pageTest(`axe finds nothing on a page that lost its server, nor in the dialog: ${theme}`, { done: 600, theme }, async ({ page, stand }) => {
		await page.click("[data-action=stop]");
		assert.deepEqual(await violations(page), []);
		await page.keyboard.press("Escape");
		await stand.stop();
		await page.waitForSelector(".not-fresh");
		assert.deepEqual(await violations(page), []);
		await stand.start(stand.port);
	});

for (const language of ["en", "ja"])
	for (const theme of ["light", "dark"])
		for (const width of [1360, 390])
			pageTest(`axe finds nothing, nothing is cut off: ${language}, ${theme}, ${width} px`, { done: 600, language, theme, width }, async ({ page, stand }) => {
				stand.setWorker("2", false);
				await page.waitForSelector("[data-state=down]");
				await page.waitForSelector(".plot canvas");
				for (const path of ["/runs/r-0001", "/runs", "/login"]) {
					if (path !== "/runs/r-0001") await page.goto(stand.origin + path);
					await page.waitForSelector(path === "/login" ? ".server" : path === "/runs" ? "table.runs" : "table.matrix");
					assert.deepEqual(await violations(page), []);
					assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than the window`);
				}
			});
