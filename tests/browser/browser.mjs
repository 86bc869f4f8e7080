// Chromium for the tests: a fresh profile per context, nothing but this machine.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { web } from "./module-graph.mjs";

const require = createRequire(join(web, "package.json"));
const { chromium } = require("playwright-core");

export const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const hasBrowser = existsSync(executable);

export const launch = () =>
	chromium.launch({
		executablePath: executable,
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
	});

/**
 * A context whose every request, violation and dialog is watched.
 * @param {import("playwright-core").Browser} browser
 */
export async function watchedContext(browser, { language = "en", theme = "light", width = 1360, height = 900 } = {}) {
	const context = await browser.newContext({ viewport: { width, height }, acceptDownloads: true, timezoneId: "Asia/Tokyo", locale: language, colorScheme: theme });
	context.trouble = [];
	context.hosts = new Set();
	await context.addInitScript(
		({ language, theme }) => {
			if (location.protocol !== "http:") return; // about:blank has no storage
			if (localStorage.getItem("language") === null) {
				localStorage.setItem("language", language);
				localStorage.setItem("theme", theme);
			}
			addEventListener("securitypolicyviolation", (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
		},
		{ language, theme },
	);
	context.on("request", (request) => {
		const url = new URL(request.url());
		if (url.protocol !== "data:") context.hosts.add(url.host);
	});
	context.on("page", (page) => {
		page.on("dialog", (dialog) => {
			context.trouble.push(`dialog: ${dialog.message()}`);
			dialog.dismiss();
		});
		page.on("pageerror", (error) => context.trouble.push(`error: ${error.stack}`));
		page.on("console", (message) => {
			const expected = /Failed to load resource: net::ERR|the server responded with a status of 401/;
			if (message.type() === "error" && !expected.test(message.text())) context.trouble.push(`console: ${message.text()}`);
		});
	});
	return context;
}

/** Comes in by the printed link, up to the run's name. @param {import("playwright-core").Page} page @param {string} link */
export async function signInOn(page, link) {
	await page.goto(link);
	await page.waitForURL((url) => url.pathname.startsWith("/runs"));
	await page.waitForSelector("#main h1");
}
