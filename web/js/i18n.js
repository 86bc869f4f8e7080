// Every word on the pages: t() for a sentence, rich() for one with components in it.
import { computed, effect, signal } from "../vendor/preact.js";
import { formatsFor, spokenParts, spokenRange } from "./format.js";
import { parts, sentenceOf } from "./messages.js";
import { language, zone } from "./settings.js";

/** @import {Params} from "./messages.js" */

/** @type {Map<string, Record<string, string>>} */
const loaded = new Map();
const dictionary = signal(/** @type {Record<string, string>} */ ({}));
const spoken = signal("en");
const plurals = computed(() => new Intl.PluralRules(spoken.value));
const formats = computed(() => formatsFor(spoken.value, zone.value));

/** Numbers and times in the language and zone of the page. */
export const show = () => formats.value;

/** The words of a page alone, beside those of all: web/i18n/PAGE.en.json. */
let ownWords = "";

/** @param {string} name */
async function fetchWords(name) {
	const answer = await fetch(`/i18n/${name}.json`);
	if (!answer.ok) throw new Error(`/i18n/${name}.json: ${answer.status}`);
	return answer.json();
}

/** @param {string} wanted */
async function load(wanted) {
	if (!loaded.has(wanted)) {
		const names = ownWords === "" ? [wanted] : [wanted, `${ownWords}.${wanted}`];
		loaded.set(wanted, Object.assign({}, ...(await Promise.all(names.map(fetchWords)))));
	}
	if (wanted !== language.peek()) return;
	dictionary.value = loaded.get(wanted) ?? {};
	spoken.value = wanted;
	document.documentElement.lang = wanted;
}

/** Resolves when the page can speak; afterwards it follows the person's choice. @param {string} [own] a page with words of its own */
export async function speak(own = "") {
	ownWords = own;
	await load(language.peek());
	effect(() => {
		load(language.value);
	});
}

/** @param {unknown} value */
const word = (value) => (typeof value === "number" ? show().number(value) : value);

/**
 * A sentence whose parameters may be components: text, parameter, text, …
 * @param {string} key
 * @param {Params} [params]
 */
export const rich = (key, params = {}) =>
	parts(
		sentenceOf(dictionary.value, key, params, plurals.value),
		Object.fromEntries(Object.entries(params).map(([name, value]) => [name, word(value)])),
	);

/**
 * The sentence of a key; numbers are formatted, strings go in as they are.
 * @param {string} key
 * @param {Record<string, string | number>} [params]
 */
export const t = (key, params) => rich(key, params).join("");

/** Whether the page knows a word for a code that the server sent. @param {string} key */
export const knows = (key) => dictionary.value[key] !== undefined;

/** "1 h 52 min" @param {number} seconds */
export function duration(seconds) {
	return Object.entries(spokenParts(seconds))
		.map(([unit, n]) => t(`unit.${unit}`, { n }))
		.join(t("unit.joint"));
}

/** "38–46 min" @param {number} low @param {number} high seconds */
export function durationRange(low, high) {
	const range = spokenRange(low, high);
	const low_ = show().number(range.low, range.digits);
	const high_ = show().number(range.high, range.digits);
	return low_ === high_
		? t(`unit.${range.unit}`, { n: high_ })
		: t("unit.range", { low: low_, high: t(`unit.${range.unit}`, { n: high_ }) });
}
