// The new-run page: from a file or a dataset to a run under way.
import { html, signal } from "../vendor/preact.js";
import { DatasetChoice, loadDatasets } from "./dataset-choice.js";
import { Frame } from "./frame.js";
import { t } from "./i18n.js";
import { changedFields, dataset, onlyDifferences, openNewRun, origin, showOnlyDifferences } from "./new-run-model.js";
import { openPage } from "./page.js";
import { Section } from "./section.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** The form is three quarters of the page, and of no use without a dataset: the page does not wait for it. */
const launch = signal(/** @type {typeof import("./launch-form.js") | null} */ (null));
const loadLaunch = async () => {
	launch.value = await import("./launch-form.js");
};

/** Where the form began, and whether only what differs is shown. */
function Origin() {
	const run = origin.value;
	if (run === null) return null;
	return html`<p class="origin">${t("origin.from")} <a href=${`/runs/${run.id}`}>${run.id}</a> ${isEmpty(run.name) ? null : html`<${Untrusted} text=${run.name} limit=${60} />`}
		<label class="radio"><input type="checkbox" data-action="only-differences" checked=${onlyDifferences.value} onChange=${(/** @type {{currentTarget: HTMLInputElement}} */ event) => showOnlyDifferences(event.currentTarget.checked)} /> ${t("origin.only-differences")}</label></p>`;
}

const Facts = () => (launch.value === null ? null : html`<${launch.value.DatasetFacts} />`);

const Sections = () => (launch.value === null ? null : html`<${launch.value.LaunchSections} />`);

function Plan() {
	if (dataset.value === null) return null;
	return html`<div class="new-run-plan">${launch.value === null ? null : html`<${launch.value.LaunchPlan} />`}</div>`;
}

const NewRunPage =
	() => html`<${Frame} crumbs=${html`<span class="crumb" aria-hidden="true">›</span><span class="crumb">${t("page.new-run")}</span>`}>
	<div class="new-run-head"><h1>${t("page.new-run")}</h1><${Origin} /></div>
	<div class=${`new-run${onlyDifferences.value ? " only-differences" : ""}`}>
		<div class="new-run-form">
			<${Section} name="dataset" changed=${origin.value !== null && changedFields.value.includes("dataset")}><${DatasetChoice} /><${Facts} /><//>
			<${Sections} />
		</div>
		<${Plan} />
	</div>
<//>`;

openPage(() => Promise.all([openNewRun(), loadDatasets()]), NewRunPage, "new-run").then(() => {
	document.title = t("title.new-run");
	loadLaunch();
});
