// What the results page knows: a question (the address), its frozen view, the
// pages of it that came into sight, facets, the open record.
import { computed, signal } from "../vendor/preact.js";
import { get } from "./api.js";
import { listen } from "./live.js";
import { attempt } from "./problems.js";
import { queryOf, readView, searchOf } from "./results-address.js";
import { RowPages } from "./row-pages.js";

/** @import {Confusion, Facets, Hostile, ItemRecord, ItemRow, Progress, Run} from "./api-types" */
/** @import {View} from "./results-address.js" */
/** @typedef {{text: Hostile, count: number}} FacetCount */

export const runId = location.pathname.split("/")[2] ?? "";
const path = (rest = "") => `/runs/${encodeURIComponent(runId)}${rest}`;

export const run = signal(/** @type {Run | null} */ (null));
export const progress = signal(/** @type {Progress | null} */ (null));
export const view = signal(readView(location.search));
/** The results that the view was frozen with. */
export const version = signal(0);
export const total = signal(/** @type {number | null} */ (null));
export const facets = signal(/** @type {Record<string, FacetCount[]> | null} */ (null));
/** The facets shown are those of another question still. */
export const facetsAreOld = signal(false);
/** The row under the cursor, from 0; -1 before there is one. */
export const active = signal(view.peek().at ?? -1);
export const record = signal(/** @type {ItemRecord | null} */ (null));
/** Counts what was loaded, so that rows are drawn again. */
export const loaded = signal(0);

/** Results that came after the view was frozen. */
export const newer = computed(() => Math.max(0, (progress.value?.version ?? 0) - version.value));

/** What the matrices say, for readers who come from a number that counts more than the rows of the run. */
export const confusion = signal(/** @type {Confusion | null} */ (null));

/** What the facets are asked about, in the order in which they are shown. */
export const facetNames = ["cell", "change", "verdict", "kind", "risk", "worker", "source", "band"];

/** @type {RowPages<ItemRow>} */
let pages = newPages();

/** The row, or undefined until it is loaded; whoever draws it hears of that. @param {number} offset */
export function rowAt(offset) {
	return loaded.value < 0 ? undefined : pages.row(offset);
}

/** @param {number} first @param {number} end */
export const see = (first, end) => pages.see(first, end);

/** @param {unknown} reason */
function refused(reason) {
	total.value ??= 0;
	attempt(async () => {
		throw reason;
	});
}

function newPages() {
	const query = queryOf(view.peek(), version.peek());
	return new RowPages(
		(offset, limit) => get(path(`/items?${query}&offset=${offset}&limit=${limit}`)),
		(count) => {
			total.value = count;
			loaded.value++;
			if (opensWhenThere) openActive();
		},
		refused,
	);
}

/** @param {Facets} answer */
function takeFacets(answer) {
	facets.value = Object.fromEntries(
		Object.entries(answer.facets).map(([name, values]) => [
			name,
			values.map(({ value, count }) => ({ text: /** @type {Hostile} */ (value ?? ""), count })),
		]),
	);
	facetsAreOld.value = false;
}

async function loadConfusion() {
	if (view.peek().of === "" || confusion.peek() !== null) return;
	const { policy } = view.peek();
	confusion.value = await get(path(`/confusion${policy === "" ? "" : `?policy=${encodeURIComponent(policy)}`}`));
}

let question = 0;

/** Rows first, then the facets: these take a pass over the whole run. */
async function ask() {
	const asked = ++question;
	opensWhenThere = false;
	pages.stop();
	pages = newPages();
	total.value = null;
	facetsAreOld.value = true;
	const at = Math.max(0, active.peek());
	pages.see(at, at + 1);
	const query = queryOf(view.peek(), version.peek());
	query.delete("sort");
	await attempt(async () => {
		const answer = await get(path(`/facets?by=${facetNames.join(",")}&${query}`));
		if (asked === question) takeFacets(answer);
	});
}

/** @param {string} way "pushState" or "replaceState" */
const write = (/** @type {"pushState" | "replaceState"} */ way) =>
	history[way](null, "", location.pathname + searchOf(view.peek()));

/** Another question: Back leads to the one before. @param {View} next */
export function askFor(next) {
	if (searchOf(next) === searchOf(view.peek())) return;
	finishMove();
	view.value = next;
	active.value = -1;
	write("pushState");
	ask();
	openRecord(next.row);
}

/** The newest results, the same question. */
export function refresh() {
	view.value = { ...view.peek(), version: null };
	version.value = progress.peek()?.version ?? version.peek();
	write("replaceState");
	ask();
}

// ---- the reader's place -----------------------------------------------------------------

/** @type {ReturnType<typeof setTimeout> | undefined} */
let moving;

function finishMove() {
	if (moving === undefined) return;
	clearTimeout(moving);
	moving = undefined;
	write("replaceState");
}

/** Browsers refuse more than some hundred changes of the address a minute. */
function noteMove() {
	clearTimeout(moving);
	moving = setTimeout(finishMove, 250);
}
addEventListener("pagehide", finishMove);

/** @param {number} offset */
export function moveTo(offset) {
	const last = (total.peek() ?? 0) - 1;
	const next = Math.min(Math.max(0, offset), last);
	if (next < 0) return;
	active.value = next;
	view.value = { ...view.peek(), at: next };
	noteMove();
	if (view.peek().row !== null) openActive();
}

/** The row under the cursor is to be opened and is still on its way. */
let opensWhenThere = false;

/** The record of the row under the cursor; while it is open it follows the cursor. */
export function openActive() {
	const row = active.peek() < 0 ? undefined : pages.row(active.peek());
	opensWhenThere = row === undefined && active.peek() >= 0;
	if (row !== undefined) show(row.n);
}

/** @param {number} n */
function show(n) {
	view.value = { ...view.peek(), row: n };
	noteMove();
	openRecord(n);
}

export function closeRecord() {
	opensWhenThere = false;
	if (view.peek().row === null) return;
	view.value = { ...view.peek(), row: null };
	noteMove();
	openRecord(null);
}

let opening = 0;

/** @param {number | null} n */
async function openRecord(n) {
	const asked = ++opening;
	if (n === null) record.value = null;
	else
		await attempt(async () => {
			const answer = await get(path(`/items/${n}`));
			if (asked === opening) record.value = answer;
		});
}

// ---- the run goes on ----------------------------------------------------------------------

/** @param {import("./stream.js").Message} message */
function hear(message) {
	if (message.type === "resync") loadRun().catch(() => {});
	if (message.type !== "snapshot" || message.data.id !== runId) return;
	if (message.event === "run.progress") progress.value = message.data;
	if (message.event === "runs.changed") loadRun().catch(() => {});
}

async function loadRun() {
	run.value = await get(path());
	progress.value = /** @type {Run} */ (run.value).progress;
}

/** A link may name a version that is not there: after the data directory was replaced, for instance. */
function freeze() {
	const newest = progress.peek()?.version ?? 0;
	version.value = Math.min(view.peek().version ?? newest, newest);
}

function goBack() {
	clearTimeout(moving);
	moving = undefined;
	const before = queryOf(view.peek(), version.peek()).toString();
	view.value = readView(location.search);
	active.value = view.peek().at ?? -1;
	freeze();
	if (queryOf(view.peek(), version.peek()).toString() !== before) ask();
	openRecord(view.peek().row);
}

export async function openResults() {
	await loadRun();
	freeze();
	ask();
	attempt(loadConfusion);
	openRecord(view.peek().row);
	addEventListener("popstate", goBack);
	listen([`run:${runId}`, "runs"], hear);
}

/** This view as a file: the server writes exactly what it shows. @param {"csv" | "jsonl"} kind @param {string} [profile] */
export function exportAddress(kind, profile) {
	const query = queryOf(view.value, version.value);
	query.delete("sort");
	if (profile !== undefined) query.set("profile", profile);
	return `/api/v1${path(`/export.${kind}?${query}`)}`;
}

/** The address with the version, so that others see what we see. */
export const permanentAddress = () =>
	location.origin + location.pathname + searchOf({ ...view.peek(), version: version.peek() || null });
