// What the run page knows: loaded once, then kept by the stream.
import { computed, signal } from "../vendor/preact.js";
import { get, post } from "./api.js";
import { listen } from "./live.js";
import { attempt } from "./problems.js";
import { rememberRate, restoreRates } from "./rate-history.js";

/** @import {Action, Confusion, Event, ItemRow, Policy, Progress, Run, Worker} from "./api-types" */

export const runId = location.pathname.split("/")[2] ?? "";

export const run = signal(/** @type {Run | null} */ (null));
export const progress = signal(/** @type {Progress | null} */ (null));
export const confusion = signal(/** @type {Confusion | null} */ (null));
export const workers = signal(/** @type {Worker[]} */ ([]));
export const events = signal(/** @type {Event[]} */ ([]));
export const latest = signal(/** @type {ItemRow[]} */ ([]));
/** null: the run's own. */
export const policy = signal(/** @type {Policy | null} */ (null));

/** The order is the file's and the run is not over: its figures speak of the beginning of the file only. */
export const followsFile = computed(() => confusion.value?.partial === true && !confusion.value.representative);

const eventsKept = 500;
const latestShown = 10;

const path = (rest = "") => `/runs/${encodeURIComponent(runId)}${rest}`;

async function loadRun() {
	const loaded = /** @type {Run} */ (await get(path()));
	run.value = loaded;
	takeProgress(loaded.progress);
}

async function loadConfusion() {
	const asked = policy.peek();
	confusion.value = await get(path(`/confusion${asked === null ? "" : `?policy=${asked}`}`));
}

async function loadWorkers() {
	workers.value = (await get("/workers")).items;
}

/** Adds events to those known, in their order; only the newest are kept. @param {Event[]} more */
function keepEvents(more) {
	const known = new Map([...events.peek(), ...more].map((event) => [event.id, event]));
	events.value = [...known.values()].sort((a, b) => a.id - b.id).slice(-eventsKept);
}

/** Pages through the run's events. */
async function loadEvents() {
	let after = 0;
	/** @type {Event[]} */
	let all = [];
	for (;;) {
		const page = await get(path(`/events?after=${after}&limit=500`));
		all = [...all, ...page.items].slice(-eventsKept);
		if (page.items.length < 500 || page.next_cursor === null) break;
		after = Number(page.next_cursor);
	}
	keepEvents(all);
}

let latestVersion = -1;
/** Nobody reads the list of a hidden tab; it is made when the tab is looked at. */
async function loadLatest() {
	const version = progress.peek()?.version ?? 0;
	if (version === latestVersion || document.visibilityState === "hidden") return;
	latestVersion = version;
	latest.value = (await get(path(`/items?done=yes&sort=-seq&limit=${latestShown}`))).items;
}

/** @param {Progress} heard */
function takeProgress(heard) {
	const before = progress.peek();
	if (before !== null && heard.version < before.version && heard.at <= before.at) return;
	progress.value = heard;
	rememberRate(heard);
}

/** @param {Event} event */
function takeEvent(event) {
	const ours = event.run === runId || (event.run === null && (event.worker === null || isOurs(event.worker)));
	if (!ours) return;
	keepEvents([event]);
	if (event.kind.startsWith("run.")) refresh(loadRun);
}

/** @param {string} worker */
export const isOurs = (worker) => run.value !== null && (run.value.workers?.includes(worker) ?? true);

/** @type {Set<() => Promise<void>>} */
const due = new Set();

/** Loads again soon, once however often it is asked for; a server that is away is the stream's business. @param {() => Promise<void>} load @param {number} [wait] */
function refresh(load, wait = 200) {
	if (due.has(load)) return;
	due.add(load);
	setTimeout(async () => {
		due.delete(load);
		await load().catch(() => {});
	}, wait);
}

let isListening = false;

/** @param {import("./stream.js").Message} message */
function hear(message) {
	/** What happened between our loading and our listening is in neither: look once more. */
	if (message.type === "hello" || (message.type === "health" && message.health === "live" && !isListening)) {
		isListening = true;
		refresh(loadEvents);
	}
	if (message.type === "event") takeEvent(message.data);
	if (message.type === "resync") reloadAll();
	if (message.type !== "snapshot") return;
	const { event, data } = message;
	if (event === "workers") workers.value = data.items;
	if (event === "runs.changed" && data.id === runId) refresh(loadRun);
	if (event === "run.progress" && data.id === runId) {
		takeProgress(data);
		refresh(loadLatest, 2000);
		if (data.state !== run.peek()?.state) refresh(loadRun);
	}
	if (event === "run.confusion" && data.id === runId) {
		if (policy.peek() === null || policy.peek() === data.policy) confusion.value = data;
		else refresh(loadConfusion, 2000);
	}
}

function reloadAll() {
	latestVersion = -1;
	for (const load of [loadRun, loadConfusion, loadWorkers, loadEvents, loadLatest]) refresh(load);
}

/** Everything the page needs; what is less important may fail without taking the page along. */
export async function openRun() {
	restoreRates(runId);
	await loadRun();
	await Promise.all([loadConfusion(), loadWorkers(), loadEvents()]);
	await loadLatest().catch(() => {});
	document.addEventListener("visibilitychange", () => refresh(loadLatest));
	listen([`run:${runId}`, "runs", "workers"], hear);
}

/** @param {Action} action */
export const act = (action) =>
	attempt(async () => {
		run.value = await post(path("/actions"), { action });
		takeProgress(/** @type {Run} */ (run.value).progress);
	});

/** @param {Policy} wanted */
export const choosePolicy = (wanted) =>
	attempt(async () => {
		policy.value = wanted === run.peek()?.policy ? null : wanted;
		await loadConfusion();
	});

/** @param {string} kind "csv" or "jsonl" @param {string} query */
export const exportAddress = (kind, query = "") => `/api/v1${path(`/export.${kind}${query}`)}`;
