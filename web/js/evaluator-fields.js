// Who decides, and how it is asked: evaluator, model, limits.
import { html } from "../vendor/preact.js";
import { ChoiceField, LineField, textOf } from "./fields.js";
import { t } from "./i18n.js";
import { chooseLanguage, defaults, workers } from "./new-run-model.js";
import { PromptFields } from "./prompt-fields.js";
import { isEmpty, Untrusted } from "./untrusted.js";

const policies = ["exclude", "stage1", "benign"];

/** What the workers serve, each name once. */
function Served() {
	const names = [
		...new Set(workers.value.map((worker) => worker.model).filter((name) => name !== null && !isEmpty(name))),
	];
	if (names.length === 0) return null;
	return html`<p class="quiet served">${t("field.model.served")} ${names.map((name, i) => html`${i > 0 ? t("list.joint") : ""}<${Untrusted} text=${name} limit=${60} />`)}</p>`;
}

function ChatFields() {
	return html`<${PromptFields} />
		<div class="row">
			<${ChoiceField} name="language" options=${["en", "ja"]} prefix="language." hint=${t("field.language.hint")} onChoose=${chooseLanguage} />
			<${LineField} name="temperature" number />
			<${LineField} name="top_p" number />
			<${LineField} name="max_tokens" number />
			<${LineField} name="model" hint=${t("field.model.hint")} />
		</div>
		<${Served} />`;
}

export function EvaluatorFields() {
	const evaluators = defaults.value?.evaluators ?? [];
	return html`
		<div class="row">
			<${ChoiceField} name="evaluator" options=${evaluators} />
			<${LineField} name="timeout" number />
			<${LineField} name="attempts" number />
			<${ChoiceField} name="no_verdict" options=${policies} prefix="policy." />
		</div>
		${textOf("evaluator") === "chat" ? html`<${ChatFields} />` : html`<p class="quiet">${t("evaluator.fake")}</p>`}`;
}
