// What can be done to a worker, and in which run it takes part.
import { html } from "../vendor/preact.js";
import { ConfirmButton } from "./confirm-button.js";
import { isAdmin } from "./frame.js";
import { t } from "./i18n.js";
import { RunState } from "./states.js";
import { actOn, assign, liveRuns, serves, workers } from "./workers-model.js";

/** @import {Run, Worker, WorkerAction} from "./api-types" */

/** In the order of the buttons; `asks`: a dialog comes first. @type {{action: WorkerAction, asks?: boolean, danger?: boolean}[]} */
const known = [
	{ action: "start" },
	{ action: "resume" },
	{ action: "retry" },
	{ action: "pause", asks: true },
	{ action: "drain", asks: true },
	{ action: "give_back", asks: true },
	{ action: "restart", asks: true },
	{ action: "stop", asks: true, danger: true },
	{ action: "forget", asks: true, danger: true },
];

/** Whether nobody else works for a run: then it waits. @param {Run} run @param {string} worker */
const isLast = (run, worker) =>
	serves(run, worker) &&
	!workers.value.some(
		({ id, state, paused }) => id !== worker && !paused && serves(run, id) && ["ready", "busy"].includes(state),
	);

/** What an action will do, and to whom. @param {Worker} worker @param {WorkerAction} action */
function consequences(worker, action) {
	const hit = liveRuns.value.filter((run) => serves(run, worker.id));
	return [
		t(`workers.says.${action}`),
		...(action === "stop" || action === "restart" ? [t("workers.in-flight-lost", { n: worker.in_flight })] : []),
		...(["pause", "drain"].includes(action) ? [t("workers.in-flight-kept", { n: worker.in_flight })] : []),
		...hit.map((run) => t(isLast(run, worker.id) ? "workers.run-waits" : "workers.run-goes-on", { run: run.id })),
	];
}

/** @param {{worker: Worker}} props */
export function WorkerActions({ worker }) {
	if (!isAdmin()) return null;
	const possible = known.filter(({ action }) => worker.actions.includes(action));
	return html`<div class="actions">${possible.map(({ action, asks, danger }) =>
		asks
			? html`<${ConfirmButton} key=${action} name=${action} label=${t(`workers.do.${action}`)} title=${t(`workers.ask.${action}`, { id: worker.id })}
				says=${consequences(worker, action)} danger=${danger} onConfirm=${() => actOn(worker.id, action)} />`
			: html`<button key=${action} type="button" data-action=${action} onClick=${() => actOn(worker.id, action)}>${t(`workers.do.${action}`)}</button>`,
	)}</div>`;
}

/** @param {{run: Run, worker: Worker}} props */
function Part({ run, worker }) {
	const takesPart = serves(run, worker.id);
	return html`<li data-run=${run.id} data-serves=${takesPart}>
		<a href=${`/runs/${run.id}`}>${run.id}</a> <${RunState} state=${run.state} />
		${takesPart ? null : html`<span class="quiet">${t("workers.not-in-run")}</span>`}
		${
			!isAdmin()
				? null
				: takesPart
					? html`<${ConfirmButton} name="remove_workers" label=${t("workers.remove")} title=${t("workers.ask.remove", { id: worker.id, run: run.id })}
						says=${[t("workers.says.remove", { run: run.id }), t(isLast(run, worker.id) ? "workers.run-waits" : "workers.run-goes-on", { run: run.id })]}
						onConfirm=${() => assign(run, "remove_workers", worker.id)} />`
					: html`<button type="button" data-action="add_workers" onClick=${() => assign(run, "add_workers", worker.id)}>${t("workers.add")}</button>`
		}
	</li>`;
}

/** @param {{worker: Worker}} props */
export function WorkerRuns({ worker }) {
	if (liveRuns.value.length === 0) return html`<p class="quiet serves">${t("workers.no-run")}</p>`;
	return html`<ul class="serves" aria-label=${t("workers.runs")}>${liveRuns.value.map((run) => html`<${Part} key=${run.id} run=${run} worker=${worker} />`)}</ul>`;
}
