// The results page: the rows of a run under any question, and everything about one of them.
import { html, signal, useRef } from "../vendor/preact.js";
import { copied, copy } from "./clipboard.js";
import { Frame } from "./frame.js";
import { show, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { copyDefanged, ItemPanel } from "./item-panel.js";
import { listenToKeys } from "./keys.js";
import { openPage } from "./page.js";
import { Chips, Facets, Search, searchKey } from "./results-filters.js";
import {
	closeRecord,
	confusion,
	exportAddress,
	newer,
	openResults,
	permanentAddress,
	refresh,
	run,
	runId,
	total,
	version,
	view,
} from "./results-model.js";
import { ResultsTable, tableKeys } from "./results-table.js";
import { isEmpty, Untrusted } from "./untrusted.js";

const files = [
	{ key: "csv", address: () => exportAddress("csv", "raw") },
	{ key: "excel", address: () => exportAddress("csv", "excel") },
	{ key: "jsonl", address: () => exportAddress("jsonl") },
];

const Downloads =
	() => html`<details class="menu"><summary class="button"><${Icon} name="download" /><span class="label">${t("download.title")}</span></summary>
	<ul>${files.map(({ key, address }) => html`<li key=${key}><a href=${address()} download data-download=${key}>${t(`download.${key}`)}</a> <span class="quiet">${t(`download.${key}.what`)}</span></li>`)}</ul>
</details>`;

const copyLink = () => copy(permanentAddress());

/** The keys of this page. */
const listed = ["j k", "PgUp PgDn", "Home End", "Enter", "Esc", "/", "c", "y", "?"];
const helpIsOpen = signal(false);

function Help() {
	const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
	if (helpIsOpen.value && dialog.current?.open === false) dialog.current.showModal();
	return html`<dialog class="help" ref=${dialog} aria-labelledby="help-title" closedby="any" onClose=${() => {
		helpIsOpen.value = false;
	}}>
		<h2 id="help-title">${t("keys.title")}</h2>
		<dl class="pairs">${listed.map((keys) => html`<div key=${keys}><dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${t(`keys.${keys.split(" ")[0]}`)}</dd></div>`)}</dl>
		<div class="actions"><button type="button" autofocus onClick=${() => dialog.current?.close()}>${t("panel.close")}</button></div>
	</dialog>`;
}

const openHelp = () => {
	helpIsOpen.value = true;
};

function Newer() {
	if (newer.value === 0) return null;
	return html`<button type="button" class="pill" data-newer=${newer.value} onClick=${refresh}>${t("results.newer", { n: newer.value })}</button>`;
}

function Head() {
	return html`<div class="results-head">
		<h1>${t("results.title")} <span class="quiet count" role="status">${total.value === null ? t("results.counting") : t("results.count", { n: total.value })}</span></h1>
		<span class="quiet frozen">${t("results.frozen", { version: show().number(version.value) })}</span>
		${run.value === null || isEmpty(run.value.name) ? null : html`<span class="quiet of-run"><${Untrusted} text=${run.value.name} limit=${80} /></span>`}
		<${Newer} />
		<span class="space"></span>
		<${Downloads} />
		<button type="button" data-copy="link" onClick=${copyLink}><${Icon} name="link" /><span class="label">${copied.value === "link" ? t("results.copied") : t("results.copy-link")}</span> <kbd>y</kbd></button>
		<button type="button" class="plain" data-open="help" onClick=${openHelp} aria-label=${t("keys.title")}><kbd>?</kbd></button>
	</div>`;
}

/** A number of the whole pipeline is more than the rows of the run: say so where they differ. */
function WholePipeline() {
	const [stage, subset, what = ""] = view.value.of.split("-");
	const matrix = confusion.value?.matrices.find((each) => each.stage === stage && each.subset === subset);
	if (!matrix) return null;
	const cells = {
		benign: ["tn", "fp", "none_benign"],
		phishing: ["fn", "tp", "none_phishing"],
		none: ["unlabelled"],
		conflict: ["conflicts"],
	}[what] ?? [what];
	const counts = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (matrix));
	const n = cells.reduce((sum, cell) => sum + Number(counts[cell] ?? 0), 0);
	return html`<p class="bar tone-wait" data-of=${n}>${t("results.of", { n })}</p>`;
}

/** On a phone the facets are a drawer, closed at first. */
const isWide = matchMedia("(width > 860px)");

const ResultsPage =
	() => html`<${Frame} crumbs=${html`<span class="crumb" aria-hidden="true">›</span><a class="crumb" href=${`/runs/${runId}`}>${runId}</a>`}>
	<div class="results-page">
		<${Head} />
		<div class="ask"><${Search} /><${Chips} /></div>
		<${WholePipeline} />
		<div class="results-columns">
			<details class="facet-drawer" open=${isWide.matches}><summary>${t("results.narrow")}</summary><${Facets} /></details>
			<${ResultsTable} />
			<${ItemPanel} />
		</div>
		${total.value === 0 ? html`<p class="quiet nothing">${t("results.none")}</p>` : null}
		<${Help} />
	</div>
<//>`;

openPage(openResults, ResultsPage, "results").then(() => {
	document.title = t("title.results", { run: runId });
	listenToKeys({ ...tableKeys, Escape: closeRecord, "/": searchKey, c: copyDefanged, y: copyLink, "?": openHelp });
});
