// What can be asked: search, facets with their counts, and the filters in force as chips.
import { html, signal } from "../vendor/preact.js";
import { knows, show, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { cleared, has, only, toggled } from "./results-address.js";
import { askFor, facetNames, facets, facetsAreOld, view } from "./results-model.js";
import { asItCame, Untrusted } from "./untrusted.js";

/** @import {Hostile} from "./api-types" */
/** @import {FacetCount} from "./results-model.js" */

/** Values that have an order of their own; all others are shown by their count. @type {Record<string, string[]>} */
const orders = {
	cell: ["tp", "fp", "fn", "tn", "none"],
	change: ["fixed", "broken"],
	verdict: ["phishing", "benign", "none"],
	risk: ["critical", "high", "medium", "low"],
};

/** Words for values that are ours; a worker has its name, everything else is text from outside. @type {Record<string, string>} */
const prefixes = {
	cell: "cell.",
	change: "change.",
	verdict: "label.",
	label: "label.",
	stage1: "label.",
	kind: "failure.",
	risk: "risk.",
	done: "done.",
	retried: "retried.",
};

/** @param {{name: string, text: Hostile | string}} props */
function Value({ name, text }) {
	const value = asItCame(text);
	if (name === "worker") return html`${t("worker.name", { id: "" })}<${Untrusted} text=${text} limit=${30} />`;
	if (name === "cell" && value !== "none" && orders.cell?.includes(value))
		return html`${t(`cell.${value}`)} <span class="quiet">${t(`cell.${value}.word`)}</span>`;
	const key = (prefixes[name] ?? "⟦") + value;
	if (name === "label" && value === "none") return t("label.missing");
	if (name === "stage1" && value === "none") return t("label.missing");
	if (prefixes[name] !== undefined && knows(key)) return t(key);
	if (value === "" || (name === "band" && value === "none"))
		return html`<span class="quiet">${t("facet.nothing")}</span>`;
	return html`<${Untrusted} text=${text} limit=${60} />`;
}

/** @param {string} name @param {FacetCount[]} counts */
function inOrder(name, counts) {
	const order = orders[name];
	if (order) return [...counts].sort((a, b) => order.indexOf(asItCame(a.text)) - order.indexOf(asItCame(b.text)));
	if (name === "band") return [...counts].sort((a, b) => (asItCame(a.text) < asItCame(b.text) ? -1 : 1));
	return counts;
}

const shownAtFirst = 8;
/** The facets of which all values are shown. */
const whole = signal(/** @type {string[]} */ ([]));

/** @param {{name: string, counts: FacetCount[]}} props */
function Facet({ name, counts }) {
	const all = name === "band" || whole.value.includes(name);
	const values = inOrder(name, counts);
	const shown = all
		? values
		: values.filter(({ text }, i) => i < shownAtFirst || has(view.value, name, asItCame(text)));
	const more = () => {
		whole.value = [...whole.peek(), name];
	};
	return html`<section class="facet" data-facet=${name} aria-labelledby=${`facet-${name}`}>
		<h2 id=${`facet-${name}`}>${t(`facet.${name}`)}</h2>
		<ul>${shown.map(({ text, count }) => {
			const value = asItCame(text);
			return html`<li key=${value}><button type="button" class="plain" data-value=${value} aria-pressed=${has(view.value, name, value)} onClick=${() => askFor(toggled(view.peek(), name, value))}>
				<span class="what"><${Value} name=${name} text=${text} /></span> <span class="n">${show().number(count)}</span></button></li>`;
		})}</ul>
		${shown.length < values.length ? html`<button type="button" class="plain more" onClick=${more}>${t("facet.more", { n: values.length - shown.length })}</button>` : null}
	</section>`;
}

export function Facets() {
	const shown = facets.value;
	if (shown === null) return html`<p class="quiet">${t("facet.loading")}</p>`;
	return html`<div class=${`facets ${facetsAreOld.value ? "old" : ""}`} aria-busy=${facetsAreOld.value}>
		${facetNames.map((name) => ((shown[name]?.length ?? 0) > 0 ? html`<${Facet} key=${name} name=${name} counts=${shown[name]} />` : null))}
	</div>`;
}

/** @param {string} key */
const facetTitle = (key) =>
	knows(`facet.${key}`) ? t(`facet.${key}`) : html`<${Untrusted} text=${key.replace(/^col\./, "")} limit=${40} />`;

export function Chips() {
	const { filters, policy } = view.value;
	if (filters.length === 0 && policy === "") return null;
	return html`<ul class="chips" aria-label=${t("results.filters")}>
		${filters.map(
			([
				key,
				value,
			]) => html`<li key=${`${key} ${value}`}><button type="button" data-chip=${key} onClick=${() => askFor(toggled(view.peek(), key, value))}>
			<span class="quiet">${facetTitle(key)}</span> <span class="what"><${Value} name=${key} text=${value} /></span>
			<span class="cross"><${Icon} name="failed" /><span class="hidden">${t("results.remove")}</span></span></button></li>`,
		)}
		${policy === "" || !knows(`policy.${policy}`) ? null : html`<li><button type="button" data-chip="policy" onClick=${() => askFor({ ...view.peek(), policy: "" })}><span class="quiet">${t("policy.label")}</span> ${t(`policy.${policy}`)} <span class="cross"><${Icon} name="failed" /><span class="hidden">${t("results.remove")}</span></span></button></li>`}
		${filters.length > 1 ? html`<li><button type="button" class="plain" data-chip="all" onClick=${() => askFor(cleared(view.peek()))}>${t("results.clear")}</button></li>` : null}
	</ul>`;
}

/** @param {SubmitEvent | Event} event */
function search(event) {
	event.preventDefault();
	const form = /** @type {HTMLElement} */ (event.currentTarget).closest("form");
	const wanted = String(new FormData(/** @type {HTMLFormElement} */ (form)).get("q") ?? "");
	/** Full-width letters and digits are what a Japanese keyboard gives. */
	askFor(only(view.peek(), "q", wanted.normalize("NFKC").trim()));
}

export const searchKey = () => document.getElementById("search")?.focus();

export function Search() {
	const q = view.value.filters.find(([key]) => key === "q")?.[1] ?? "";
	return html`<form role="search" class="search" onSubmit=${search}>
		<label for="search" class="hidden">${t("results.search")}</label>
		<input id="search" name="q" type="search" value=${q} placeholder=${t("results.search.hint")} autocomplete="off" autocapitalize="off" spellcheck="false" onChange=${search} />
	</form>`;
}
