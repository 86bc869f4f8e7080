// A view of results and its address, each made from the other: pure.
//
// The query of the page is that of the API (its filters, sort, policy, version),
// and two places of the reader: `at`, the row under the cursor, and `row`, the
// item whose record is open. What nobody knows is kept, so that a link survives.

/** The filters, in the order in which they are shown and written. */
export const filterKeys = [
	"cell",
	"change",
	"verdict",
	"kind",
	"risk",
	"worker",
	"source",
	"band",
	"label",
	"stage1",
	"tld",
	"done",
	"retried",
	"q",
];

/** @param {string} key */
const isFilter = (key) => filterKeys.includes(key) || key.startsWith("col.");

/**
 * @typedef {[key: string, value: string]} Pair
 * @typedef {{
 *   filters: Pair[],
 *   sort: string,
 *   policy: string,
 *   version: number | null,
 *   at: number | null,
 *   row: number | null,
 *   of: string,
 *   rest: Pair[],
 * }} View `sort` "n" and `policy` "" are the usual; `at` counts from 0, `row` is an item's n,
 *   `of` the number of a matrix that led here: "final-overall-fn"
 */

/** @param {string | null} text @param {number} least */
const number = (text, least) =>
	text !== null && /^\d{1,15}$/.test(text) && Number(text) >= least ? Number(text) : null;

/** @param {string} search "?cell=fn&…" @returns {View} */
export function readView(search) {
	const query = new URLSearchParams(search);
	/** @type {View} */
	const view = { filters: [], sort: "n", policy: "", version: null, at: null, row: null, of: "", rest: [] };
	for (const [key, value] of query) {
		if (isFilter(key)) {
			if (value !== "" || key === "source" || key === "tld" || key.startsWith("col.")) view.filters.push([key, value]);
		} else if (!["sort", "policy", "version", "at", "row", "of"].includes(key)) view.rest.push([key, value]);
	}
	view.sort = query.get("sort") || "n";
	view.policy = query.get("policy") ?? "";
	view.version = number(query.get("version")?.replace(/^v/, "") ?? null, 1);
	view.at = number(query.get("at"), 0);
	view.row = number(query.get("row"), 1);
	view.of = query.get("of") ?? "";
	return view;
}

/** @param {Pair} a @param {Pair} b */
const byKey = ([a], [b]) => (isFilter(a) && isFilter(b) ? placeOf(a) - placeOf(b) : 0);

/** @param {string} key */
const placeOf = (key) => (filterKeys.indexOf(key) + filterKeys.length + 1) % (filterKeys.length + 1);

/** What the API is asked: filters, order, policy, version. @param {View} view @param {number} version */
export function queryOf(view, version) {
	const query = new URLSearchParams([...view.filters].sort(byKey));
	if (view.sort !== "n") query.set("sort", view.sort);
	if (view.policy !== "") query.set("policy", view.policy);
	if (version > 0) query.set("version", String(version));
	return query;
}

/** The search of the page's address, "" for everything as usual. @param {View} view */
export function searchOf(view) {
	const query = queryOf(view, view.version ?? 0);
	if (view.at !== null && view.at > 0) query.set("at", String(view.at));
	if (view.row !== null) query.set("row", String(view.row));
	if (view.of !== "") query.set("of", view.of);
	for (const [key, value] of view.rest) query.append(key, value);
	const text = query.toString();
	return text === "" ? "" : `?${text}`;
}

/** @param {View} view @param {string} key @param {string} value */
export const has = (view, key, value) => view.filters.some((pair) => pair[0] === key && pair[1] === value);

/** Another question: the reader starts at its beginning. @param {View} view @param {Pair[]} filters @returns {View} */
const asking = (view, filters) => ({ ...view, filters: filters.sort(byKey), at: null, row: null, of: "" });

/** @param {View} view @param {string} key @param {string} value */
export const toggled = (view, key, value) =>
	asking(
		view,
		has(view, key, value)
			? view.filters.filter((pair) => pair[0] !== key || pair[1] !== value)
			: [...view.filters, [key, value]],
	);

/** Only this value of the key, or none. @param {View} view @param {string} key @param {string} value */
export const only = (view, key, value) =>
	asking(view, [
		...view.filters.filter((pair) => pair[0] !== key),
		...(value === "" ? [] : [/** @type {Pair} */ ([key, value])]),
	]);

/** @param {View} view */
export const cleared = (view) => asking(view, []);

/** Ascending, descending, as usual. @param {View} view @param {string} by @returns {View} */
export function sortedBy(view, by) {
	const next = view.sort === by ? `-${by}` : view.sort === `-${by}` && by !== "n" ? "n" : by;
	return { ...view, sort: next, at: null };
}
