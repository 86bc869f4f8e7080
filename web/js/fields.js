// Labelled fields of the new-run page: each shows whether it differs from where
// the form began, and what is wrong with it, where it is wrong.
import { html } from "../vendor/preact.js";
import { t } from "./i18n.js";
import { base, change, changedFields, composing, form, ownMistakes, refusal, refusedField } from "./new-run-model.js";
import { Untrusted } from "./untrusted.js";

/** @import {FieldName} from "./new-run-form.js" */

/** @typedef {{currentTarget: HTMLInputElement & HTMLTextAreaElement & HTMLSelectElement}} FieldEvent */

/** The text of a field, as the person left it. @param {FieldName} name */
export const textOf = (name) => form.value[name];

/** @param {FieldName} name */
export const isChanged = (name) => changedFields.value.includes(name);

/** @param {FieldName} name */
const hasMistake = (name) => ownMistakes.value[name] !== undefined || refusedField.value === name;

/** What is wrong with the field; the place is always there, so that readers announce what comes into it. @param {{name: FieldName}} props */
export function Mistake({ name }) {
	const own = ownMistakes.value[name];
	const theirs = refusedField.value === name ? refusal.value : null;
	return html`<span id=${`mistake-${name}`} class="mistake" aria-live="polite">${
		own !== undefined
			? t(own.code, { least: own.least ?? 0, most: own.most ?? 0 })
			: theirs !== null
				? html`<${Untrusted} text=${theirs.detail} limit=${600} />`
				: null
	}</span>`;
}

/** While an input method composes, keys belong to it, and what is there is not yet meant. */
export const composition = {
	onCompositionStart: () => {
		composing.value = true;
	},
	onCompositionEnd: () => {
		composing.value = false;
	},
};

/** What a control needs to belong to its field. @param {FieldName} name @param {boolean} hint */
export const attributesOf = (name, hint) => ({
	id: `field-${name}`,
	"data-field": name,
	"aria-invalid": hasMistake(name) ? "true" : null,
	"aria-describedby": `${hint ? `hint-${name} ` : ""}mistake-${name}`,
	spellcheck: false,
	autocomplete: "off",
	...composition,
});

/** @param {{name: FieldName}} props */
export function Changed({ name }) {
	if (!isChanged(name)) return null;
	const undo = () => change({ [name]: base.peek()[name] });
	return html`<button type="button" class="plain undo" data-undo=${name} title=${t("field.undo")} onClick=${undo}>${t("field.changed")}</button>`;
}

/**
 * @param {{name: FieldName, label?: string, hint?: string, wide?: boolean, children: unknown}} props
 */
export function Field({ name, label = t(`field.${name}`), hint, wide = false, children }) {
	return html`<div class=${`field${wide ? " wide" : ""}${isChanged(name) ? " changed" : ""}`}>
		<span class="label"><label for=${`field-${name}`}>${label}</label> <${Changed} name=${name} /></span>
		${children}
		${hint === undefined ? null : html`<span id=${`hint-${name}`} class="hint quiet">${hint}</span>`}
		<${Mistake} name=${name} />
	</div>`;
}

/** A line of text or a number; numbers are text until they are sent. @param {{name: FieldName, hint?: string, number?: boolean, wide?: boolean}} props */
export function LineField({ name, hint, number = false, wide = false }) {
	return html`<${Field} name=${name} hint=${hint} wide=${wide}>
		<input type="text" inputmode=${number ? "decimal" : null} class=${number ? "number" : ""} value=${textOf(name)} ...${attributesOf(name, hint !== undefined)}
			onInput=${(/** @type {FieldEvent} */ event) => change({ [name]: event.currentTarget.value })} />
	<//>`;
}

/** @param {{name: FieldName, options: string[], hint?: string, prefix?: string, onChoose?: (value: string) => void}} props */
export function ChoiceField({ name, options, hint, prefix = `choice.${name}.`, onChoose }) {
	const choose = onChoose ?? ((/** @type {string} */ value) => change({ [name]: value }));
	return html`<${Field} name=${name} hint=${hint}>
		<select value=${textOf(name)} ...${attributesOf(name, hint !== undefined)} onChange=${(/** @type {FieldEvent} */ event) => choose(event.currentTarget.value)}>
			${options.map((each) => html`<option key=${each} value=${each} selected=${each === textOf(name)}>${t(`${prefix}${each}`)}</option>`)}
		</select>
	<//>`;
}

/** @param {{name: FieldName, label: string, hint?: string}} props */
export function SwitchField({ name, label, hint }) {
	return html`<div class=${`field switch${isChanged(name) ? " changed" : ""}`}>
		<span class="label"><label><input type="checkbox" checked=${textOf(name) === "yes"} ...${attributesOf(name, hint !== undefined)}
			onChange=${(/** @type {FieldEvent} */ event) => change({ [name]: event.currentTarget.checked ? "yes" : "no" })} /> ${label}</label> <${Changed} name=${name} /></span>
		${hint === undefined ? null : html`<span id=${`hint-${name}`} class="hint quiet">${hint}</span>`}
		<${Mistake} name=${name} />
	</div>`;
}
