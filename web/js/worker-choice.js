// Which workers take part: their health, what they serve, how much they take at once.
import { html } from "../vendor/preact.js";
import { now } from "./clock.js";
import { Changed, isChanged, Mistake, textOf } from "./fields.js";
import { duration, knows, show, t } from "./i18n.js";
import { readList } from "./new-run-form.js";
import { change, workers } from "./new-run-model.js";
import { WorkerState, workerTone } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Worker} from "./api-types" */
/** @import {FieldEvent} from "./fields.js" */

/** The ids that take part: "all" follows the configuration. */
const chosenIds = () => {
	const text = textOf("workers");
	if (text === "all") return workers.value.map((worker) => worker.id);
	return text === "none" ? [] : readList(text);
};

/** @param {string} id @param {boolean} yes */
function toggle(id, yes) {
	const all = workers.value.map((worker) => worker.id);
	const others = chosenIds().filter((each) => each !== id);
	const next = yes ? [...others, id] : others;
	const known = all.filter((each) => next.includes(each));
	const strange = next.filter((each) => !all.includes(each));
	const isAll = strange.length === 0 && known.length === all.length;
	change({ workers: next.length === 0 ? "none" : isAll ? "all" : [...known, ...strange].join(",") });
}

/** @param {{worker: Worker}} props */
function Cause({ worker }) {
	const key = `worker.cause.${worker.cause}`;
	const since = worker.since === null ? null : Math.max(0, (now.value - Date.parse(worker.since)) / 1000);
	return html`<span class="cause">${knows(key) ? t(key) : html`<${Untrusted} text=${worker.sentence} />`}
		${since === null ? null : html` <span class="quiet">${t("time.since", { age: duration(since) })}</span>`}
		${worker.text === null || isEmpty(worker.text) || workerTone(worker.state) === "good" ? null : html` <code class="quiet"><${Untrusted} text=${worker.text} limit=${120} /></code>`}</span>`;
}

/** @param {{worker: Worker}} props */
function Row({ worker }) {
	const chosen = chosenIds().includes(worker.id);
	return html`<li class=${`worker-row edge-${workerTone(worker.state)}`} data-worker=${worker.id} data-state=${worker.state}>
		<label class="radio"><input type="checkbox" checked=${chosen} data-take=${worker.id} onChange=${(/** @type {FieldEvent} */ event) => toggle(worker.id, event.currentTarget.checked)} />
			<strong>${t("worker.name", { id: worker.id })}</strong></label>
		<${WorkerState} state=${worker.state} />${worker.paused ? html`<span class="tag">${t("worker.paused")}</span>` : null}
		<${Cause} worker=${worker} />
		<span class="quiet numbers-line">${t("worker.limit", { in_flight: show().number(worker.in_flight), allowed: show().number(worker.allowed) })}
			${worker.model === null || isEmpty(worker.model) ? null : html` · <${Untrusted} text=${worker.model} limit=${60} />`}</span>
	</li>`;
}

/** A run that is copied may name workers that the configuration has lost. */
function Strangers() {
	const known = workers.value.map((worker) => worker.id);
	return chosenIds()
		.filter((id) => !known.includes(id))
		.map(
			(id) =>
				html`<li key=${id} class="worker-row edge-bad"><label class="radio"><input type="checkbox" checked data-take=${id} onChange=${() => toggle(id, false)} /> <strong>${t("worker.name", { id })}</strong></label> <span class="tone-bad">${t("worker.unknown")}</span></li>`,
		);
}

export function WorkerChoice() {
	return html`<fieldset class=${`field worker-choice${isChanged("workers") ? " changed" : ""}`}><legend class="hidden-text">${t("worker.title")}</legend>
		<${Changed} name="workers" />
		${workers.value.length === 0 ? html`<p class="tone-wait">${t("worker.not-configured")}</p>` : null}
		<ul class="worker-rows">${workers.value.map((worker) => html`<${Row} key=${worker.id} worker=${worker} />`)}<${Strangers} /></ul>
		<${Mistake} name="workers" />
	</fieldset>`;
}
