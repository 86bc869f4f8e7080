// Try before starting: some rows of the selection through a worker, everything of it shown, nothing stored.
import { html } from "../vendor/preact.js";
import { composition } from "./fields.js";
import { isAdmin } from "./frame.js";
import { show, t } from "./i18n.js";
import { readNumber, requestOf } from "./new-run-form.js";
import { form, obstacle, plan, trial, tryNow, workers } from "./new-run-model.js";
import { ProblemText } from "./problems.js";
import { Domain, isEmpty, Untrusted } from "./untrusted.js";

/** @import {Tried} from "./api-types" */
/** @import {FieldEvent} from "./fields.js" */

const most = 10;

/** @param {{item: Tried}} props */
function Verdict({ item }) {
	if (item.verdict === null)
		return html`<span class="tone-wait">${t("label.none")}</span> ${t(`failure.${item.failure ?? "unknown"}`)} ${item.detail === null || isEmpty(item.detail) ? null : html`<code class="quiet"><${Untrusted} text=${item.detail} limit=${300} /></code>`}`;
	const { is_phishing, confidence } = item.verdict;
	return html`<strong>${t(is_phishing ? "label.phishing" : "label.benign")}</strong> <span class="quiet">${confidence === null ? "" : show().percent(confidence, 0)}</span>`;
}

/** @param {{item: Tried}} props */
function Card({ item }) {
	return html`<li class="tried" data-tried>
		<p class="tried-head"><${Domain} name=${item.key} /> <span><${Verdict} item=${item} /></span>
			<span class="quiet">${t("trial.cost", { prompt: show().number(item.prompt_tokens), answer: show().number(item.completion_tokens), ms: item.elapsed_ms, worker: item.worker })}</span></p>
		${item.verdict === null || item.verdict.reasoning === null ? null : html`<p class="quiet"><${Untrusted} text=${item.verdict.reasoning} prose limit=${500} /></p>`}
		<details><summary>${t("trial.prompt")}</summary><pre class="raw" data-prompt tabindex="0" role="region" aria-label=${t("trial.prompt")}><${Untrusted} text=${item.prompt} limit=${20_000} /></pre></details>
		<details><summary>${t("trial.raw")}</summary><pre class="raw" data-raw tabindex="0" role="region" aria-label=${t("trial.raw")}><${Untrusted} text=${item.raw} prose limit=${20_000} /></pre></details>
	</li>`;
}

function Results() {
	const { items, problem, request } = trial.value;
	if (problem !== null) return html`<p class="bar tone-bad"><${ProblemText} problem=${problem} /></p>`;
	if (items === null) return null;
	const old = JSON.stringify(requestOf(form.value)) !== request;
	return html`${old ? html`<p class="tone-wait">${t("trial.old")}</p>` : null}<ul class=${`tried-list${old ? " old" : ""}`}>${items.map((item, i) => html`<${Card} key=${i} item=${item} />`)}</ul>`;
}

export function TrialPanel() {
	if (!isAdmin()) return null;
	const { k, worker, busy } = trial.value;
	const count = readNumber(k);
	const wrong = count === null || !Number.isInteger(count) || count < 1 || count > most;
	const possible = plan.value !== null && !wrong && !busy && obstacle.value !== "obstacle.mistakes";
	return html`<div class="trial">
		<div class="row">
			<label class="field"><span class="label">${t("trial.k")}</span> <input type="text" inputmode="numeric" class="number" data-trial="k" value=${k} aria-invalid=${wrong ? "true" : null} aria-describedby="trial-mistake" autocomplete="off" ...${composition}
				onInput=${(/** @type {FieldEvent} */ event) => {
					trial.value = { ...trial.peek(), k: event.currentTarget.value };
				}} /><span id="trial-mistake" class="mistake" aria-live="polite">${wrong ? t("number.range", { least: 1, most }) : null}</span></label>
			<label class="field"><span class="label">${t("trial.worker")}</span> <select data-trial="worker" value=${worker} onChange=${(
				/** @type {FieldEvent} */ event,
			) => {
				trial.value = { ...trial.peek(), worker: event.currentTarget.value };
			}}>
				<option value="">${t("trial.any")}</option>
				${workers.value.map((each) => html`<option key=${each.id} value=${each.id} selected=${each.id === worker}>${t("trial.worker.option", { id: each.id, state: t(`worker.state.${each.state}`) })}</option>`)}
			</select></label>
			<button type="button" class="try" data-action="try" disabled=${!possible} onClick=${() => count !== null && tryNow(count)}>${t(busy ? "trial.busy" : "trial.start")}</button>
		</div>
		<p class="quiet">${t("trial.hint")}</p>
		<div role="status" aria-live="polite"><${Results} /></div>
	</div>`;
}
