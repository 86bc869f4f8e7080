// The two templates, with the dataset's columns to put in where the cursor is.
import { html, useRef } from "../vendor/preact.js";
import { attributesOf, Field, textOf } from "./fields.js";
import { t } from "./i18n.js";
import { change, dataset, promptsAreDefault, resetPrompts } from "./new-run-model.js";
import { Untrusted } from "./untrusted.js";

/** @import {Dataset, Hostile} from "./api-types" */
/** @import {FieldEvent} from "./fields.js" */

/** Columns that a prompt may hold: no labels, and names that can stand in braces. @param {Dataset} of */
const usableColumns = (of) =>
	of.columns.filter((column) => of.meanings[String(column)] !== "label" && !/[{}\n]/.test(String(column)));

/** The cell that is the key is always {{domain}}. @param {Dataset} of @param {Hostile} column */
const placeholderOf = (of, column) => (of.meanings[String(column)] === "domain" ? "domain" : String(column));

/** @param {{name: "system" | "user", rows: number, remember: (area: HTMLTextAreaElement) => void}} props */
function Template({ name, rows, remember }) {
	return html`<${Field} name=${name} wide>
		<textarea class="mono" rows=${rows} ...${attributesOf(name, false)} value=${textOf(name)}
			onFocus=${(/** @type {FieldEvent} */ event) => remember(event.currentTarget)}
			onInput=${(/** @type {FieldEvent} */ event) => change({ [name]: event.currentTarget.value })}></textarea>
	<//>`;
}

export function PromptFields() {
	/** The template that was written in last. */
	const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
	/** @param {string} text */
	const insert = (text) => {
		const target = area.current ?? /** @type {HTMLTextAreaElement} */ (document.getElementById("field-user"));
		const name = target.id === "field-system" ? "system" : "user";
		const { selectionStart, selectionEnd } = target;
		const place = area.current === null ? target.value.length : selectionStart;
		target.setRangeText(text, place, area.current === null ? place : selectionEnd, "end");
		change({ [name]: target.value });
		target.focus();
	};
	const of = dataset.value;
	return html`<div class="prompt-fields">
		<${Template} name="system" rows=${8} remember=${(/** @type {HTMLTextAreaElement} */ it) => {
			area.current = it;
		}} />
		<${Template} name="user" rows=${4} remember=${(/** @type {HTMLTextAreaElement} */ it) => {
			area.current = it;
		}} />
		${
			of === null
				? null
				: html`<div class="placeholders"><span class="quiet">${t("prompt.insert")}</span> <ul class="chips">${usableColumns(
						of,
					).map(
						(column, i) =>
							html`<li key=${i}><button type="button" class="chip-button" data-insert=${i} onClick=${() => insert(`{{${placeholderOf(of, column)}}}`)}><code><${Untrusted} text=${placeholderOf(of, column)} limit=${40} /></code></button></li>`,
					)}</ul></div>`
		}
		<p class="prompt-foot"><button type="button" data-action="reset-prompts" disabled=${promptsAreDefault.value} onClick=${resetPrompts}>${t("prompt.reset")}</button>
			<span class="quiet">${t("prompt.hint")}</span></p>
	</div>`;
}
