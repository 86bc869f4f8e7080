// Filling the sentences of web/i18n: pure, so that tests can run it anywhere.

/**
 * @typedef {Record<string, string>} Dictionary
 * @typedef {Record<string, unknown>} Params
 */

const placeholder = /\{(\w+)\}/;

/**
 * The names of the placeholders in a sentence, sorted.
 * @param {string} sentence
 */
export function placeholders(sentence) {
	return [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
}

/**
 * The sentence for a key. `n` chooses between `key.one` and `key.other` where a
 * language tells them apart; a key that is missing shows itself, so that it is seen.
 * @param {Dictionary} dictionary
 * @param {string} key
 * @param {Params} [params]
 * @param {Intl.PluralRules} [plurals]
 */
export function sentenceOf(dictionary, key, params, plurals) {
	if (plurals && typeof params?.n === "number") {
		const counted = dictionary[`${key}.${plurals.select(params.n)}`] ?? dictionary[`${key}.other`];
		if (counted !== undefined) return counted;
	}
	return dictionary[key] ?? `⟦${key}⟧`;
}

/**
 * A sentence cut at its placeholders: text, value, text, … Values are whatever
 * was given, so a component can stand in the middle of a sentence.
 * @param {string} sentence
 * @param {Params} params
 * @returns {unknown[]}
 */
export function parts(sentence, params) {
	return sentence.split(placeholder).map((part, i) => (i % 2 === 0 ? part : (params[part] ?? `{${part}}`)));
}
