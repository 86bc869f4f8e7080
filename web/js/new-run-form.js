// What a person asks for: the form as texts, and back and forth between it, the
// address of the page and the API's run request. Pure.
//
// Numbers stay the text that was typed until they are sent, so that a typo is an
// error at its field and never a default. The address holds what differs from
// where the form began (the configuration, or the run that it was prefilled
// from); long texts (prompts, lists) stay in the browser's history instead:
//
//   /runs/new?from=r-0001&dataset=SHA&select=random&n=500&seed=7&sampling=pandas
//     &filter=source%3Dx&run=r-0002&kinds=timeout,schema&shuffle=yes&workers=0,2
//     &name=…&evaluator=chat&model=…&language=ja&temperature=0&top_p=1
//     &max_tokens=1024&timeout=60&attempts=3&no_verdict=exclude&show=differences

/** @import {Defaults, RunRequest} from "./api-types" */

/**
 * @typedef {"dataset" | "name" | "select" | "n" | "seed" | "sampling" | "filter" | "keys" | "run" | "kinds" | "shuffle" |
 *   "evaluator" | "model" | "language" | "system" | "user" | "temperature" | "top_p" | "max_tokens" | "timeout" |
 *   "attempts" | "no_verdict" | "workers"} FieldName
 * @typedef {Record<FieldName, string>} Form
 */

/** In the order of the page. @type {FieldName[]} */
export const fieldNames = [
	"dataset",
	"name",
	"select",
	"n",
	"filter",
	"keys",
	"run",
	"kinds",
	"shuffle",
	"seed",
	"sampling",
	"evaluator",
	"model",
	"language",
	"system",
	"user",
	"temperature",
	"top_p",
	"max_tokens",
	"timeout",
	"attempts",
	"no_verdict",
	"workers",
];

/** Too long for an address: kept in the history's state. @type {FieldName[]} */
export const longFields = ["keys", "system", "user"];

/** What the API calls a field, where that differs. @type {Partial<Record<FieldName, string>>} */
const apiNames = {
	select: "selection.kind",
	n: "selection.n",
	sampling: "selection.sampling",
	filter: "selection.filter",
	keys: "selection.keys",
	run: "selection.run",
	kinds: "selection.kinds",
	system: "prompt.system",
	user: "prompt.user",
	timeout: "timeout_s",
};

/** The field that a problem of the server is about. @param {unknown} api @returns {FieldName | null} */
export const fieldOf = (api) =>
	fieldNames.find((name) => (apiNames[name] ?? name) === api) ??
	(api === "selection" || api === "selection.seed" ? (api === "selection" ? "select" : "seed") : null);

/** A number as people type it, also 全角 and with thousands separators; null when it is none. @param {string} text */
export function readNumber(text) {
	const plain = text.normalize("NFKC").trim();
	if (/^[+-]?\d{1,3}(,\d{3})+$/.test(plain)) return Number(plain.replaceAll(",", ""));
	return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(plain) ? Number(plain) : null;
}

/** Domains of a pasted list, one per line or separated by commas or spaces. @param {string} text */
export const readKeys = (text) => text.split(/[\s,;、，；]+/u).filter((each) => each !== "");

/** @param {string} text */
export const readList = (text) => text.split(",").filter((each) => each !== "");

/** @type {[name: FieldName, least: number, most: number, whole: boolean][]} */
const numbers = [
	["n", 1, 1e9, true],
	["seed", 0, 4294967295, true],
	["temperature", 0, 2, false],
	["top_p", 0.01, 1, false],
	["max_tokens", 1, 1e6, true],
	["timeout", 0.05, 86400, false],
	["attempts", 1, 20, true],
];

/** Whether a field says anything now: n belongs to first and random, and so on. @param {Form} form @param {FieldName} name */
export function isUsed(form, name) {
	const { select, shuffle, evaluator } = form;
	const draws = select === "random" || shuffle === "yes";
	if (name === "n") return select === "first" || select === "random";
	if (name === "filter") return select === "filter";
	if (name === "keys") return select === "list";
	if (name === "run") return select === "run" || select === "errors";
	if (name === "kinds") return select === "errors";
	if (name === "sampling") return draws;
	if (name === "seed") return draws || evaluator === "chat";
	if (["system", "user", "temperature", "top_p", "max_tokens", "model", "language"].includes(name))
		return evaluator === "chat";
	return true;
}

/**
 * What is wrong before the server is asked: the code of a sentence per field, with its parameters.
 * @param {Form} form
 * @returns {Partial<Record<FieldName, {code: string, least?: number, most?: number}>>}
 */
export function mistakes(form) {
	/** @type {ReturnType<typeof mistakes>} */
	const found = {};
	for (const [name, least, most, whole] of numbers) {
		if (!isUsed(form, name)) continue;
		const value = readNumber(form[name]);
		if (form[name].trim() === "") found[name] = { code: "number.missing" };
		else if (value === null) found[name] = { code: "number.none" };
		else if (whole && !Number.isInteger(value)) found[name] = { code: "number.whole" };
		else if (value < least || value > most) found[name] = { code: "number.range", least, most };
	}
	for (const name of /** @type {FieldName[]} */ (["filter", "run"]))
		if (isUsed(form, name) && form[name].trim() === "") found[name] = { code: `missing.${name}` };
	if (isUsed(form, "keys") && readKeys(form.keys).length === 0) found.keys = { code: "missing.keys" };
	if (form.workers === "none") found.workers = { code: "missing.workers" };
	return found;
}

/** @param {Form} form */
function selectionOf(form) {
	/** @type {Record<string, unknown>} */
	const selection = { kind: form.select };
	if (isUsed(form, "n")) selection.n = readNumber(form.n);
	if (isUsed(form, "sampling")) selection.sampling = form.sampling;
	if (isUsed(form, "filter")) selection.filter = form.filter.trim();
	if (isUsed(form, "keys")) selection.keys = readKeys(form.keys);
	if (isUsed(form, "run")) selection.run = form.run.trim();
	if (isUsed(form, "kinds") && form.kinds !== "") selection.kinds = readList(form.kinds);
	return selection;
}

/** The run request of a form without mistakes. @param {Form} form */
export function requestOf(form) {
	/** @type {Record<string, unknown>} */
	const request = {
		dataset: form.dataset,
		name: form.name.trim(),
		selection: selectionOf(form),
		shuffle: form.shuffle === "yes",
		evaluator: form.evaluator,
		timeout_s: readNumber(form.timeout),
		attempts: readNumber(form.attempts),
		no_verdict: form.no_verdict,
	};
	if (isUsed(form, "seed")) request.seed = readNumber(form.seed);
	if (form.workers !== "all") request.workers = readList(form.workers);
	if (form.evaluator !== "chat") return request;
	return {
		...request,
		model: form.model.trim() === "" ? null : form.model.trim(),
		language: form.language,
		prompt: { system: form.system, user: form.user },
		temperature: readNumber(form.temperature),
		top_p: readNumber(form.top_p),
		max_tokens: readNumber(form.max_tokens),
	};
}

/** Text that is edited must be what is sent, so it is taken as it is. @param {unknown} text */
const asTyped = (text) => (text === null || text === undefined ? "" : String(text));

/**
 * The form of a run request; without prompts of its own it has those of its language.
 * @param {Partial<RunRequest>} request
 * @param {Defaults["prompts"]} prompts
 * @returns {Form}
 */
export function formOf(request, prompts) {
	const { selection, prompt } = request;
	const language = request.language ?? "en";
	return {
		dataset: request.dataset ?? "",
		name: "",
		select: selection?.kind ?? "all",
		n: asTyped(selection?.n),
		seed: asTyped(selection?.seed ?? request.seed),
		sampling: selection?.sampling ?? "mekiki",
		filter: selection?.filter ?? "",
		keys: (selection?.keys ?? []).join("\n"),
		run: selection?.run ?? "",
		kinds: (selection?.kinds ?? []).join(","),
		shuffle: request.shuffle ? "yes" : "no",
		evaluator: request.evaluator ?? "chat",
		model: asTyped(request.model),
		language,
		system: asTyped(prompt?.system ?? prompts[language]?.system),
		user: asTyped(prompt?.user ?? prompts[language]?.user),
		temperature: asTyped(request.temperature),
		top_p: asTyped(request.top_p),
		max_tokens: asTyped(request.max_tokens),
		timeout: asTyped(request.timeout_s),
		attempts: asTyped(request.attempts),
		no_verdict: request.no_verdict ?? "exclude",
		workers: request.workers ? request.workers.join(",") : "all",
	};
}

/** The form that an address means, beginning from `base`. @param {URLSearchParams} query @param {Form} base @param {Partial<Form>} long */
export function formFrom(query, base, long) {
	const form = { ...base };
	for (const name of fieldNames) {
		const given = longFields.includes(name) ? long[name] : query.get(name);
		if (given !== null && given !== undefined) form[name] = given;
	}
	return form;
}

/** What differs from `base`, for the address; other keys of the present query stay. @param {Form} form @param {Form} base @param {URLSearchParams} present */
export function queryOf(form, base, present) {
	const query = new URLSearchParams(present);
	for (const name of fieldNames) {
		if (longFields.includes(name)) continue;
		if (form[name] === base[name]) query.delete(name);
		else query.set(name, form[name]);
	}
	return query;
}

/** The fields that say something else than in `base`. @param {Form} form @param {Form} base */
export const differences = (form, base) =>
	fieldNames.filter((name) => (isUsed(form, name) || isUsed(base, name)) && form[name] !== base[name]);
