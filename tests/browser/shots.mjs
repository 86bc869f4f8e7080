// Pictures of the pages in both languages, both themes and two widths, to look at:
//   node tests/browser/shots.mjs /tmp/shots [LINK]
import { mkdir } from "node:fs/promises";
import { launch, signInOn, watchedContext } from "./browser.mjs";
import { StandIn } from "./stand-in.mjs";

const out = process.argv[2] ?? "shots";
const given = process.argv[3];
await mkdir(out, { recursive: true });
const stand = given ? null : await new StandIn({ done: 1520, perTick: 3, tick: 300 }).start();
const browser = await launch();
try {
	for (const language of ["en", "ja"])
		for (const theme of ["light", "dark"])
			for (const width of [1360, 390]) {
				const page = await (await watchedContext(browser, { language, theme, width })).newPage();
				await signInOn(page, given ?? stand.link);
				await page.waitForSelector(".u-over", { timeout: 15_000 }).catch(() => {});
				await page.waitForTimeout(1500);
				await page.screenshot({ path: `${out}/run-${language}-${theme}-${width}.png`, fullPage: true });
				await page.goto(`${new URL(page.url()).origin}/runs`);
				await page.waitForSelector("table.runs, .empty");
				await page.screenshot({ path: `${out}/runs-${language}-${theme}-${width}.png`, fullPage: true });
				await page.goto(`${new URL(page.url()).origin}/login`);
				await page.waitForSelector("form");
				await page.screenshot({ path: `${out}/login-${language}-${theme}-${width}.png`, fullPage: true });
				await page.context().close();
			}
} finally {
	await browser.close();
	await stand?.stop();
}
