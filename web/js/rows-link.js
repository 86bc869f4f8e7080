// Every number leads to the rows that it counts.
import { html } from "../vendor/preact.js";
import { show, t } from "./i18n.js";
import { confusion, progress, run, runId } from "./run-model.js";

/** @import {Matrix} from "./api-types" */
/** @typedef {Record<string, string | string[]>} Filters */
/** @typedef {"tp" | "fp" | "fn" | "tn" | "none_benign" | "none_phishing"} Cell */

/** What stage 1 said and what is true, of each cell. @type {Record<Cell, [stage1: string, label: string]>} */
const meanings = {
	tp: ["phishing", "phishing"],
	fp: ["phishing", "benign"],
	fn: ["benign", "phishing"],
	tn: ["benign", "benign"],
	none_benign: ["none", "benign"],
	none_phishing: ["none", "phishing"],
};

/** A policy that is not the run's own belongs to the question. @returns {Filters} */
function policyOf() {
	const chosen = confusion.value?.policy;
	return chosen === undefined || chosen === run.value?.policy ? {} : { policy: chosen };
}

/** The whole pipeline also counts items that this run never had; the page of the rows says so. @param {Matrix} matrix @param {string} what @returns {Filters} */
function wholeOf(matrix, what) {
	const handed = confusion.value?.matrices.find((each) => each.subset === "handed");
	const isTheSame = handed?.population.hash === matrix.population.hash;
	return matrix.subset === "handed" || isTheSame ? {} : { of: `${matrix.stage}-overall-${what}` };
}

/** @param {Matrix} matrix @param {Cell} cell @returns {Filters} */
export function filtersOfCell(matrix, cell) {
	const [stage1, label] = meanings[cell];
	const whole = wholeOf(matrix, cell);
	if (matrix.stage === "stage1") return { stage1, label, ...whole };
	return stage1 === "none" ? { verdict: "none", label, ...whole } : { cell, ...policyOf(), ...whole };
}

/** All of one truth: for stage 1 every item, for the end those that have been evaluated. @param {Matrix} matrix @param {string} label @returns {Filters} */
export const filtersOfTruth = (matrix, label) => ({
	label,
	...(matrix.stage === "stage1" ? {} : { done: "yes" }),
	...wholeOf(matrix, label),
});

/** What the model changed is counted without items that have no verdict. @param {"fixed" | "broken"} change @returns {Filters} */
export const filtersOfChange = (change) => ({
	change,
	...(run.value?.policy === "exclude" ? {} : { policy: "exclude" }),
});

/** The address of the rows of a run. @param {string} run @param {Filters} filters */
export function rowsAddress(run, filters) {
	const query = new URLSearchParams();
	for (const [key, values] of Object.entries(filters)) for (const value of [values].flat()) query.append(key, value);
	return `/runs/${run}/results?${query}`;
}

/** While the run goes on a number is true for its moment only, so its link names that. @param {Filters} filters */
function addressOf(filters) {
	const { done = 0, total = 0, version = 0 } = progress.value ?? {};
	const moment = confusion.value?.version ?? version;
	return rowsAddress(runId, done < total && moment > 0 ? { ...filters, version: String(moment) } : filters);
}

/**
 * A number as a link, `label` saying what it counts; nothing to see is no link.
 * @param {{n: number, label: string, filters: Filters, children?: unknown}} props
 */
export function RowsLink({ n, label, filters, children = null }) {
	const text = children ?? show().number(n);
	if (n === 0) return text;
	const href = addressOf(filters);
	return html`<a class="rows" href=${href} aria-label=${t("rows.link", { what: label, n })}>${text}</a>`;
}
