// What the page of the workers knows: all of them, and the runs that are under way.
import { signal } from "../vendor/preact.js";
import { get, post } from "./api.js";
import { listen } from "./live.js";
import { attempt } from "./problems.js";

/** @import {Run, Worker, WorkerAction} from "./api-types" */

export const workers = signal(/** @type {Worker[]} */ ([]));
/** Those that are not over, newest first. */
export const liveRuns = signal(/** @type {Run[]} */ ([]));

async function loadWorkers() {
	workers.value = (await get("/workers")).items;
}

async function loadRuns() {
	liveRuns.value = (await get("/runs?state=queued,running,paused,waiting&limit=50")).items;
}

let due = false;
function loadSoon() {
	if (due) return;
	due = true;
	setTimeout(() => {
		due = false;
		Promise.all([loadWorkers(), loadRuns()]).catch(() => {});
	}, 300);
}

/** @param {import("./stream.js").Message} message */
function hear(message) {
	if (message.type === "resync" || message.type === "hello") loadSoon();
	/** Workers come and go in a run without a change of its state. */
	if (message.type === "event" && message.data.kind.startsWith("run.")) loadSoon();
	if (message.type !== "snapshot") return;
	if (message.event === "workers") workers.value = message.data.items;
	if (message.event === "runs.changed") loadSoon();
}

export async function openWorkers() {
	await Promise.all([loadWorkers(), loadRuns()]);
	listen(["workers", "runs"], hear);
}

/** Whether a run may use a worker; a run without a list uses all. @param {Run} run @param {string} worker */
export const serves = (run, worker) => run.workers === null || run.workers.includes(worker);

/** @param {string} worker @param {WorkerAction} action */
export const actOn = (worker, action) =>
	attempt(async () => {
		/** @type {Worker} */
		const changed = await post(`/workers/${encodeURIComponent(worker)}/actions`, { action });
		workers.value = workers.value.map((each) => (each.id === changed.id ? changed : each));
	});

/** @param {Run} run @param {"add_workers" | "remove_workers"} action @param {string} worker */
export const assign = (run, action, worker) =>
	attempt(async () => {
		/** @type {Run} */
		const changed = await post(`/runs/${encodeURIComponent(run.id)}/actions`, { action, workers: [worker] });
		liveRuns.value = liveRuns.value.map((each) => (each.id === changed.id ? changed : each));
	});
