// Tests that have a stand-in server and a browser context of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hasBrowser, launch, signInOn, watchedContext } from "./browser.mjs";
import { StandIn } from "./stand-in.mjs";

const options = { skip: hasBrowser ? false : "no /usr/bin/chromium", timeout: 60_000 };

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
	if (hasBrowser) browser = await launch();
});
after(async () => browser?.close());

/** A test with a server and a browser context of its own, which must have caused no trouble and asked nobody else. */
export function contextTest(name, settings, body) {
	test(name, options, async () => {
		const stand = await new StandIn(settings).start();
		const context = await watchedContext(browser, settings);
		context.setDefaultTimeout(15_000);
		try {
			await body({ stand, context, page: await context.newPage() });
			assert.deepEqual(context.trouble, []);
			assert.deepEqual([...context.hosts], [new URL(stand.origin).host]);
		} finally {
			await context.close();
			await stand.stop();
		}
	});
}

/** The same, signed in and on the run's page. */
export function pageTest(name, settings, body) {
	contextTest(name, settings, async (world) => {
		await signInOn(world.page, world.stand.link);
		await body(world);
	});
}

/** Waits for a condition in the page. */
export const until = (page, condition, argument) => page.waitForFunction(condition, argument, { timeout: 15_000 });
