// Name, state with its reason, and the actions that are possible now.
import { html, useRef } from "../vendor/preact.js";
import { isAdmin } from "./frame.js";
import { show, t } from "./i18n.js";
import { act, progress, run } from "./run-model.js";
import { RunState } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Action, Run} from "./api-types" */

/** Buttons in their order; stop is apart, behind a dialog. @type {Action[]} */
const direct = ["start", "resume", "pause", "retry_failed"];

/** @param {{run: Run}} props */
function When({ run }) {
	if (run.finished !== null)
		return html`<span class="quiet">${t("run.ended-at", { time: show().dateTime(run.finished) })}</span>`;
	if (run.started !== null)
		return html`<span class="quiet">${t("run.started-at", { time: show().dateTime(run.started) })}</span>`;
	return html`<span class="quiet">${t("run.created-at", { time: show().dateTime(run.created) })}</span>`;
}

function StopButton() {
	const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const { done, total, in_flight } = progress.value ?? { done: 0, total: 0, in_flight: 0 };
	const stop = () => {
		dialog.current?.close();
		act("stop");
	};
	return html`
		<button type="button" class="danger" data-action="stop" onClick=${() => dialog.current?.showModal()}>${t("action.stop")}…</button>
		<dialog ref=${dialog} aria-labelledby="stop-title" closedby="any">
			<h2 id="stop-title">${t("stop.title")}</h2>
			<ul>
				<li>${t("stop.kept", { n: done, total })}</li>
				<li>${t("stop.in-flight", { n: in_flight })}</li>
				<li>${t("stop.resumable")}</li>
			</ul>
			<div class="actions">
				<button type="button" autofocus onClick=${() => dialog.current?.close()}>${t("action.keep-running")}</button>
				<button type="button" class="danger" data-action="stop-now" onClick=${stop}>${t("action.stop-now")}</button>
			</div>
		</dialog>`;
}

/** @param {{run: Run}} props */
function Actions({ run }) {
	if (!isAdmin()) return null;
	/** @param {Action} action */
	const isPossible = (action) =>
		run.actions.includes(action) && (action !== "retry_failed" || (progress.value?.no_verdict ?? 0) > 0);
	return html`<div class="actions">
		${direct.map((action) =>
			isPossible(action)
				? html`<button key=${action} type="button" data-action=${action} onClick=${() => act(action)}>${t(`action.${action}`)}</button>`
				: null,
		)}
		<a class="button" href=${`/runs/new?from=${run.id}`} data-action="new-from">${t("action.new-from")}</a>
		${run.actions.includes("stop") ? html`<span class="apart"><${StopButton} /></span>` : null}
	</div>`;
}

export function RunHeader() {
	const shown = run.value;
	if (shown === null) return null;
	const state = progress.value?.state ?? shown.state;
	return html`<section class="run-header" aria-labelledby="run-name">
		<h1 id="run-name">${isEmpty(shown.name) ? shown.id : html`<${Untrusted} text=${shown.name} limit=${120} /> <span class="id">${shown.id}</span>`}</h1>
		<${Actions} run=${shown} />
		<p class="run-state" role="status"><${RunState} state=${state} />
			<span>${t(`run.sentence.${state}`)}</span>
			${isEmpty(shown.cause) ? null : html`<span class="cause"><${Untrusted} text=${shown.cause} /></span>`}
			<${When} run=${shown} /></p>
	</section>`;
}
