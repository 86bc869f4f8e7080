// What the new-run page knows: the form, the dataset it is about, and the plan
// that the server makes of both, which follows every change.
import { batch, computed, signal } from "../vendor/preact.js";
import { get, Problem, post } from "./api.js";
import { importedDataset } from "./file-upload.js";
import { isAdmin } from "./frame.js";
import { listen } from "./live.js";
import {
	differences,
	fieldOf,
	formFrom,
	formOf,
	longFields,
	mistakes,
	queryOf,
	readKeys,
	requestOf,
} from "./new-run-form.js";
import { attempt, clearProblem } from "./problems.js";

/** @import {Dataset, Defaults, KeyCheck, Plan, Run, RunRequest, Tried, Warning, Worker} from "./api-types" */
/** @import {FieldName, Form} from "./new-run-form.js" */

export const defaults = signal(/** @type {Defaults | null} */ (null));
/** The run that the form was prefilled from. */
export const origin = signal(/** @type {Run | null} */ (null));
export const base = signal(/** @type {Form} */ (/** @type {unknown} */ ({})));
export const form = signal(/** @type {Form} */ (/** @type {unknown} */ ({})));
export const onlyDifferences = signal(false);
export const dataset = signal(/** @type {Dataset | null} */ (null));
export const workers = signal(/** @type {Worker[]} */ ([]));
/** Runs of the dataset, newest first: to take items from. */
export const runs = signal(/** @type {Run[]} */ ([]));

export const plan = signal(/** @type {Plan | null} */ (null));
export const planning = signal(false);
/** Why there is no plan, when the server says so. */
export const refusal = signal(/** @type {Problem | null} */ (null));
/** What the server said about the domains of a list. */
export const keyCheck = signal(/** @type {KeyCheck | null} */ (null));
/** What became different between two plans of the same request. @type {import("../vendor/preact.js").Signal<PlanChange | null>} */
export const planChange = signal(/** @type {PlanChange | null} */ (null));
export const acknowledged = signal(/** @type {Set<string>} */ (new Set()));
export const starting = signal(false);

/** @typedef {{selected: [before: number, now: number] | null, added: string[], gone: string[], refused: boolean}} PlanChange */

export const changedFields = computed(() => differences(form.value, base.value));
export const ownMistakes = computed(() => mistakes(form.value));
/** The field that the server's refusal is about. */
export const refusedField = computed(() => fieldOf(refusal.value?.params.field));

/** A warning as it was acknowledged: with its numbers, so that other numbers ask again. @param {Warning} warning */
export const warningId = (warning) => `${warning.code} ${JSON.stringify(warning.params)}`;
export const openWarnings = computed(() =>
	(plan.value?.warnings ?? []).filter((warning) => !acknowledged.value.has(warningId(warning))),
);

/** @param {Warning} warning @param {boolean} yes */
export function acknowledge(warning, yes) {
	const next = new Set(acknowledged.peek());
	if (yes) next.add(warningId(warning));
	else next.delete(warningId(warning));
	acknowledged.value = next;
}

/* ---- the form and its address ------------------------------------------------------------- */

/** @param {boolean} push a new question, to which Back leads */
function writeAddress(push) {
	const query = queryOf(form.peek(), base.peek(), new URLSearchParams(location.search));
	const long = Object.fromEntries(
		longFields.filter((name) => form.peek()[name] !== base.peek()[name]).map((name) => [name, form.peek()[name]]),
	);
	const text = query.toString();
	const address = `${location.pathname}${text === "" ? "" : `?${text}`}`;
	if (push) history.pushState(long, "", address);
	else history.replaceState(long, "", address);
}

/** Fields that are one choice: Back leads to the one before. Others are typed. @type {FieldName[]} */
const choices = ["dataset", "select", "evaluator", "language", "shuffle", "sampling", "no_verdict", "workers"];

/** @param {Partial<Form>} change */
export function change(change) {
	const names = /** @type {FieldName[]} */ (Object.keys(change));
	if (names.every((name) => form.peek()[name] === change[name])) return;
	form.value = { ...form.peek(), ...change };
	writeAddress(names.some((name) => choices.includes(name)));
	if (names.includes("dataset")) followDataset();
	planSoon();
}

/** Untouched templates follow the language. @param {string} language */
export function chooseLanguage(language) {
	const { system, user } = form.peek();
	const before = defaults.peek()?.prompts[form.peek().language];
	const after = defaults.peek()?.prompts[language];
	const untouched = String(before?.system) === system && String(before?.user) === user;
	change(untouched && after ? { language, system: String(after.system), user: String(after.user) } : { language });
}

/** Both templates as they are built in. */
export function resetPrompts() {
	const built = defaults.peek()?.prompts[form.peek().language];
	if (built) change({ system: String(built.system), user: String(built.user) });
}

export const promptsAreDefault = computed(() => {
	const built = defaults.value?.prompts[form.value.language];
	return String(built?.system) === form.value.system && String(built?.user) === form.value.user;
});

/** @param {boolean} yes */
export function showOnlyDifferences(yes) {
	const query = new URLSearchParams(location.search);
	if (yes) query.set("show", "differences");
	else query.delete("show");
	history.replaceState(history.state, "", `${location.pathname}?${query}`);
	onlyDifferences.value = yes;
}

function readAddress() {
	const long = history.state ?? {};
	onlyDifferences.value = new URLSearchParams(location.search).get("show") === "differences";
	form.value = formFrom(new URLSearchParams(location.search), base.peek(), long);
}

addEventListener("popstate", () => {
	const before = form.peek().dataset;
	readAddress();
	if (form.peek().dataset !== before) followDataset();
	planSoon();
});

/* ---- the dataset --------------------------------------------------------------------------- */

/** @param {Dataset} chosen */
export function chooseDataset(chosen) {
	dataset.value = chosen;
	change({ dataset: chosen.sha256 });
}

/** What the server knows now: its population was tied, its import went on. @param {Dataset} news */
export function refreshDataset(news) {
	if (news.sha256 !== dataset.peek()?.sha256) return;
	dataset.value = news;
	planSoon();
}

async function followDataset() {
	const wanted = form.peek().dataset;
	plan.value = null;
	keyCheck.value = null;
	if (wanted === "") {
		dataset.value = null;
		return;
	}
	await attempt(async () => {
		const at = dataset.peek();
		const found =
			at?.sha256 === wanted ? at : /** @type {Dataset} */ (await get(`/datasets/${encodeURIComponent(wanted)}`));
		if (form.peek().dataset !== wanted) return;
		dataset.value = found;
		if (found.sha256 !== wanted) {
			form.value = { ...form.peek(), dataset: found.sha256 }; // the address had the beginning of its hash
			writeAddress(false);
		}
		if (found.state === "importing") followImport(found);
		await loadRuns();
	});
}

/** @param {Dataset} of */
async function followImport(of) {
	const isWanted = () => form.peek().dataset === of.sha256;
	const made = await importedDataset(of, refreshDataset, isWanted).catch(() => null);
	if (made !== null && isWanted()) refreshDataset(made);
}

async function loadRuns() {
	const sha = dataset.peek()?.sha256;
	if (sha === undefined) return;
	const all = /** @type {Run[]} */ ((await get("/runs?limit=200")).items);
	if (sha === dataset.peek()?.sha256) runs.value = all.filter((run) => run.dataset.sha256 === sha);
}

/* ---- the plan ------------------------------------------------------------------------------ */

/** As long as an input method composes, what is typed is not yet meant. */
export const composing = signal(false);

const calm = 350;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let asked = 0;

/** Plans again, once the person pauses. */
export function planSoon() {
	clearTimeout(timer);
	asked++;
	planning.value = form.peek().dataset !== "";
	timer = setTimeout(() => (composing.peek() ? planSoon() : planNow()), calm);
}

/** The plan whose start was refused: the next one says what is different. @type {Plan | null} */
let refusedPlan = null;

async function planNow() {
	const turn = ++asked;
	if (form.peek().dataset === "" || Object.keys(mistakes(form.peek())).length > 0) {
		batch(() => {
			plan.value = null;
			refusal.value = null;
			planning.value = false;
		});
		return;
	}
	const request = requestOf(form.peek());
	try {
		const checked = await checkKeys();
		const made = /** @type {Plan} */ (await post("/runs/plan", request));
		if (turn === asked) takePlan(made, checked);
	} catch (reason) {
		if (!(reason instanceof Problem)) throw reason;
		if (turn !== asked) return;
		batch(() => {
			plan.value = null;
			refusal.value = reason;
			planning.value = false;
		});
	}
}

async function checkKeys() {
	if (form.peek().select !== "list") return null;
	const keys = readKeys(form.peek().keys);
	const found = /** @type {KeyCheck} */ (await post(`/datasets/${form.peek().dataset}/keys`, { keys }));
	keyCheck.value = found;
	return found;
}

/** Takes the refused domains that the server named out of the list. */
export function leaveOutStrangers() {
	const strangers = new Set((keyCheck.peek()?.examples ?? []).map((each) => String(each.text)));
	const keys = readKeys(form.peek().keys).filter((key) => !strangers.has(key));
	change({ keys: keys.join("\n") });
}

/** @param {Plan} made @param {KeyCheck | null} checked */
function takePlan(made, checked) {
	const before = refusedPlan ?? plan.peek();
	const refused = refusedPlan !== null;
	refusedPlan = null;
	batch(() => {
		planChange.value = before === null ? null : changeBetween(before, made, refused);
		plan.value = made;
		keyCheck.value = checked;
		refusal.value = null;
		planning.value = false;
		if (dataset.peek()?.sha256 === made.dataset.sha256) dataset.value = made.dataset;
	});
	if (isOutdated(workers.peek())) setTimeout(askForWorkers, settled);
}

/** Only what the person did not cause: two plans of one request. @param {Plan} before @param {Plan} now @param {boolean} refused @returns {PlanChange | null} */
function changeBetween(before, now, refused) {
	if (JSON.stringify(before.request) !== JSON.stringify(now.request)) return null;
	const old = before.warnings.map(warningId);
	const fresh = now.warnings.map(warningId);
	/** The etag is of what would be evaluated; warnings come and go without it. */
	const same = before.plan_etag === now.plan_etag && old.join() === fresh.join();
	if (same && !refused) return planChange.peek();
	return {
		selected: before.counts.selected === now.counts.selected ? null : [before.counts.selected, now.counts.selected],
		added: now.warnings.filter((each) => !old.includes(warningId(each))).map((each) => each.code),
		gone: before.warnings.filter((each) => !fresh.includes(warningId(each))).map((each) => each.code),
		refused,
	};
}

/** What a plan depends on beside the request. */
const conditionOf = (/** @type {Worker[]} */ list) =>
	JSON.stringify(list.map(({ id, state, paused, model }) => [id, state, paused, model]));

/** The plan was made when its workers were otherwise. @param {Worker[]} now */
function isOutdated(now) {
	const then = plan.peek()?.workers ?? [];
	return conditionOf(now.filter((each) => then.some(({ id }) => id === each.id))) !== conditionOf(then);
}

/** @param {Worker[]} now */
function takeWorkers(now) {
	workers.value = now;
	if (isOutdated(now)) planSoon();
}

/** The stream tells of changes once a second: it is silent about what was undone meanwhile, the plan is not. */
const settled = 1500;
const askForWorkers = () =>
	get("/workers").then(
		({ items }) => takeWorkers(items),
		() => {},
	);

/** The body that starts the planned run. @param {Plan} planned @param {Warning[]} known */
export const startBody = (planned, known) => ({
	...planned.request,
	plan_etag: planned.plan_etag,
	acknowledgements: [...new Set(known.map((warning) => warning.code))],
	start: true,
});

/** Why it cannot be started now; "" = it can. */
export const obstacle = computed(() => {
	if (!isAdmin()) return "obstacle.role";
	if (dataset.value === null) return "obstacle.dataset";
	if (dataset.value.state === "importing") return "obstacle.importing";
	if (Object.keys(ownMistakes.value).length > 0 || refusal.value !== null) return "obstacle.mistakes";
	if (planning.value || plan.value === null) return "obstacle.planning";
	if (openWarnings.value.length > 0) return "obstacle.warnings";
	return starting.value ? "obstacle.starting" : "";
});

export async function start() {
	const planned = plan.peek();
	if (obstacle.peek() !== "" || planned === null) return;
	starting.value = true;
	clearProblem();
	try {
		const run = /** @type {Run} */ (await post("/runs", startBody(planned, planned.warnings)));
		location.assign(`/runs/${run.id}`);
	} catch (reason) {
		starting.value = false;
		if (!(reason instanceof Problem)) throw reason;
		if (reason.code !== "changed" && reason.code !== "unacknowledged") {
			await attempt(() => Promise.reject(reason));
			return;
		}
		refusedPlan = planned;
		planning.value = true;
		await planNow();
	}
}

/** Back out of the browser's cache: the start is over. */
addEventListener("pageshow", (event) => {
	if (!event.persisted) return;
	starting.value = false;
	planSoon();
});

/* ---- try ------------------------------------------------------------------------------------- */

export const trial = signal({
	k: "3",
	worker: "",
	busy: false,
	items: /** @type {Tried[] | null} */ (null),
	/** of the request that was tried */
	request: "",
	problem: /** @type {Problem | null} */ (null),
});

/** @param {number} k */
export async function tryNow(k) {
	const request = requestOf(form.peek());
	const { worker } = trial.peek();
	trial.value = { ...trial.peek(), busy: true, problem: null };
	try {
		const { items } = await post("/runs/try", { ...request, k, ...(worker === "" ? {} : { worker }) });
		trial.value = { ...trial.peek(), busy: false, items, request: JSON.stringify(request) };
	} catch (reason) {
		if (!(reason instanceof Problem)) throw reason;
		trial.value = { ...trial.peek(), busy: false, items: null, problem: reason };
	}
}

/* ---- opening --------------------------------------------------------------------------------- */

/** What was last heard of runs: they are told of at each result, but a plan depends on their states alone. @type {Map<string, string>} */
const runStates = new Map();

/** @param {{id: string, state: string}} news */
function takeRunState({ id, state }) {
	if (runStates.get(id) === state) return;
	runStates.set(id, state);
	planSoon();
}

/** @param {import("./stream.js").Message} message */
function hear(message) {
	if (message.type === "resync") planSoon();
	if (message.type !== "snapshot") return;
	if (message.event === "workers") takeWorkers(message.data.items);
	if (message.event === "runs.changed") takeRunState(message.data);
}

export async function openNewRun() {
	const from = new URLSearchParams(location.search).get("from");
	const [given, list, run] = await Promise.all([
		get("/defaults"),
		get("/workers"),
		from === null ? null : get(`/runs/${encodeURIComponent(from)}`),
	]);
	defaults.value = /** @type {Defaults} */ (given);
	workers.value = list.items;
	origin.value = /** @type {Run | null} */ (run);
	const request = /** @type {Partial<RunRequest>} */ (run?.request ?? given.request);
	base.value = formOf({ ...request, ...(run ? { dataset: run.dataset.sha256 } : {}) }, given.prompts);
	readAddress();
	await followDataset();
	listen(["workers", "runs"], hear);
	planSoon();
}
