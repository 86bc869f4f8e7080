// What the list of runs knows: the question of its address, and the answer, kept by the stream.
import { signal } from "../vendor/preact.js";
import { get } from "./api.js";
import { listen } from "./live.js";
import { attempt } from "./problems.js";
import { queryOf, readQuestion, searchOf } from "./runs-address.js";
import { isLive } from "./states.js";

/** @import {Confusion, Dataset, ListedRun, Progress} from "./api-types" */
/** @import {Question} from "./runs-address.js" */

export const question = signal(readQuestion(location.search));
export const runs = signal(/** @type {ListedRun[]} */ ([]));
/** Where the list goes on; null: it is whole. */
export const more = signal(/** @type {number | null} */ (null));
export const datasets = signal(/** @type {Dataset[]} */ ([]));

const pageSize = 50;
const most = 500;

/** @type {((topics: string[]) => void) | null} */
let follow = null;

/** Lists are followed as a whole, running ones also by their progress. */
const topics = () => ["runs", ...runs.value.filter((run) => isLive(run.state)).map((run) => `run:${run.id}`)];

/** @param {number} limit @param {number} [after] */
async function fetchRuns(limit, after) {
	const query = queryOf(question.peek());
	query.set("metrics", "yes");
	query.set("limit", String(limit));
	if (after) query.set("after", String(after));
	return /** @type {Promise<{items: ListedRun[], next_cursor: number | null}>} */ (get(`/runs?${query}`));
}

let asked = 0;
/** As many as are shown; an answer to an older question comes too late. */
async function loadRuns(limit = pageSize) {
	const number = ++asked;
	const page = await fetchRuns(limit);
	if (number !== asked) return;
	runs.value = page.items;
	more.value = page.next_cursor;
	follow?.(topics());
}

export const loadMore = () =>
	attempt(async () => {
		const number = ++asked;
		const page = await fetchRuns(pageSize, more.peek() ?? 0);
		if (number !== asked) return;
		runs.value = [...runs.value, ...page.items];
		more.value = page.next_cursor;
		follow?.(topics());
	});

/** Another question: a step that Back takes back. @param {Question} next */
export function ask(next) {
	const search = searchOf(next);
	if (search === searchOf(question.peek())) return;
	question.value = next;
	history.pushState(null, "", `${location.pathname}${search}`);
	return attempt(() => loadRuns());
}

/** @param {Progress} progress */
function takeProgress(progress) {
	runs.value = runs.value.map((run) => (run.id === progress.id ? { ...run, state: progress.state, progress } : run));
}

/** @param {Confusion} confusion */
function takeFigures({ id, policy, partial, representative, matrices }) {
	const final = matrices.find(({ stage, subset }) => stage === "final" && subset === "handed");
	if (final === undefined) return;
	const { recall, precision } = final.metrics;
	const metrics = { policy, partial, representative, recall, precision };
	runs.value = runs.value.map((run) => (run.id === id && run.policy === policy ? { ...run, metrics } : run));
}

let due = false;
function loadSoon() {
	if (due) return;
	due = true;
	setTimeout(async () => {
		due = false;
		await loadRuns(Math.min(most, Math.max(pageSize, runs.peek().length))).catch(() => {});
	}, 300);
}

/** @param {import("./stream.js").Message} message */
function hear(message) {
	if (message.type === "resync" || message.type === "hello") loadSoon();
	if (message.type !== "snapshot") return;
	if (message.event === "runs.changed") loadSoon();
	if (message.event === "run.progress") takeProgress(message.data);
	if (message.event === "run.confusion") takeFigures(message.data);
}

export async function openRuns() {
	await loadRuns();
	get("/datasets").then(
		({ items }) => {
			datasets.value = items;
		},
		() => {},
	);
	follow = listen(topics(), hear);
	addEventListener("popstate", () => {
		question.value = readQuestion(location.search);
		attempt(() => loadRuns());
	});
}
