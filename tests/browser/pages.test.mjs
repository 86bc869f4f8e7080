// What the pages weigh, that they preload what they load, and that nothing of them is elsewhere.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fileOf, graphOf, laterOf, pages, pageWithPreloads, web } from "./module-graph.mjs";

/** Bytes, compressed: until a page shows something, and with what it loads later. */
const budgets = { first: 60 * 1024, whole: 100 * 1024 };
const html = (page) => readFileSync(join(web, `${page}.html`), "utf8");

/** Everything that a first visit fetches, in the larger language. */
function filesOf(page) {
	const linked = [...html(page).matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path);
	const words = ["/i18n/ja.json", `/i18n/${page}.ja.json`].filter((path) => existsSync(fileOf(path)));
	const first = new Set([`/${page}.html`, ...words, ...linked, ...graphOf(`/js/${page}.js`)]);
	return { first, whole: new Set([...first, ...laterOf(page)]) };
}

for (const page of pages) {
	for (const [part, files] of Object.entries(filesOf(page)))
		test(`${page}.html, ${part}: less than ${budgets[part] / 1024} KB compressed`, (context) => {
			const sizes = [...files].map((path) => [gzipSync(readFileSync(fileOf(path)), { level: 9 }).length, path]);
			const sum = sizes.reduce((total, [size]) => total + size, 0);
			context.diagnostic(`${page}, ${part}: ${sum} bytes in ${sizes.length} files`);
			assert.ok(sum < budgets[part], `${sum} bytes:\n${sizes.sort((a, b) => b[0] - a[0]).map(([size, path]) => `${size} ${path}`).join("\n")}`);
		});

	test(`${page}.html preloads exactly its modules (node tests/browser/module-graph.mjs --write)`, () => {
		const { source, wanted } = pageWithPreloads(page);
		assert.equal(source, wanted);
	});

	test(`${page}.html holds no script, no style and no foreign address`, () => {
		const source = html(page);
		assert.doesNotMatch(source, /<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=/);
		assert.doesNotMatch(source, /(?:href|src)="(?!\/)/);
	});
}

test("the shared worker is small and needs nothing but the stream", () => {
	assert.deepEqual([...graphOf("/js/live-worker.js")].sort(), ["/js/live-worker.js", "/js/stream.js"]);
});
