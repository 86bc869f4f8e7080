// What a figure in a paper needs to be traced: data, order, model, settings, program.
import { html } from "../vendor/preact.js";
import { show, t } from "./i18n.js";
import { build } from "./live.js";
import { run, workers } from "./run-model.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Hostile, Run, RunRequest} from "./api-types" */

/** @param {RunRequest} request */
function selection(request) {
	const { kind, n, seed } = request.selection;
	return t(`selection.${kind}`, { n: n ?? 0, seed: String(seed ?? dashIfNone(request.seed)) });
}

/** @param {number | null} value */
const dashIfNone = (value) => (value === null || value === undefined ? show().number(null) : String(value));

/** The model of the run once one answered, else the one asked for, else what its workers serve. @param {Run} run @returns {Hostile | null} */
const model = (run) =>
	run.model ?? run.request.model ?? workers.value.find((worker) => worker.model !== null)?.model ?? null;

/** @param {{run: Run}} props */
function Rows({ run }) {
	const { request } = run;
	const served = model(run);
	/** @type {[string, unknown][]} */
	const rows = [
		["facts.dataset", html`<${Untrusted} text=${run.dataset.name} limit=${80} />`],
		["facts.sha256", html`<code class="hash">${run.dataset.sha256}</code>`],
		["facts.selection", selection(request)],
		["facts.order", request.shuffle ? t("order.shuffled", { seed: dashIfNone(request.seed) }) : t("order.file")],
		["facts.evaluator", request.evaluator],
		[
			"facts.model",
			served === null || isEmpty(served) ? show().number(null) : html`<${Untrusted} text=${served} limit=${80} />`,
		],
		[
			"facts.sampling",
			t("facts.sampling.value", {
				temperature: String(request.temperature),
				top_p: String(request.top_p),
				tokens: request.max_tokens,
			}),
		],
		["facts.limits", t("facts.limits.value", { seconds: request.timeout_s, n: request.attempts })],
		["facts.no-verdict", t(`policy.${run.policy}`)],
		["facts.fingerprint", html`<code class="hash">${run.fingerprint}</code>`],
		["facts.created", html`${show().dateTime(run.created)} <${Untrusted} text=${run.created_by} limit=${40} />`],
		["facts.build", html`<code>${build.value.now || show().number(null)}</code>`],
	];
	return rows.map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`);
}

export function RunFacts() {
	if (run.value === null) return null;
	return html`<section class="panel facts" aria-labelledby="facts-title">
		<h2 id="facts-title">${t("facts.title")}</h2>
		<dl><${Rows} run=${run.value} /></dl>
	</section>`;
}
