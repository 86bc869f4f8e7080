// Which items, and in which order.
import { html } from "../vendor/preact.js";
import { ClassCounts } from "./dataset-facts.js";
import {
	Changed,
	ChoiceField,
	Field,
	LineField,
	Mistake,
	SwitchField,
	attributesOf,
	isChanged,
	textOf,
} from "./fields.js";
import { FilterBuilder } from "./filter-builder.js";
import { show, t } from "./i18n.js";
import { readList } from "./new-run-form.js";
import { change, dataset, form, keyCheck, leaveOutStrangers, plan, planning, runs } from "./new-run-model.js";
import { Untrusted } from "./untrusted.js";

/** @import {FieldEvent} from "./fields.js" */
/** @import {Run} from "./api-types" */

const kinds = /** @type {const} */ (["all", "first", "random", "filter", "list", "errors", "run"]);

/** @param {{kind: string}} props */
const Kind = ({
	kind,
}) => html`<label class="radio"><input type="radio" name="select" value=${kind} checked=${textOf("select") === kind} data-select=${kind}
	onChange=${() => change({ select: kind })} /> ${t(`select.${kind}`)}</label>`;

function KeysField() {
	const found = keyCheck.value;
	return html`<${Field} name="keys" hint=${t("field.keys.hint")} wide>
		<textarea rows="6" ...${attributesOf("keys", true)} value=${textOf("keys")} onInput=${(/** @type {FieldEvent} */ event) => change({ keys: event.currentTarget.value })}></textarea>
	<//>
	${
		found === null || found.given === 0
			? null
			: html`<div class="key-check" role="status"><p>${t("keys.found", { given: found.given, items: found.items, repeated: found.repeated })}</p>
		${
			found.refused === 0
				? null
				: html`<p class="tone-bad">${t("keys.refused", { n: found.refused })}</p>
			<ul class="strangers">${found.examples.slice(0, 20).map((each, i) => html`<li key=${i}><code><${Untrusted} text=${each.text} prose limit=${80} /></code> <span class="quiet"><${Untrusted} text=${each.reason} /></span></li>`)}</ul>
			${found.refused > 20 ? html`<p class="quiet">${t("list.more", { n: found.refused - 20 })}</p>` : null}
			<button type="button" data-action="leave-out" onClick=${leaveOutStrangers}>${t("keys.leave-out")}</button>`
		}</div>`
	}`;
}

/** @param {{run: Run}} props */
const RunOption = ({ run }) =>
	html`<option value=${run.id} selected=${run.id === textOf("run")}>${t("run.option", { id: run.id, done: run.progress.done, total: run.progress.total, failed: run.progress.no_verdict })}</option>`;

function RunField() {
	const known = runs.value.some((run) => run.id === textOf("run"));
	return html`<${Field} name="run">
		<select value=${textOf("run")} ...${attributesOf("run", false)} onChange=${(/** @type {FieldEvent} */ event) => change({ run: event.currentTarget.value })}>
			${known ? null : html`<option value=${textOf("run")}>${textOf("run") === "" ? t("field.run.choose") : textOf("run")}</option>`}
			${runs.value.map((run) => html`<${RunOption} key=${run.id} run=${run} />`)}
		</select>
	<//>`;
}

/** The kinds of failure that the chosen run has, with their counts; none chosen means all. */
function KindsField() {
	const chosen = readList(textOf("kinds"));
	const counts = runs.value.find((run) => run.id === textOf("run"))?.progress.by_failure ?? {};
	const shown = [...new Set([...Object.keys(counts), ...chosen])];
	if (shown.length === 0) return null;
	/** @param {string} kind @param {boolean} yes */
	const toggle = (kind, yes) =>
		change({ kinds: shown.filter((each) => (each === kind ? yes : chosen.includes(each))).join(",") });
	return html`<fieldset class=${`field kinds${isChanged("kinds") ? " changed" : ""}`}><legend>${t("field.kinds")} <${Changed} name="kinds" /></legend>
		${shown.map((kind) => html`<label key=${kind} class="radio"><input type="checkbox" checked=${chosen.includes(kind)} data-kind=${kind} onChange=${(/** @type {FieldEvent} */ event) => toggle(kind, event.currentTarget.checked)} /> ${t(`failure.${kind}`)} <span class="quiet">${show().number(counts[kind] ?? 0)}</span></label>`)}
		<span class="hint quiet">${t("field.kinds.hint")}</span>
	</fieldset>`;
}

/** What the server counted: never by the page itself. */
function Selected() {
	const counts = plan.value?.counts;
	if (dataset.value === null) return null;
	return html`<p class=${`selected${planning.value ? " old" : ""}`} data-selected=${counts?.selected ?? null}>${
		counts === undefined
			? html`<span class="quiet">${t(planning.value ? "plan.counting" : "plan.not-counted")}</span>`
			: html`<strong>${t("select.counts", { selected: counts.selected, items: counts.items })}</strong> <${ClassCounts} labels=${counts.labels} />`
	}</p>`;
}

export function SelectionFields() {
	const kind = form.value.select;
	const draws = kind === "random" || textOf("shuffle") === "yes";
	return html`
		<fieldset class=${`field radios${isChanged("select") ? " changed" : ""}`}><legend>${t("field.select")} <${Changed} name="select" /></legend>
			${kinds.map((each) => html`<${Kind} key=${each} kind=${each} />`)}
			<${Mistake} name="select" />
		</fieldset>
		<div class="row">
			${kind === "first" || kind === "random" ? html`<${LineField} name="n" number />` : null}
			${kind === "filter" ? html`<${FilterBuilder} />` : null}
			${kind === "list" ? html`<div class="wide"><${KeysField} /></div>` : null}
			${kind === "run" || kind === "errors" ? html`<${RunField} />` : null}
			${kind === "errors" ? html`<${KindsField} />` : null}
		</div>
		<div class="row">
			<${SwitchField} name="shuffle" label=${t("field.shuffle")} hint=${t(textOf("shuffle") === "yes" ? "field.shuffle.on" : "field.shuffle.off")} />
			<${LineField} name="seed" number hint=${t("field.seed.hint")} />
			${draws ? html`<${ChoiceField} name="sampling" options=${["mekiki", "pandas"]} hint=${t("field.sampling.hint")} />` : null}
		</div>
		<${Selected} />`;
}
