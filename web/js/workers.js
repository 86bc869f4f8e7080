// The page of the workers: what each does, since when and why. The order never
// changes, and those that are down stay.
import { html } from "../vendor/preact.js";
import { now } from "./clock.js";
import { Frame } from "./frame.js";
import { duration, knows, show, t } from "./i18n.js";
import { openPage } from "./page.js";
import { WorkerState, workerTone } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";
import { WorkerActions, WorkerRuns } from "./worker-actions.js";
import { openWorkers, workers } from "./workers-model.js";

/** @import {Worker} from "./api-types" */

/** Seconds since then. @param {string} time */
const age = (time) => Math.max(0, (now.value - Date.parse(time)) / 1000);

/** Why it is as it is: a sentence, how often, what it said itself, what comes next. @param {{worker: Worker}} props */
function Cause({ worker }) {
	const key = `worker.cause.${worker.cause}`;
	const bad = workerTone(worker.state) !== "good";
	return html`<div class="cause">
		<p>${knows(key) ? t(key) : html`<${Untrusted} text=${worker.sentence} />`}
			${worker.failures > 0 ? html` <span class="quiet">${t("worker.failures", { failed: worker.failures, max: worker.max_failures })}</span>` : null}</p>
		${bad && worker.text !== null && !isEmpty(worker.text) ? html`<p><code><${Untrusted} text=${worker.text} limit=${300} /></code></p>` : null}
		${worker.phase === null || isEmpty(worker.phase) ? null : html`<p><${Untrusted} text=${worker.phase} limit=${120} />${worker.progress === null ? null : ` ${show().percent(worker.progress, 0)}`}</p>`}
		${worker.of > 0 ? html`<p class="quiet">${t("workers.restarts", { attempt: worker.attempt, of: worker.of })}</p>` : null}
		${worker.next_at === null ? null : html`<p>${t("workers.next-try", { time: show().moment(worker.next_at) })}</p>`}
		${worker.receipt === null || isEmpty(worker.receipt) ? null : html`<p class="quiet"><${Untrusted} text=${worker.receipt} limit=${300} /></p>`}
	</div>`;
}

/** @param {Worker} worker */
const figures = (worker) => [
	{ key: "worker.rate", value: show().rate(worker.rate_1m), of: worker.rate_1m === null ? "" : t("unit.per-second") },
	{ key: "worker.in-flight", value: show().number(worker.in_flight), of: ` / ${show().number(worker.allowed)}` },
	{ key: "worker.done", value: show().number(worker.done), of: "" },
	{ key: "workers.failed", value: show().number(worker.failed), of: "" },
	{
		key: "worker.last-answer",
		value: worker.last_answer === null ? t("worker.never") : t("time.ago", { age: duration(age(worker.last_answer)) }),
		of: "",
	},
];

/** @param {{name: string, children: unknown}} props */
const Fact = ({ name, children }) => html`<div><dt>${t(name)}</dt><dd>${children}</dd></div>`;

/** @param {{worker: Worker}} props */
function Facts({ worker }) {
	const { model, server_version, max_model_len, gpu } = worker;
	return html`<dl class="facts">
		<${Fact} name="workers.address"><code>${worker.url}</code><//>
		${model === null || isEmpty(model) ? null : html`<${Fact} name="facts.model"><${Untrusted} text=${model} limit=${80} /><//>`}
		${server_version === null || isEmpty(server_version) ? null : html`<${Fact} name="workers.version"><${Untrusted} text=${server_version} limit=${40} /><//>`}
		${max_model_len === null ? null : html`<${Fact} name="workers.context">${t("workers.tokens", { n: max_model_len })}<//>`}
		${gpu === null ? null : html`<${Fact} name="workers.gpu">${gpu}<//>`}
		<${Fact} name="workers.kind">${t(worker.has_backend ? "workers.kind.ours" : "workers.kind.external")}<//>
	</dl>`;
}

/** @param {{worker: Worker}} props */
function Log({ worker }) {
	if (worker.log.length === 0) return null;
	return html`<details><summary>${t("workers.log")}</summary>
		<pre tabindex="0" class="log">${worker.log.map((line, i) => html`<div key=${i}><${Untrusted} text=${line} limit=${400} /></div>`)}</pre></details>`;
}

/** @param {{worker: Worker}} props */
const Card = ({
	worker,
}) => html`<li class=${`worker edge-${workerTone(worker.state)}`} id=${`worker-${worker.id}`} data-worker=${worker.id} data-state=${worker.state}>
	<div class="worker-head">
		<h2><a href=${`/workers#worker-${worker.id}`}>${t("worker.name", { id: worker.id })}</a></h2>
		<${WorkerState} state=${worker.state} />
		${worker.paused ? html`<span class="tag wait">${t("worker.paused")}</span>` : null}
		${worker.since === null ? null : html`<span class="quiet">${t("time.since", { age: duration(age(worker.since)) })}</span>`}
	</div>
	<${Cause} worker=${worker} />
	<dl class="live figures">${figures(worker).map(({ key, value, of }) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}<span class="of">${of}</span></dd></div>`)}</dl>
	<${WorkerRuns} worker=${worker} />
	<${Facts} worker=${worker} />
	<${Log} worker=${worker} />
	<${WorkerActions} worker=${worker} />
</li>`;

const WorkersPage = () => html`<${Frame}>
	<div class="page-head"><h1>${t("page.workers")}</h1></div>
	${workers.value.length === 0 ? html`<div class="panel empty"><p>${t("workers.none")}</p></div>` : html`<ul class="workers">${workers.value.map((worker) => html`<${Card} key=${worker.id} worker=${worker} />`)}</ul>`}
<//>`;

openPage(openWorkers, WorkersPage, "workers").then(() => {
	document.title = t("title.workers");
	/** A link to one worker: the card was not there yet when the browser looked for it. */
	if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
});
