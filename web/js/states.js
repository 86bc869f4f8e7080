// States of runs and workers as icon, tone and word, always together.
import { html } from "../vendor/preact.js";
import { t } from "./i18n.js";
import { Icon } from "./icons.js";

/**
 * @typedef {"go" | "good" | "wait" | "bad" | "off"} Tone
 * @typedef {[tone: Tone, icon: Parameters<typeof Icon>[0]["name"]]} Look
 */

/** @type {Record<string, Look>} */
const runLooks = {
	draft: ["off", "draft"],
	queued: ["wait", "queued"],
	running: ["go", "running"],
	paused: ["wait", "paused"],
	waiting: ["wait", "waiting"],
	finished: ["good", "finished"],
	stopped: ["off", "stopped"],
	failed: ["bad", "failed"],
};

/** @type {Record<string, Look>} */
const workerLooks = {
	off: ["off", "ring"],
	starting: ["wait", "ring"],
	loading: ["wait", "half"],
	ready: ["good", "up"],
	busy: ["go", "half"],
	unreachable: ["bad", "warning"],
	down: ["bad", "failed"],
	hung: ["bad", "warning"],
	recovering: ["wait", "half"],
	failed: ["bad", "failed"],
	draining: ["wait", "half"],
	waiting: ["wait", "waiting"],
};

/** @type {Look} */
const unknown = ["off", "ring"];

/** @param {string} state */
export const runTone = (state) => (runLooks[state] ?? unknown)[0];

/** @param {string} state */
export const workerTone = (state) => (workerLooks[state] ?? unknown)[0];

/** A state that holds work now; others rest. @param {string} state */
export const isLive = (state) => ["queued", "running", "paused", "waiting"].includes(state);

/** @param {{state: string}} props */
export function RunState({ state }) {
	const [tone, icon] = runLooks[state] ?? unknown;
	return html`<span class="state tone-${tone}"><${Icon} name=${icon} />${t(`run.state.${state}`)}</span>`;
}

/** @param {{state: string}} props */
export function WorkerState({ state }) {
	const [tone, icon] = workerLooks[state] ?? unknown;
	return html`<span class="state tone-${tone}"><${Icon} name=${icon} />${t(`worker.state.${state}`)}</span>`;
}
