// What would happen, before it does: counts, estimate, warnings to acknowledge, and the start.
import { html } from "../vendor/preact.js";
import { ClassCounts } from "./dataset-facts.js";
import { textOf } from "./fields.js";
import { durationRange, knows, rich, show, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { LaunchCommands } from "./launch-commands.js";
import { longFields } from "./new-run-form.js";
import {
	acknowledge,
	acknowledged,
	base,
	changedFields,
	obstacle,
	openWarnings,
	origin,
	plan,
	planChange,
	planning,
	refusal,
	refusedField,
	start,
	starting,
	warningId,
} from "./new-run-model.js";
import { ProblemText } from "./problems.js";
import { Untrusted } from "./untrusted.js";

/** @import {Plan, Warning} from "./api-types" */
/** @import {FieldEvent} from "./fields.js" */
/** @import {FieldName} from "./new-run-form.js" */

/** The parameters of a warning as its sentence wants them. @param {Warning} warning @returns {Record<string, unknown>} */
function parametersOf({ params }) {
	const { workers: named, model } = params;
	const ids = Array.isArray(named) ? named : Object.keys(named ?? {});
	return {
		n: Number(params.items ?? params.rows ?? ids.length),
		run: html`<${Untrusted} text=${String(params.run ?? "")} />`,
		model: html`<${Untrusted} text=${String(model ?? "")} limit=${60} />`,
		workers: html`<${Untrusted} text=${ids.join(", ")} limit=${100} />`,
	};
}

/** @param {{warning: Warning}} props */
function WarningRow({ warning }) {
	const key = `warning.${warning.code}`;
	const id = warningId(warning);
	return html`<li><label class="warning"><input type="checkbox" data-warning=${warning.code} checked=${acknowledged.value.has(id)} onChange=${(/** @type {FieldEvent} */ event) => acknowledge(warning, event.currentTarget.checked)} />
		<span>${knows(key) ? rich(key, parametersOf(warning)) : html`<${Untrusted} text=${warning.text} />`}</span></label></li>`;
}

/** @param {{made: Plan}} props */
function Estimate({ made }) {
	const { estimate } = made;
	if (estimate === null) return html`<dd class="quiet">${t("plan.no-estimate")}</dd>`;
	return html`<dd><strong>${durationRange(estimate.lo_s, estimate.hi_s)}</strong> <span class="quiet">${t("plan.basis", { rate: show().rate(estimate.items_per_s), run: estimate.basis })}</span></dd>`;
}

/** What became different while the person looked. */
function Change() {
	const difference = planChange.value;
	if (difference === null) return null;
	const { selected, added, gone, refused } = difference;
	/** @param {string[]} codes */
	const names = (codes) =>
		codes.map((code) => (knows(`warning.name.${code}`) ? t(`warning.name.${code}`) : code)).join(t("list.joint"));
	const said = [
		selected === null ? null : t("plan.change.selected", { before: selected[0], now: selected[1] }),
		added.length === 0 ? null : t("plan.change.added", { names: names(added) }),
		gone.length === 0 ? null : t("plan.change.gone", { names: names(gone) }),
	].filter((each) => each !== null);
	return html`<div class="bar tone-wait plan-change"><span>${t(refused ? "plan.refused" : "plan.refreshed")} ${said.length === 0 ? t("plan.change.none") : said.join(" ")}</span></div>`;
}

/** @param {FieldName} name @param {string} value */
const said = (name, value) => {
	for (const prefix of [
		`choice.${name}.`,
		name === "no_verdict" ? "policy." : "",
		name === "language" ? "language." : "",
		name === "select" ? "select." : "",
	])
		if (prefix !== "" && knows(prefix + value)) return t(prefix + value);
	return html`<${Untrusted} text=${value === "" ? "–" : value} limit=${40} />`;
};

/** What differs from the run it was prefilled from. */
function Differences() {
	if (origin.value === null) return null;
	const names = changedFields.value.filter((name) => name !== "name");
	return html`<div class="differences"><h3>${t("differences.title", { run: origin.value.id })}</h3>
		${
			names.length === 0
				? html`<p class="quiet">${t("differences.none")}</p>`
				: html`<ul>${names.map((name) => html`<li key=${name}>${t(`field.${name}`)}: ${longFields.includes(name) || name === "dataset" ? t("differences.other") : html`${said(name, base.value[name])} → ${said(name, textOf(name))}`}</li>`)}</ul>`
		}</div>`;
}

/** @param {{made: Plan}} props */
function Figures({ made }) {
	return html`<dl class=${`plan-figures${planning.value ? " old" : ""}`}>
		<div><dt>${t("plan.selected")}</dt><dd><strong>${show().number(made.counts.selected)}</strong> <span class="quiet">${t("plan.of", { items: made.counts.items })}</span><br /><${ClassCounts} labels=${made.counts.labels} /></dd></div>
		<div><dt>${t("plan.estimate")}</dt><${Estimate} made=${made} /></div>
		<div><dt>${t("worker.title")}</dt><dd>${made.workers.length === 0 ? t("worker.none") : made.workers.map((worker) => worker.id).join(t("list.joint"))}</dd></div>
	</dl>`;
}

/** A refusal that belongs to no field on the page. */
function Refusal() {
	if (refusal.value === null || refusedField.value !== null) return null;
	return html`<p class="bar tone-bad"><${ProblemText} problem=${refusal.value} /></p>`;
}

function StartButton() {
	const why = obstacle.value;
	return html`<div class="start">
		<button type="button" class="primary" data-action="start-run" disabled=${why !== ""} aria-describedby="obstacle" onClick=${start}><${Icon} name="running" />${t(starting.value ? "plan.starting" : "plan.start")}</button>
		<span id="obstacle" class="quiet" data-obstacle=${why}>${why === "" || why === "obstacle.starting" ? "" : t(why, { n: openWarnings.value.length })}</span>
	</div>`;
}

export function PlanPanel() {
	const made = plan.value;
	return html`<section class="panel plan" aria-labelledby="plan-title" data-etag=${made?.plan_etag ?? null}>
		<h2 id="plan-title">${t("plan.title")} <span class="quiet" role="status">${planning.value ? t("plan.counting") : ""}</span></h2>
		${made === null ? html`<p class="quiet">${t("plan.none")}</p>` : html`<${Figures} made=${made} />`}
		<${Refusal} />
		<${Differences} />
		<div role="alert"><${Change} /></div>
		${
			made === null || made.warnings.length === 0
				? null
				: html`<fieldset class="warnings"><legend>${t("plan.warnings", { n: made.warnings.length })}</legend><ul>${made.warnings.map((warning) => html`<${WarningRow} key=${warningId(warning)} warning=${warning} />`)}</ul></fieldset>`
		}
		<${StartButton} />
		${made === null ? null : html`<${LaunchCommands} made=${made} />`}
	</section>`;
}
