// Everything that makes sense once there is a dataset; loaded after the page is there.
import { html } from "../vendor/preact.js";
import { EvaluatorFields } from "./evaluator-fields.js";
import { LineField } from "./fields.js";
import { t } from "./i18n.js";
import { dataset } from "./new-run-model.js";
import { PlanPanel } from "./plan-panel.js";
import { Section } from "./section.js";
import { SelectionFields } from "./selection-fields.js";
import { TrialPanel } from "./trial-panel.js";
import { WorkerChoice } from "./worker-choice.js";

export { DatasetFacts } from "./dataset-facts.js";

export function LaunchSections() {
	if (dataset.value?.state !== "ready") return null;
	return html`
		<${Section} name="selection"><${SelectionFields} /><//>
		<${Section} name="evaluator"><${EvaluatorFields} /><//>
		<${Section} name="workers"><${WorkerChoice} /><//>
		<${Section} name="trial"><${TrialPanel} /><//>`;
}

export const LaunchPlan = () => html`
	<section class="panel name-panel" aria-label=${t("field.name")}><${LineField} name="name" wide hint=${t("field.name.hint")} /></section>
	<${PlanPanel} />`;
