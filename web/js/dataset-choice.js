// Which dataset: a new file, or one that the server has.
import { html, signal } from "../vendor/preact.js";
import { get } from "./api.js";
import { FileDrop } from "./file-drop.js";
import { isAdmin } from "./frame.js";
import { show, t } from "./i18n.js";
import { change, chooseDataset, dataset } from "./new-run-model.js";
import { attempt } from "./problems.js";
import { Untrusted } from "./untrusted.js";

/** @import {Dataset} from "./api-types" */

export const datasets = signal(/** @type {Dataset[]} */ ([]));
const more = signal(/** @type {string | number | null} */ (null));
const pageSize = 20;

/** @param {string} [after] */
const load = (after = "") =>
	attempt(async () => {
		const page = await get(`/datasets?limit=${pageSize}${after}`);
		datasets.value = after === "" ? page.items : [...datasets.peek(), ...page.items];
		more.value = page.next_cursor;
	});

export const loadDatasets = () => load();

/** The dataset whose bytes were sent again. */
export const recognized = signal("");

/** @param {Dataset} made @param {boolean} known */
function takeUpload(made, known) {
	recognized.value = known ? made.sha256 : "";
	chooseDataset(made);
}

/** Another one is chosen, the old one forgotten by the address, too. */
export function chooseAnother() {
	change({ dataset: "" });
	loadDatasets();
}

/** @param {{of: Dataset}} props */
function Row({ of }) {
	const ready = of.state === "ready";
	return html`<tr data-dataset=${of.sha256}>
		<th scope="row"><${Untrusted} text=${of.name} limit=${60} /><span class="sha quiet">${of.sha256.slice(0, 8)}</span></th>
		<td class="num" data-label=${t("dataset.rows")}>${ready ? show().number(of.rows) : null}</td>
		<td class="num" data-label=${t("label.phishing")}>${ready ? show().number(of.labels.phishing) : null}</td>
		<td class="num" data-label=${t("label.benign")}>${ready ? show().number(of.labels.benign) : null}</td>
		<td class="num" data-label=${t("dataset.bad")}>${ready ? show().number(of.bad_rows) : null}</td>
		<td class="when">${show().dateTime(of.created)}</td>
		<td class=${ready ? "act" : "why"}>${
			ready
				? html`<button type="button" data-action="choose-dataset" onClick=${() => chooseDataset(of)}>${t("dataset.choose")}</button>`
				: html`<span class=${of.state === "failed" ? "tone-bad" : "tone-wait"}>${t(`dataset.state.${of.state}`)}</span> <${Untrusted} text=${of.problem} limit=${120} />`
		}</td>
	</tr>`;
}

const columns = /** @type {const} */ ([
	["dataset.name", ""],
	["dataset.rows", "num"],
	["label.phishing", "num"],
	["label.benign", "num"],
	["dataset.bad", "num"],
	["dataset.created", ""],
]);

function Table() {
	if (datasets.value.length === 0) return html`<p class="quiet">${t("dataset.none")}</p>`;
	return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("dataset.list")}><table class="datasets">
		<thead><tr>${columns.map(([key, kind]) => html`<th scope="col" key=${key} class=${kind}>${t(key)}</th>`)}<td class="act"></td></tr></thead>
		<tbody>${datasets.value.map((each) => html`<${Row} key=${each.sha256} of=${each} />`)}</tbody>
	</table></div>
	${more.value === null ? null : html`<button type="button" onClick=${() => load(`&after=${more.peek()}`)}>${t("runs.more")}</button>`}`;
}

export function DatasetChoice() {
	if (dataset.value !== null) return null;
	return html`<div class="dataset-choice">
		${isAdmin() ? html`<${FileDrop} name="dataset" label=${t("upload.choose")} hint=${t("upload.hint")} wholeWindow onReady=${takeUpload} />` : html`<p class="quiet">${t("obstacle.role")}</p>`}
		<h3>${t("dataset.list")}</h3>
		<${Table} />
	</div>`;
}
