// Every word in both languages, every key in use, every code of the server known, no text outside the dictionaries.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parts, placeholders, sentenceOf } from "../../web/js/messages.js";
import { root, web } from "./module-graph.mjs";
import { templatesOf } from "./templates.mjs";

/** The dictionary of all pages and those of single ones. */
const dictionaries = (language) => readdirSync(join(web, "i18n")).filter((name) => name === `${language}.json` || name.endsWith(`.${language}.json`));
const source = (name) => readFileSync(join(web, "i18n", name), "utf8");
const read = (language) => Object.assign({}, ...dictionaries(language).map((name) => JSON.parse(source(name))));
const en = read("en");
const ja = read("ja");
const sources = readdirSync(join(web, "js"))
	.filter((name) => name.endsWith(".js"))
	.map((name) => ({ name, text: readFileSync(join(web, "js", name), "utf8") }));
const code = sources.map(({ text }) => text).join("\n");

test("both languages have the same keys", () => {
	assert.deepEqual(Object.keys(ja).sort(), Object.keys(en).sort());
});

test("every dictionary is there in both languages", () => {
	const names = (language) => dictionaries(language).map((name) => name.replace(`${language}.json`, ""));
	assert.deepEqual(names("ja").sort(), names("en").sort());
	for (const name of names("en")) assert.deepEqual(Object.keys(JSON.parse(source(`${name}ja.json`))), Object.keys(JSON.parse(source(`${name}en.json`))), name);
});

test("no key is written twice", () => {
	for (const language of ["en", "ja"]) {
		const keys = dictionaries(language).flatMap((name) => [...source(name).matchAll(/^\s*"([^"]+)":/gm)].map(([, key]) => key));
		assert.equal(keys.length, new Set(keys).size, language);
	}
});

test("a sentence has the same placeholders in both languages", () => {
	for (const key of Object.keys(en)) assert.deepEqual(placeholders(ja[key]), placeholders(en[key]), key);
});

test("no sentence is empty, and Japanese is Japanese", () => {
	/** What is the same in both: names, symbols, units, addresses. */
	const same = /^(brand|title\.run|language\.|zone\.UTC|unit\.|cell\.(tp|fp|fn|tn)$|metrics\.(f1|mcc|interval|points)|flag\.idn$|facts\.sha256|list\.joint|worker\.cause\.none)/;
	for (const [key, sentence] of Object.entries(ja)) {
		assert.notEqual(sentence, "", key);
		if (!same.test(key)) assert.match(sentence, /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u, `${key}: ${sentence}`);
	}
});

/** The keys that the code names, and the beginnings of those it builds. */
function usedKeys() {
	const exact = new Set();
	const prefixes = new Set();
	for (const [, key] of code.matchAll(/["'`]([a-z][\w-]*(?:\.[\w-]+)*)["'`]/g)) exact.add(key);
	for (const [, prefix] of code.matchAll(/`([a-z][\w-]*\.(?:[\w-]+\.)*)\$\{/g)) prefixes.add(prefix);
	for (const [, prefix] of code.matchAll(/["'](?:[a-z][\w-]*\.)+["']|"([a-z][\w-]*\.)"/g)) if (prefix) prefixes.add(prefix);
	for (const [, prefix] of code.matchAll(/prefix="((?:[a-z]+\.)+)"/g)) prefixes.add(prefix);
	for (const [prefix] of code.matchAll(/(?<=")(?:[a-z]+\.)+(?=")/g)) prefixes.add(prefix);
	return { exact, prefixes };
}

test("every key is in use", () => {
	const { exact, prefixes } = usedKeys();
	const unused = Object.keys(en).filter((key) => {
		const base = key.replace(/\.(one|other)$/, "");
		return !exact.has(base) && ![...prefixes].some((prefix) => base.startsWith(prefix));
	});
	assert.deepEqual(unused, []);
});

test("every key that the code names exists", () => {
	const missing = [];
	for (const [, key] of code.matchAll(/\b(?:t|rich)\(\s*"([^"]+)"/g)) if (!(key in en) && !(`${key}.other` in en)) missing.push(key);
	for (const [, prefix] of code.matchAll(/\b(?:t|rich)\(\s*`([^`$]+)\$\{/g)) if (!Object.keys(en).some((key) => key.startsWith(prefix))) missing.push(prefix);
	assert.deepEqual(missing, []);
});

/** The names in a C table: strings at the start of its rows. */
function namesIn(file, pattern) {
	const text = readFileSync(join(root, "server", file), "utf8");
	return [...text.matchAll(pattern)].map(([, name]) => name).filter((name) => name !== "");
}

test("the page has a word for every state, cause, failure and event of the server", () => {
	const rows = [
		["run.state.", namesIn("model/run.c", /\[RUN_\w+\] = "(\w+)"/g), 8],
		["run.sentence.", namesIn("model/run.c", /\[RUN_\w+\] = "(\w+)"/g), 8],
		["worker.state.", namesIn("model/worker.c", /\[WORKER_\w+\] = "(\w+)"/g), 12],
		["worker.cause.", namesIn("model/worker.c", /\[CAUSE_\w+\] = \{\s*"(\w+)"/g), 15],
		["failure.", namesIn("model/failure.c", /\[FAILURE_\w+\] = \{\s*"(\w*)"/g), 15],
		["problem.", namesIn("base/error.c", /\[ERROR_(?!NONE)\w+\] = \{\s*"([\w-]+)"/g), 16],
		["flag.", namesIn("api/shape.c", /\{ITEM_\w+, "(\w+)"\}/g), 7],
		["selection.", namesIn("config/request.c", /selection_names\[\] = \{([^}]*)\}/g).flatMap((list) => list.match(/\w+/g)), 7],
		["event.", namesIn("model/event.c", /\[EVENT_\w+\] = "([\w.]+)"/g), 16],
	];
	for (const [prefix, names, least] of rows) {
		assert.ok(names.length >= least, `${prefix}: only ${names.length} names found in the server's table`);
		for (const name of names) assert.ok(`${prefix}${name}` in en, `${prefix}${name} has no words`);
	}
});

/** Literal words in the templates of a source; the commands of mekiki itself are not words. */
const literalWords = (source) =>
	templatesOf(source)
		.flatMap(({ texts }) => texts)
		.map((text) => text.replace(/mekiki (?:serve|run domains\.csv)/, "").trim())
		.filter((text) => /\p{L}{2,}/u.test(text));

test("no text stands in a template", () => {
	for (const { name, text } of sources) assert.deepEqual(literalWords(text), [], `${name}: belongs into web/i18n`);
});

test("the lint finds text in a template", () => {
	assert.deepEqual(literalWords('html`<p class="a">Hello ${name}</p>`'), ["Hello"]);
	assert.deepEqual(literalWords("const x = cond ? html`<b>${list.map((i) => html`<i>${i} 件数</i>`)}</b>` : null;"), ["件数"]);
});

test("no literal text stands in an attribute that people read", () => {
	for (const { name, text } of sources)
		for (const [, attribute, value] of text.matchAll(/\b(title|aria-label|placeholder|alt|aria-valuetext)="([^"]*\p{L}[^"]*)"/gu)) assert.fail(`${name}: ${attribute}="${value}" belongs into web/i18n`);
});

test("one and many are told apart where a language does", () => {
	const dictionary = { "x.one": "{n} item", "x.other": "{n} items" };
	const plurals = new Intl.PluralRules("en");
	assert.equal(sentenceOf(dictionary, "x", { n: 1 }, plurals), "{n} item");
	assert.equal(sentenceOf(dictionary, "x", { n: 2 }, plurals), "{n} items");
	assert.equal(sentenceOf(dictionary, "x", { n: 1 }, new Intl.PluralRules("ja")), "{n} items");
});

test("a missing key shows itself instead of nothing", () => {
	assert.equal(sentenceOf({}, "no.such.key"), "⟦no.such.key⟧");
});

test("a component can stand in the middle of a sentence", () => {
	const component = { a: 1 };
	assert.deepEqual(parts("from {from} to {to}.", { from: component, to: "b" }), ["from ", component, " to ", "b", "."]);
});
