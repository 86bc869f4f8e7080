// The modules that a page loads, found by their imports; --write puts them into
// the pages as modulepreload, so that a visit is one round trip and not six.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const web = join(root, "web");
export const vendor = join(root, "build/web/vendor");
export const pages = ["login", "runs", "run", "new-run", "results", "workers"];

/** The file behind a path that the server serves. */
export const fileOf = (path) => (path.startsWith("/vendor/") ? join(vendor, path.slice("/vendor/".length)) : join(web, path));

/** Paths of a module and everything that it imports statically, sorted. */
export function graphOf(path, found = new Set()) {
	if (found.has(path)) return found;
	found.add(path);
	if (path.startsWith("/vendor/")) return found;
	const source = readFileSync(fileOf(path), "utf8");
	for (const [, wanted] of source.matchAll(/^(?:import|export)\b[^"'`;=]*?["']([^"']+)["'];/gm))
		graphOf(posix.resolve(posix.dirname(path), wanted), found);
	return found;
}

/** What a page loads later: the graphs of its dynamic imports. */
export function laterOf(page) {
	const found = new Set();
	for (const path of graphOf(`/js/${page}.js`))
		for (const [, wanted] of readFileSync(fileOf(path), "utf8").matchAll(/\bawait import\("([^"]+)"\)/g))
			graphOf(posix.resolve(posix.dirname(path), wanted), found);
	return found;
}

/** The preload lines that a page should have. */
export function preloadsOf(page) {
	return [...graphOf(`/js/${page}.js`)]
		.filter((path) => path !== `/js/${page}.js`)
		.sort()
		.map((path) => `<link rel="modulepreload" href="${path}">`)
		.join("\n");
}

const section = /(<!-- preload: [^>]*-->\n)[\s\S]*?(<!-- \/preload -->)/;

/** The page as it should be. */
export function pageWithPreloads(page) {
	const source = readFileSync(join(web, `${page}.html`), "utf8");
	return { source, wanted: source.replace(section, (_, open, close) => `${open}${preloadsOf(page)}\n${close}`) };
}

if (process.argv[2] === "--write")
	for (const page of pages) {
		const { source, wanted } = pageWithPreloads(page);
		if (source !== wanted) {
			writeFileSync(join(web, `${page}.html`), wanted);
			console.log(`${relative(root, join(web, `${page}.html`))}: preloads written`);
		}
	}
