// Everything about one item: what went in, what came out, what was tried, and ways to take its name along.
import { html, useRef } from "../vendor/preact.js";
import { copied, copy } from "./clipboard.js";
import { duration, show, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { closeRecord, record, view } from "./results-model.js";
import { asItCame, Domain, defanged, isEmpty, Untrusted, VirusTotal } from "./untrusted.js";

/** @import {Attempt, Hostile, ItemRecord} from "./api-types" */

/** Prompt and answer are read whole; nobody reads more than this. */
const longest = 20_000;

/** "c": harmless wherever it is pasted. */
export function copyDefanged() {
	if (record.value !== null) copy(defanged(record.value.key), "defanged");
}

/** @param {{item: ItemRecord}} props */
function RawCopy({ item }) {
	const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const take = () => {
		dialog.current?.close();
		copy(asItCame(item.key), "raw");
	};
	return html`
		<button type="button" data-copy="raw" onClick=${() => dialog.current?.showModal()}>${t("panel.copy-raw")}…</button>
		<dialog ref=${dialog} aria-labelledby="raw-title" closedby="any">
			<h2 id="raw-title">${t("panel.raw.title")}</h2>
			<p>${t("panel.raw.why")}</p>
			<p><${Domain} name=${item.key} unicode=${item.unicode} flags=${item.flags} /></p>
			<div class="actions">
				<button type="button" autofocus onClick=${() => dialog.current?.close()}>${t("action.cancel")}</button>
				<button type="button" class="danger" data-copy="raw-now" onClick=${take}>${t("panel.copy-raw")}</button>
			</div>
		</dialog>`;
}

/** @param {{item: ItemRecord}} props */
const Actions = ({ item }) => html`<div class="actions">
	<button type="button" data-copy="defanged" onClick=${copyDefanged}>${t("panel.copy")} <kbd>c</kbd></button>
	<${RawCopy} item=${item} />
	<${VirusTotal} name=${item.key} flags=${item.flags} />
	<span role="status" class="quiet">${copied.value === "defanged" || copied.value === "raw" ? t("panel.copied") : ""}</span>
</div>`;

/** @param {Hostile | null} text @param {number} [limit] */
const said = (text, limit = 300) =>
	text === null || isEmpty(text) ? null : html`<${Untrusted} text=${text} limit=${limit} />`;

/** @param {ItemRecord} item @returns {[string, unknown][]} */
const outcome = (item) => [
	["column.label", item.label === null ? null : t(`label.${item.label}`)],
	["column.ml", item.ml === null ? null : show().number(item.ml, 3)],
	["column.stage1", item.stage1 === null ? null : t(`label.${item.stage1}`)],
	["column.verdict", item.done ? html`<strong>${t(`label.${item.verdict ?? "none"}`)}</strong>` : t("results.pending")],
	[
		"panel.failure",
		item.failure === null
			? null
			: html`<span class="tone-wait">${t(`failure.${item.failure}`)}</span> <${Untrusted} text=${item.detail} />`,
	],
	["column.confidence", item.confidence === null ? null : show().percent(item.confidence, 0)],
	["facet.risk", item.risk === null ? null : t(`risk.${item.risk}`)],
	[
		"column.cell",
		item.cell === null
			? null
			: html`${t(item.cell === "none" ? "label.none" : `cell.${item.cell}`)} <span class="quiet">${item.cell === "none" ? "" : t(`cell.${item.cell}.word`)}</span>`,
	],
	["facet.change", item.change === null ? null : t(`change.${item.change}`)],
	["column.source", said(item.source, 80)],
	["facet.worker", item.worker],
	[
		"panel.took",
		item.elapsed_ms === null
			? null
			: html`${t("unit.milliseconds", { n: item.elapsed_ms })} <span class="quiet">${t("panel.attempts", { n: item.attempts })}</span>`,
	],
	[
		"panel.tokens",
		item.prompt_tokens === null && item.completion_tokens === null
			? null
			: t("panel.tokens.value", {
					prompt: show().number(item.prompt_tokens),
					completion: show().number(item.completion_tokens),
				}),
	],
	["facts.model", said(item.model, 80)],
	["panel.finish", said(item.finish_reason, 40)],
	["panel.evaluated", item.evaluated === null ? null : show().dateTime(item.evaluated)],
	[
		"panel.position",
		html`${show().number(item.n)} <span class="quiet">${t("panel.rows", { rows: item.row_numbers.map((n) => show().number(n)).join(t("list.joint")) })}</span>`,
	],
];

/** @param {{item: ItemRecord}} props */
const Outcome = ({ item }) =>
	html`<dl class="pairs">${outcome(item).map(([key, value]) => (value === null ? null : html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`))}</dl>`;

/** @param {{heading: string, children: unknown[]}} props */
function Texts({ heading, children }) {
	if (children.length === 0) return null;
	return html`<h3>${t(heading)}</h3><ul class="texts">${children.slice(0, 50)}</ul>`;
}

/** @param {Hostile} text @param {number} i */
const line = (text, i) => html`<li key=${i}><${Untrusted} text=${text} prose /></li>`;

/** @param {{heading: string, empty: boolean, open?: boolean, children: unknown}} props */
function Verbatim({ heading, empty, open = false, children }) {
	if (empty) return null;
	return html`<details open=${open}><summary>${t(heading)}</summary><pre tabindex="0" role="region" aria-label=${t(heading)}>${children}</pre></details>`;
}

/** @param {{attempt: Attempt}} props */
const AttemptLine = ({ attempt }) => html`<li>
	<span class="quiet">${t("panel.attempt", { k: attempt.k })}</span> ${t(`failure.${attempt.failure}`)}
	<span class="quiet">${attempt.worker === null ? "" : t("worker.name", { id: attempt.worker })} · ${duration(attempt.elapsed_ms / 1000)} · ${show().moment(attempt.started)}</span>
	<${Untrusted} text=${attempt.detail} />
</li>`;

/** @param {{item: ItemRecord}} props */
function Attempts({ item }) {
	if (item.attempts_list.length === 0) return null;
	return html`<h3>${t("panel.attempts.failed")}</h3><ol class="texts">${item.attempts_list.map((attempt, i) => html`<${AttemptLine} key=${i} attempt=${attempt} />`)}</ol>`;
}

/** @param {{item: ItemRecord}} props */
function Input({ item }) {
	return html`<details><summary>${t("panel.input")}</summary>
		<dl class="pairs">${Object.entries(item.cells).map(([column, cell]) => html`<div key=${column}><dt><${Untrusted} text=${column} limit=${60} /></dt><dd><${Untrusted} text=${cell} prose limit=${2000} /></dd></div>`)}</dl>
	</details>`;
}

/** @param {{item: ItemRecord}} props */
const Record = ({ item }) => html`
	<${Outcome} item=${item} />
	${isEmpty(item.reasoning) ? null : html`<h3>${t("panel.reasoning")}</h3><p class="reasoning"><${Untrusted} text=${item.reasoning} prose limit=${longest} /></p>`}
	<${Texts} heading=${"panel.risk-factors"}>${item.risk_factors.map(line)}<//>
	<${Texts} heading=${"panel.brands"}>${item.detected_brands.map(line)}<//>
	<${Attempts} item=${item} />
	<${Verbatim} heading=${"panel.raw-answer"} empty=${isEmpty(item.raw)} open><${Untrusted} text=${item.raw} prose limit=${longest} /><//>
	<${Verbatim} heading=${"panel.prompt"} empty=${isEmpty(item.prompt)}><${Untrusted} text=${item.prompt} prose limit=${longest} /><//>
	<${Input} item=${item} />`;

export function ItemPanel() {
	if (view.value.row === null) return null;
	const item = record.value;
	return html`<aside class="item-panel" aria-labelledby="item-title" data-n=${item?.n}>
		<div class="item-head">
			<h2 id="item-title">${item === null ? t("results.loading") : html`<${Domain} name=${item.key} unicode=${item.unicode} flags=${item.flags} />`}</h2>
			<button type="button" class="plain" data-close="panel" onClick=${closeRecord}><${Icon} name="failed" /><span class="hidden">${t("panel.close")}</span></button>
		</div>
		${item === null ? null : html`<${Actions} item=${item} /><p class="quiet note">${t("panel.untrusted")}</p><${Record} item=${item} />`}
	</aside>`;
}
