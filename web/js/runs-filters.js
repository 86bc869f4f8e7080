// The question about runs: states, words, dataset.
import { html } from "../vendor/preact.js";
import { t } from "./i18n.js";
import { asksForAll, runStates, toggledState } from "./runs-address.js";
import { ask, datasets, question } from "./runs-model.js";
import { OneLine } from "./untrusted.js";

/** @typedef {{currentTarget: HTMLInputElement | HTMLSelectElement}} Changed */

const States = () => html`<fieldset class="states">
	<legend>${t("runs.state")}</legend>
	${runStates.map(
		(
			state,
		) => html`<button key=${state} type="button" data-filter-state=${state} aria-pressed=${question.value.states.includes(state)}
			onClick=${() => ask(toggledState(question.peek(), state))}>${t(`run.state.${state}`)}</button>`,
	)}
</fieldset>`;

/** The dataset of a link may be one that is not in the list (any more), or the beginning of its hash. */
function DatasetChoice() {
	const { dataset } = question.value;
	const chosen = datasets.value.find(({ sha256 }) => dataset !== "" && sha256.startsWith(dataset));
	return html`<label>${t("runs.dataset")}
		<select data-filter="dataset" value=${chosen ? chosen.sha256.slice(0, 12) : dataset}
			onChange=${(/** @type {Changed} */ event) => ask({ ...question.peek(), dataset: event.currentTarget.value })}>
			<option value="">${t("runs.any-dataset")}</option>
			${dataset !== "" && chosen === undefined ? html`<option value=${dataset}><${OneLine} text=${dataset} /></option>` : null}
			${datasets.value.map(({ sha256, name }) => html`<option key=${sha256} value=${sha256.slice(0, 12)}><${OneLine} text=${name} /></option>`)}
		</select></label>`;
}

export const Filters = () => html`<search class="run-filters">
	<label>${t("runs.search")}
		<input type="search" data-filter="q" value=${question.value.q} placeholder=${t("runs.search-what")}
			onChange=${(/** @type {Changed} */ event) => ask({ ...question.peek(), q: event.currentTarget.value })} /></label>
	<${DatasetChoice} />
	<${States} />
	${
		asksForAll(question.value)
			? null
			: html`<button type="button" class="plain" data-action="all-runs" onClick=${() => ask({ ...question.peek(), states: [], q: "", dataset: "" })}>${t("runs.show-all")}</button>`
	}
</search>`;
