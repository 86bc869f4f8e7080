// Bundles the runtime libraries: node web/tools/vendor.mjs build/web/vendor
//
// Two entry files (web/vendor-src/) become two modules at fixed paths, with
// their types and the licences of everything that went in. The output depends
// on package-lock.json only: the same bytes on every machine.
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = resolve(process.argv[2] ?? join(web, "../build/web/vendor"));
const entries = ["preact", "uplot"];

/** Package directories of the files that went into a bundle, e.g. node_modules/@preact/signals. */
function packagesOf(inputs) {
	const found = new Set();
	for (const path of Object.keys(inputs)) {
		const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
		if (match) found.add(match[1]);
	}
	return [...found].sort();
}

async function licenceOf(name) {
	const home = join(web, "node_modules", name);
	const about = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
	const file = (await readdir(home)).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
	if (!file) throw new Error(`${name} ships no licence file: it cannot be bundled`);
	const text = (await readFile(join(home, file), "utf8")).replaceAll("\r\n", "\n").trim();
	return `${name} ${about.version} (${about.license})\n\n${text}\n`;
}

await mkdir(out, { recursive: true });
const result = await build({
	absWorkingDir: web,
	entryPoints: entries.map((name) => `vendor-src/${name}.js`),
	outdir: out,
	bundle: true,
	minify: true,
	format: "esm",
	target: "es2022",
	legalComments: "none",
	charset: "utf8",
	metafile: true,
	logLevel: "warning",
});

for (const name of entries) await copyFile(join(web, `vendor-src/${name}.d.ts`), join(out, `${name}.d.ts`));
await copyFile(join(web, "node_modules/uplot/dist/uPlot.min.css"), join(out, "uPlot.min.css"));

const licences = await Promise.all(packagesOf(result.metafile.inputs).map(licenceOf));
await writeFile(join(out, "LICENSES.txt"), licences.join(`\n${"-".repeat(78)}\n\n`));
