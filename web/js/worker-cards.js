// One card per worker, in an order that never changes; dead ones stay, with their reason.
import { html } from "../vendor/preact.js";
import { now } from "./clock.js";
import { duration, knows, show, t } from "./i18n.js";
import { isOurs, progress, workers } from "./run-model.js";
import { isLive, WorkerState, workerTone } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Worker, WorkerShare} from "./api-types" */

/** @param {string | null} time */
const age = (time) => (time === null ? null : Math.max(0, (now.value - Date.parse(time)) / 1000));

/** @param {{worker: Worker}} props */
function Cause({ worker }) {
	const key = `worker.cause.${worker.cause}`;
	return html`<p class="cause">
		${knows(key) ? t(key) : html`<${Untrusted} text=${worker.sentence} />`}
		${worker.failures > 0 ? html` <span class="quiet">${t("worker.failures", { failed: worker.failures, max: worker.max_failures })}</span>` : null}
		${worker.text === null || isEmpty(worker.text) || workerTone(worker.state) === "good" ? null : html`<br /><code><${Untrusted} text=${worker.text} limit=${160} /></code>`}
	</p>`;
}

/** @param {{worker: Worker, share: WorkerShare | undefined}} props */
function Figures({ worker, share }) {
	const answer = age(worker.last_answer);
	const works = isLive(progress.value?.state ?? "");
	const rate = works ? (share?.rate_1m ?? worker.rate_1m) : null;
	const allowed = share?.allowed ?? worker.allowed;
	return html`<dl class="live">
		<div><dt>${t("worker.rate")}</dt><dd>${show().rate(rate)}<span class="of">${rate === null ? "" : t("unit.per-second")}</span></dd></div>
		<div><dt>${t("worker.in-flight")}</dt><dd>${show().number(share?.in_flight ?? worker.in_flight)}<span class="of">${allowed === 0 ? "" : ` / ${show().number(allowed)}`}</span></dd></div>
		<div><dt>${t("worker.done")}</dt><dd>${show().number(share?.done ?? worker.done)}</dd></div>
		<div><dt>${t("worker.last-answer")}</dt><dd>${answer === null ? t("worker.never") : t("time.ago", { age: duration(answer) })}</dd></div>
	</dl>`;
}

/** @param {{worker: Worker}} props */
function Card({ worker }) {
	const share = progress.value?.workers.find((each) => each.id === worker.id);
	const since = age(worker.since);
	return html`<li class="card edge-${workerTone(worker.state)}" data-worker=${worker.id} data-state=${worker.state}>
		<h3>${t("worker.name", { id: worker.id })} <${WorkerState} state=${worker.state} />
			${worker.paused ? html`<span class="tag">${t("worker.paused")}</span>` : null}
			${since === null ? null : html`<span class="since quiet">${t("time.since", { age: duration(since) })}</span>`}</h3>
		<${Cause} worker=${worker} />
		<${Figures} worker=${worker} share=${share} />
		<p class="about quiet"><code>${worker.url}</code>${worker.model === null || isEmpty(worker.model) ? null : html` · <${Untrusted} text=${worker.model} limit=${60} />`}</p>
	</li>`;
}

export function WorkerCards() {
	const shown = workers.value.filter((worker) => isOurs(worker.id));
	return html`<section aria-labelledby="workers-title">
		<h2 id="workers-title">${t("worker.title")}</h2>
		${shown.length === 0 ? html`<p class="quiet">${t("worker.none")}</p>` : html`<ul class="cards">${shown.map((worker) => html`<${Card} key=${worker.id} worker=${worker} />`)}</ul>`}
	</section>`;
}
