// Hostile text has one door: the functions behind it, and a lint that finds every other way.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defang, defangAddresses, defangProse, visible, visibleParts } from "../../web/js/hostile-text.js";
import { web } from "./module-graph.mjs";
import { templatesOf } from "./templates.mjs";

const door = ["untrusted.js", "hostile-text.js"];
const modules = readdirSync(join(web, "js"))
	.filter((name) => name.endsWith(".js"))
	.map((name) => ({ name, text: readFileSync(join(web, "js", name), "utf8") }));

/** The fields that api-types.d.ts marks as hostile. */
const hostileFields = [...readFileSync(join(web, "js/api-types.d.ts"), "utf8").matchAll(/(\w+)\??: Hostile\b/g)].map(([, name]) => name);

/** Values in templates that name a hostile field and do not go through the door. */
function leaksIn(source) {
	const field = new RegExp(`\\.(${hostileFields.join("|")})\\b(?!\\.\\w)`);
	return templatesOf(source)
		.flatMap(({ values }) => values)
		.filter(({ code, tag }) => !/^\$\{(Untrusted|Domain|VirusTotal)\}$/.test(tag) && field.test(withoutTemplates(code)))
		.map(({ code }) => code);
}

/** Code without the templates in it (they are looked at by themselves) and without what only asks. */
const withoutTemplates = (code) =>
	code.replace(/"[^"]*"/g, '""').replace(/`[\s\S]*`/g, "``").replace(/isEmpty\([^()]*\)/g, "").replace(/[\w.?]+ (?:===|!==) (?:null|undefined)/g, "");

test("the lint knows the hostile fields", () => {
	for (const name of ["key", "reasoning", "name", "text", "model", "person", "detail"]) assert.ok(hostileFields.includes(name), name);
});

test("hostile fields reach the page through the one door", () => {
	for (const { name, text } of modules) if (!door.includes(name)) assert.deepEqual(leaksIn(text), [], name);
});

test("the lint finds the ways around the door", () => {
	const wrong = [
		"html`<p>${row.key}</p>`",
		"html`<p title=${row.reasoning}>x</p>`",
		"html`<p>${cond ? row.key : null}</p>`",
		"html`<ul>${rows.map((row) => html`<li>${row.unicode}</li>`)}</ul>`",
		"html`<${Row} label=${worker.text} />`",
	];
	for (const source of wrong) assert.equal(leaksIn(source).length, 1, source);
	for (const source of ["html`<${Domain} name=${row.key} />`", "html`<p>${isEmpty(row.key) ? null : html`<${Untrusted} text=${row.key} />`}</p>`"]) assert.deepEqual(leaksIn(source), [], source);
});

test("no module makes markup or code from text, or an address from data", () => {
	const forbidden = [
		/\b(?:inner|outer)HTML\b/,
		/\binsertAdjacentHTML\b/,
		/\bdangerouslySetInnerHTML\b/,
		/\bdocument\.write/,
		/\beval\(/,
		/\bnew Function\b/,
		/\bsrcdoc\b/,
		/\bDOMParser\b/,
		/\bcreateContextualFragment\b/,
		/\bimport\(\s*[^"')]/,
		/\bstyle="/,
		/\bon[a-z]+="/,
		/\btarget=(?!"_blank" rel="noreferrer noopener">\$\{t\("panel\.virustotal"\)\})/,
		/\bwindow\.open\b/,
		/href=(?:"https?:|\$\{(?!["'`]\/|href\}|address\(\)\}|`\/))/,
	];
	for (const { name, text } of modules) for (const pattern of forbidden) assert.doesNotMatch(text, pattern, `${name}: ${pattern}`);
});

test("only the door and the title use plain()", () => {
	for (const { name, text } of modules) if (!["untrusted.js", "title.js"].includes(name)) assert.doesNotMatch(text, /\bplain\b(?!"|-)[^}]*from ".\/untrusted/, name);
});

test("characters that reorder, hide or control are printed as code points", () => {
	assert.equal(visible("evil\u202emoc"), "evil‹U+202E›moc");
	assert.equal(visible("pay\u200bpal\u00ad"), "pay‹U+200B›pal‹U+00AD›");
	assert.equal(visible("\u0000\u001b[31m\u2066\ufeff"), "‹U+0000›‹U+001B›[31m‹U+2066›‹U+FEFF›");
	assert.equal(visible("\ud800 \u{e0041}"), "‹U+D800› ‹U+E0041›");
	assert.equal(visible("日本語 аррӏе 🎣 ⚠️ 👩‍💻"), "日本語 аррӏе 🎣 ⚠️ 👩‍💻");
	assert.equal(visible("a\ufe0fb\u200dc"), "a‹U+FE0F›b‹U+200D›c");
});

test("tab and newline stay what they are, so that prose keeps its lines", () => {
	assert.equal(visible("a\tb\nc"), "a\tb\nc");
});

test("long text is cut, and the cut is counted", () => {
	const { parts, cut } = visibleParts("a".repeat(10_240), 80);
	assert.equal(parts.join("").length, 80);
	assert.equal(cut, 10_160);
});

test("a cut does not split a character in two", () => {
	const { parts } = visibleParts("🎣🎣", 3);
	assert.ok(!parts.includes("U+D83C"), parts.join("|"));
});

test("every dot of a domain is defanged, whatever it looks like", () => {
	assert.equal(defang("a.b.example"), "a[.]b[.]example");
	assert.equal(defang("https://a.example"), "hxxps://a[.]example");
	assert.equal(defang("a\u3002b\uff0ec\uff61d"), "a[.]b[.]c[.]d");
	assert.equal(defang("a[.]b"), "a[.]b");
});

test("addresses in prose are defanged, numbers and names of models are not", () => {
	assert.equal(defangProse("see http://evil.example/a.b, or phish.example now."), "see hxxp://evil[.]example/a[.]b, or phish[.]example now.");
	assert.equal(defangAddresses("handoff_candidates.csv from http://evil.example/"), "handoff_candidates.csv from hxxp://evil[.]example/");
	assert.equal(defangProse("confidence 0.93; Qwen2.5-7B; e.g. this"), "confidence 0.93; Qwen2.5-7B; e.g. this");
});
