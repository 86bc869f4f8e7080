// What the chosen dataset holds: rows, classes, columns and their meanings, problems, its population.
import { html } from "../vendor/preact.js";
import { chooseAnother, recognized } from "./dataset-choice.js";
import { DatasetPreview } from "./dataset-preview.js";
import { DatasetProblems } from "./dataset-problems.js";
import { sizeOf } from "./file-drop.js";
import { show, t } from "./i18n.js";
import { change, dataset } from "./new-run-model.js";
import { Population } from "./population.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Dataset, Hostile, LabelCounts} from "./api-types" */

/** @type {(keyof LabelCounts)[]} */
const classes = ["phishing", "benign", "unknown", "conflict"];
const sourcesShown = 12;

/** Class counts in words; what does not occur is left out, but for the two classes. @param {{labels: LabelCounts}} props */
export function ClassCounts({ labels }) {
	return html`<span class="class-counts">${classes
		.filter((each) => labels[each] > 0 || each === "phishing" || each === "benign")
		.map(
			(each) =>
				html`<span key=${each} class="class-count" data-class=${each}>${t(`class.${each}`)} <strong>${show().number(labels[each])}</strong></span>`,
		)}</span>`;
}

/** @param {{of: Dataset}} props */
function Numbers({ of }) {
	/** @type {[string, unknown][]} */
	const rows = [
		["dataset.rows", show().number(of.rows)],
		["dataset.items", show().number(of.items)],
		["dataset.bad", html`<span class=${of.bad_rows > 0 ? "tone-wait" : ""}>${show().number(of.bad_rows)}</span>`],
		["dataset.duplicates", show().number(of.duplicates.rows)],
		["dataset.case", show().number(of.duplicates.case)],
		["dataset.idn", show().number(of.idn)],
		["dataset.invalid-idna", show().number(of.invalid_idna)],
		["dataset.size", sizeOf(of.bytes)],
	];
	return html`<dl class="numbers">${rows.map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A source chosen here is a filter. @param {Hostile} value */
const filterBySource = (value) => change({ select: "filter", filter: `source=${encodeURIComponent(String(value))}` });

/** @param {{of: Dataset}} props */
function Sources({ of }) {
	if (of.sources.length === 0) return null;
	const shown = of.sources.slice(0, sourcesShown);
	const rest = of.sources.length - shown.length;
	return html`<h3>${t("dataset.sources")}</h3>
		<ul class="chips">${shown.map(
			({
				value: source,
				count,
			}) => html`<li key=${String(source)}><button type="button" class="chip-button" title=${t("dataset.source.filter")} onClick=${() => filterBySource(source)}>
			${isEmpty(source) ? t("dataset.source.none") : html`<${Untrusted} text=${source} limit=${40} />`} <span class="quiet">${show().number(count)}</span></button></li>`,
		)}${rest > 0 ? html`<li class="quiet">${t("list.more", { n: rest })}</li>` : null}</ul>`;
}

/** @param {{of: Dataset}} props */
function Columns({ of }) {
	return html`<details class="columns"><summary>${t("dataset.columns", { n: of.columns.length })}</summary>
		<ul class="chips">${of.columns.map((column, i) => {
			const meaning = of.meanings[String(column)];
			return html`<li key=${i}><code><${Untrusted} text=${column} limit=${60} /></code>
				${meaning === undefined ? null : html`<span class="tag good">${t(`meaning.${meaning}`)}</span>`}
				${of.renamed.includes(String(column)) ? html`<span class="tag wait">${t("dataset.renamed")}</span>` : null}</li>`;
		})}</ul></details>`;
}

/** @param {{of: Dataset}} props */
function Head({ of }) {
	return html`<div class="dataset-head">
		<p class="dataset-name"><strong><${Untrusted} text=${of.name} limit=${100} /></strong> <code class="sha quiet" title=${of.sha256}>${of.sha256.slice(0, 12)}</code></p>
		<p class="quiet">${t("dataset.uploaded", { time: show().dateTime(of.created) })} <${Untrusted} text=${of.created_by} limit=${40} /></p>
		<button type="button" data-action="another-dataset" onClick=${chooseAnother}>${t("dataset.another")}</button>
	</div>`;
}

export function DatasetFacts() {
	const of = dataset.value;
	if (of === null) return null;
	if (of.state === "failed")
		return html`<${Head} of=${of} /><p class="bar tone-bad"><span>${t("upload.failed")} <${Untrusted} text=${of.problem} limit=${600} /></span></p>`;
	return html`<div class="dataset-facts" data-chosen=${of.sha256}>
		<${Head} of=${of} />
		${recognized.value === of.sha256 ? html`<p class="tone-go" role="status" data-known>${t("upload.known", { time: show().dateTime(of.created) })} <${Untrusted} text=${of.name} limit=${80} /></p>` : null}
		<p><${ClassCounts} labels=${of.labels} /></p>
		<${Numbers} of=${of} />
		<${Sources} of=${of} />
		<${DatasetProblems} of=${of} key=${`problems-${of.sha256}`} />
		<${Columns} of=${of} />
		<${DatasetPreview} of=${of} key=${`preview-${of.sha256}`} />
		<${Population} of=${of} key=${`population-${of.sha256}`} />
	</div>`;
}
