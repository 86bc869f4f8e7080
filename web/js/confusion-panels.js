// Before and after the model, for what it was given and for everything: four
// denominators that are never mixed. Counts first, shares small, words in each
// cell, intervals beside every rate.
import { html, signal } from "../vendor/preact.js";
import { rich, show, t } from "./i18n.js";
import { filtersOfCell, filtersOfChange, filtersOfTruth, RowsLink } from "./rows-link.js";
import { choosePolicy, confusion, followsFile, policy, run } from "./run-model.js";
import { Untrusted } from "./untrusted.js";

/** @import {Confusion, Matrix, Policy, Rate} from "./api-types" */

/** @type {Policy[]} */
const policies = ["exclude", "stage1", "benign"];
const revealed = signal(false);

/**
 * @typedef {"tp" | "fp" | "fn" | "tn" | "none_benign" | "none_phishing"} Cell
 * @type {{truth: "benign" | "phishing", cells: [Cell, Cell, Cell]}[]}
 */
const rows = [
	{ truth: "benign", cells: ["tn", "fp", "none_benign"] },
	{ truth: "phishing", cells: ["fn", "tp", "none_phishing"] },
];
/** @type {Record<Cell, string>} */
const kinds = { tn: "hit", tp: "hit", fp: "miss", fn: "miss", none_benign: "none", none_phishing: "none" };

/** @param {{matrix: Matrix, cell: Cell, sum: number}} props */
function Count({ matrix, cell, sum }) {
	const n = matrix[cell];
	return html`<td class=${`count ${kinds[cell]}`} data-cell=${cell}>
		<span class="word">${kinds[cell] === "none" ? null : html`${t(`cell.${cell}`)} <span class="quiet">${t(`cell.${cell}.word`)}</span>`}</span>
		<span class="n live"><${RowsLink} n=${n} label=${t(`matrix.cell.${cell}`, { stage: t(`matrix.${matrix.stage}`) })} filters=${filtersOfCell(matrix, cell)} /></span>
		<span class="share">${sum === 0 ? show().number(null) : show().percent(n / sum)}</span>
	</td>`;
}

/** @param {{matrix: Matrix}} props */
function MatrixTable({ matrix }) {
	const { population } = matrix;
	return html`<table class="matrix" data-matrix=${`${matrix.stage}-${matrix.subset}`}>
		<caption>${t(`matrix.${matrix.stage}`)} <span class="quiet">${t("matrix.n", { covered: population.covered, n: population.n })}</span></caption>
		<thead>
			<tr><td></td><th scope="colgroup" colspan="3" class="axis">${t("matrix.predicted")}</th></tr>
			<tr><th scope="col" class="axis">${t("matrix.truth")}</th><th scope="col">${t("label.benign")}</th><th scope="col">${t("label.phishing")}</th><th scope="col">${t("label.none")}</th></tr>
		</thead>
		<tbody>
			${rows.map(({ truth, cells }) => {
				const sum = cells.reduce((total, cell) => total + matrix[cell], 0);
				return html`<tr key=${truth}>
					<th scope="row">${t(`label.${truth}`)}<span class="sum"><${RowsLink} n=${sum} label=${t(`label.${truth}`)} filters=${filtersOfTruth(matrix, truth)} /></span></th>
					${cells.map((cell) => html`<${Count} key=${cell} matrix=${matrix} cell=${cell} sum=${sum} />`)}
				</tr>`;
			})}
		</tbody>
	</table>`;
}

/** @type {("recall" | "precision" | "fpr")[]} */
const rated = ["recall", "precision", "fpr"];
/** @type {("f1" | "mcc")[]} */
const scored = ["f1", "mcc"];

/** @param {{rate: Rate}} props */
function RateCell({ rate }) {
	return html`<td class="rate"><span class="live">${show().percent(rate.est)}</span>
		<span class="interval">${rate.lo === null || rate.hi === null ? "" : `[${show().points(rate.lo)}–${show().points(rate.hi)}]`}</span>
		<span class="k">${show().number(rate.k)}/${show().number(rate.n)}</span></td>`;
}

/**
 * Smaller is better for the false-positive rate alone. Rates differ by points, scores by their own digits.
 * @param {{name: string, difference: number | null}} props
 */
function Difference({ name, difference }) {
	const better =
		difference === null || Math.abs(difference) < 5e-5 ? "" : difference > 0 === (name !== "fpr") ? "better" : "worse";
	const isScore = name === "f1" || name === "mcc";
	return html`<td class="difference ${better}">${
		difference === null
			? show().number(null)
			: isScore
				? show().change(difference, 3)
				: t("metrics.points", { difference: show().change(difference * 100, 1) })
	}</td>`;
}

/** @param {number | null} a @param {number | null} b */
const minus = (a, b) => (a === null || b === null ? null : a - b);

/** A difference says something only about the same items. @param {Matrix} before @param {Matrix} after */
const coverTheSame = (before, after) => before.population.covered === after.population.covered;

/** @param {{before: Matrix, after: Matrix}} props */
function MetricsTable({ before, after }) {
	const same = coverTheSame(before, after);
	const [b, a] = [before.metrics, after.metrics];
	return html`<div class="metrics-box"><table class="metrics">
		<caption>${t("metrics.title")} <span class="quiet">${t("metrics.interval")}</span></caption>
		<thead><tr><td></td><th scope="col">${t("matrix.stage1")}</th><th scope="col">${t("matrix.final")}</th><th scope="col">${t("metrics.difference")}</th></tr></thead>
		<tbody>
			${rated.map((name) => html`<tr key=${name}><th scope="row">${t(`metrics.${name}`)}</th><${RateCell} rate=${b[name]} /><${RateCell} rate=${a[name]} /><${Difference} name=${name} difference=${same ? minus(a[name].est, b[name].est) : null} /></tr>`)}
			${scored.map((name) => html`<tr key=${name}><th scope="row">${t(`metrics.${name}`)}</th><td class="rate"><span class="live">${show().number(b[name], 3)}</span></td><td class="rate"><span class="live">${show().number(a[name], 3)}</span></td><${Difference} name=${name} difference=${same ? minus(a[name], b[name]) : null} /></tr>`)}
		</tbody>
	</table>${same ? null : html`<p class="note quiet">${t("metrics.not-same")}</p>`}</div>`;
}

/** @param {{data: Confusion}} props */
function Changes({ data }) {
	return html`<p class="changes live">
		<span class="better">${rich("changes.fixed", { n: html`<${RowsLink} n=${data.fixed} label=${t("change.fixed")} filters=${filtersOfChange("fixed")} />` })}</span>
		<span class="worse">${rich("changes.broken", { n: html`<${RowsLink} n=${data.broken} label=${t("change.broken")} filters=${filtersOfChange("broken")} />` })}</span>
		<strong>${t("changes.net", { net: show().signed(data.net) })}</strong>
	</p>`;
}

/** @param {{matrix: Matrix, data: Confusion}} props */
function Population({ matrix, data }) {
	const { name, hash } = matrix.population;
	const handed = data.matrices.find((each) => each.subset === "handed");
	const isTheSame = matrix.subset === "overall" && handed?.population.hash === hash;
	return html`<p class="population quiet">
		${t("population.name")} <${Untrusted} text=${name} limit=${80} /> · ${t("population.hash")} <code>${hash.slice(0, 12)}</code>
		${isTheSame ? html` · ${t("population.same")}` : null}
		${matrix.unlabelled > 0 ? html` · ${rich("population.unlabelled", { n: html`<${RowsLink} n=${matrix.unlabelled} label=${t("label.missing")} filters=${filtersOfTruth(matrix, "none")} />` })}` : null}
		${data.conflicts > 0 ? html` · ${rich("population.conflicts", { n: html`<${RowsLink} n=${data.conflicts} label=${t("label.conflict")} filters=${filtersOfTruth(matrix, "conflict")} />` })}` : null}
		<br />${t(`formula.${matrix.subset}.${data.policy}`)}
	</p>`;
}

/** @param {{data: Confusion, subset: "handed" | "overall"}} props */
function Panel({ data, subset }) {
	const [before, after] = ["stage1", "final"].map((stage) =>
		data.matrices.find((each) => each.subset === subset && each.stage === stage),
	);
	if (!before || !after) return null;
	return html`<section class="panel matrices" aria-labelledby=${`${subset}-title`}>
		<h2 id=${`${subset}-title`}>${t(`subset.${subset}`)} <${Marks} data=${data} /></h2>
		<div class="matrix-row">
			<${MatrixTable} matrix=${before} /><${MatrixTable} matrix=${after} /><${MetricsTable} before=${before} after=${after} />
		</div>
		<div class="matrix-foot">${subset === "handed" ? html`<${Changes} data=${data} />` : null}<${Population} matrix=${after} data=${data} /></div>
	</section>`;
}

/** @param {{data: Confusion}} props */
function Marks({ data }) {
	if (!data.partial) return html`<span class="tag good">${t("mark.complete")}</span>`;
	return html`<span class="tag wait">${t("mark.partial")}</span> ${data.representative ? html`<span class="tag good">${t("mark.representative")}</span>` : html`<span class="tag bad">${t("mark.not-representative")}</span>`}`;
}

function PolicyChoice() {
	const chosen = policy.value ?? run.value?.policy;
	return html`<label class="policy">${t("policy.label")}
		<select value=${chosen} onChange=${(/** @type {{currentTarget: HTMLSelectElement}} */ event) => choosePolicy(/** @type {Policy} */ (event.currentTarget.value))}>
			${policies.map((each) => html`<option key=${each} value=${each} selected=${each === chosen}>${t(`policy.${each}`)}</option>`)}
		</select></label>`;
}

/** The population of a figure is its items with a label; without any there is nothing to compare with. @param {Confusion} data */
const hasLabels = (data) => data.matrices.some((each) => each.population.n > 0);

export function ConfusionPanels() {
	const data = confusion.value;
	if (data === null) return null;
	if (!hasLabels(data)) return html`<p class="panel no-labels">${t("matrix.no-labels")}</p>`;
	if (followsFile.value && !revealed.value)
		return html`<section class="panel hidden-matrices" aria-label=${t("matrix.title")}>
			<p>${t("order.follows-file")}</p>
			<p class="quiet">${t("order.why")}</p>
			<button type="button" onClick=${() => {
				revealed.value = true;
			}}>${t("order.reveal")}</button>
		</section>`;
	return html`<div class="confusion">
		<div class="confusion-head">${followsFile.value ? html`<p class="bar tone-wait">${t("order.follows-file")}</p>` : null}<${PolicyChoice} /></div>
		<${Panel} data=${data} subset="handed" />
		<${Panel} data=${data} subset="overall" />
	</div>`;
}
