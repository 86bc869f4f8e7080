// What happened, newest first, in the reader's language: kind and data are translated here.
import { html, signal } from "../vendor/preact.js";
import { knows, rich, show, t } from "./i18n.js";
import { events } from "./run-model.js";
import { runTone, workerTone } from "./states.js";
import { Domain, field, isEmpty, Untrusted } from "./untrusted.js";

/** @import {Event} from "./api-types" */

const shownAtFirst = 12;
const all = signal(false);

/** A word for a state or cause that the page knows, else what the server said. @param {Event} event @param {string} prefix @param {string} name */
function word(event, prefix, name) {
	const key = `${prefix}${String(field(event.data, name))}`;
	return knows(key) ? t(key) : html`<${Untrusted} text=${field(event.data, name)} limit=${80} />`;
}

/** The sentences with components in them; all other kinds have no parameters but their worker. @type {Record<string, (event: Event) => Record<string, unknown>>} */
const parameters = {
	"run.state": (event) => ({ from: word(event, "run.state.", "from"), to: word(event, "run.state.", "to") }),
	"worker.state": (event) => ({
		from: word(event, "worker.state.", "from"),
		to: word(event, "worker.state.", "to"),
		cause: word(event, "worker.cause.", "cause"),
		failed: Number(event.data?.failures ?? 0),
		max: Number(event.data?.max_failures ?? 0),
	}),
	"run.workers": (event) => ({ workers: html`<${Untrusted} text=${String(event.data?.workers ?? "")} limit=${80} />` }),
	"item.quarantined": (event) => ({ item: html`<${Domain} name=${field(event.data, "key")} />` }),
	"gpu.foreign": (event) => ({ text: String(event.data?.text ?? "") }),
	"server.clock_gap": (event) => ({ seconds: Number(event.data?.seconds ?? 0) }),
	"dataset.imported": (event) => ({ name: html`<${Untrusted} text=${field(event.data, "name")} limit=${80} />` }),
	"dataset.failed": (event) => ({ name: html`<${Untrusted} text=${field(event.data, "name")} limit=${80} />` }),
};

/** A worker's news need not be another state: it was paused, or a probe failed once more. @param {Event} event */
function keyOf(event) {
	const data = event.data ?? {};
	if (event.kind !== "worker.state" || data.from !== data.to) return `event.${event.kind}`;
	if (typeof data.failures === "number" && data.failures > 0) return "event.worker.probes";
	return data.paused === true ? "event.worker.paused" : "event.worker.resumed";
}

/** @param {{event: Event}} props */
function Sentence({ event }) {
	const key = keyOf(event);
	if (!knows(key)) return html`<${Untrusted} text=${event.kind} />`;
	return html`<span>${rich(key, { worker: event.worker ?? "", ...parameters[event.kind]?.(event) })}</span>`;
}

/** @param {Event} event */
function tone(event) {
	const to = String(field(event.data, "to"));
	if (event.kind === "run.state") return runTone(to);
	if (event.kind === "worker.state") return workerTone(to);
	return event.kind === "store.blocked" || event.kind.endsWith("failed") || event.kind === "item.quarantined"
		? "bad"
		: "off";
}

/** @param {{event: Event}} props */
function Line({ event }) {
	const text = field(event.data, "text");
	return html`<li data-kind=${event.kind}>
		<time datetime=${event.at} title=${show().dateTime(event.at)}>${show().time(event.at)}</time>
		<span class="mark tone-${tone(event)}" aria-hidden="true"></span>
		<span><${Sentence} event=${event} />
			${event.person === null || isEmpty(event.person) ? null : html` <span class="quiet">${rich("event.by", { person: html`<${Untrusted} text=${event.person} limit=${40} />` })}</span>`}
			${isEmpty(text) ? null : html`<br /><code class="quiet"><${Untrusted} text=${text} limit=${160} /></code>`}</span>
	</li>`;
}

export function EventList() {
	const newest = [...events.value].reverse();
	const shown = all.value ? newest : newest.slice(0, shownAtFirst);
	const hidden = newest.length - shown.length;
	const offset = newest[0] ? show().offset(newest[0].at) : "";
	return html`<section class="panel events" aria-labelledby="events-title">
		<h2 id="events-title">${t("event.title")} <span class="quiet">${t("event.order", { offset })}</span></h2>
		${newest.length === 0 ? html`<p class="quiet">${t("event.none")}</p>` : html`<ol class="event-list">${shown.map((event) => html`<${Line} key=${event.id} event=${event} />`)}</ol>`}
		${
			hidden > 0
				? html`<button type="button" class="plain" onClick=${() => {
						all.value = true;
					}}>${t("event.more", { n: hidden })}</button>`
				: null
		}
	</section>`;
}
