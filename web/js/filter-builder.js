// A filter in the grammar of every list and export, put together term by term or typed.
import { html, useState } from "../vendor/preact.js";
import { attributesOf, composition, Field, textOf } from "./fields.js";
import { t } from "./i18n.js";
import { change, composing, dataset } from "./new-run-model.js";
import { OneLine, Untrusted } from "./untrusted.js";

/** @import {FieldEvent} from "./fields.js" */

/** What selects items before there are results. */
const keys = ["source", "band", "tld", "q", "col"];

/** @param {string} filter @param {string} term */
const withTerm = (filter, term) => (filter.trim() === "" ? term : `${filter.trim()}&${term}`);

/** The terms of a filter as people read them; a broken escape shows as it is. @param {string} filter */
function termsOf(filter) {
	return filter
		.trim()
		.split("&")
		.filter((each) => each !== "")
		.map((raw) => {
			try {
				return { raw, shown: decodeURIComponent(raw.replaceAll("+", " ")) };
			} catch {
				return { raw, shown: raw };
			}
		});
}

function Terms() {
	const terms = termsOf(textOf("filter"));
	if (terms.length === 0) return null;
	/** @param {number} i */
	const without = (i) =>
		change({
			filter: terms
				.filter((_, at) => at !== i)
				.map((each) => each.raw)
				.join("&"),
		});
	return html`<ul class="chips terms">${terms.map(({ shown }, i) => html`<li key=${i}><button type="button" class="chip-button" onClick=${() => without(i)} title=${t("filter.remove")}><${Untrusted} text=${shown} prose limit=${80} /> <span aria-hidden="true">×</span><span class="hidden-text">${t("filter.remove")}</span></button></li>`)}</ul>`;
}

function AddTerm() {
	const [key, setKey] = useState("source");
	const [column, setColumn] = useState("");
	const [value, setValue] = useState("");
	const columns = dataset.value?.columns ?? [];
	const usable = value.trim() !== "" && (key !== "col" || column !== "");
	const add = () => {
		if (!usable) return;
		const name = key === "col" ? `col.${column}` : key;
		change({ filter: withTerm(textOf("filter"), `${encodeURIComponent(name)}=${encodeURIComponent(value.trim())}`) });
		setValue("");
	};
	/** Enter adds, but not the one that ends a composition. @param {KeyboardEvent} event */
	const press = (event) => {
		if (event.key === "Enter" && !event.isComposing && event.keyCode !== 229 && !composing.peek()) add();
	};
	return html`<div class="add-term">
		<label>${t("filter.key")} <select value=${key} data-filter="key" onChange=${(/** @type {FieldEvent} */ event) => setKey(event.currentTarget.value)}>${keys.map((each) => html`<option key=${each} value=${each}>${t(`filter.key.${each}`)}</option>`)}</select></label>
		${key === "col" ? html`<label>${t("filter.column")} <select value=${column} data-filter="column" onChange=${(/** @type {FieldEvent} */ event) => setColumn(event.currentTarget.value)}><option value=""></option>${columns.map((each, i) => html`<option key=${i} value=${String(each)}><${OneLine} text=${each} /></option>`)}</select></label>` : null}
		<label>${t("filter.value")} <input type="text" value=${value} data-filter="value" spellcheck=${false} autocomplete="off" ...${composition} onInput=${(/** @type {FieldEvent} */ event) => setValue(event.currentTarget.value)} onKeyDown=${press} /></label>
		<button type="button" data-action="add-term" disabled=${!usable} onClick=${add}>${t("filter.add")}</button>
	</div>`;
}

export function FilterBuilder() {
	return html`<div class="filter-builder wide">
		<${AddTerm} />
		<${Terms} />
		<${Field} name="filter" hint=${t("field.filter.hint")} wide>
			<input type="text" class="mono" ...${attributesOf("filter", true)} value=${textOf("filter")} onInput=${(/** @type {FieldEvent} */ event) => change({ filter: event.currentTarget.value })} />
		<//>
	</div>`;
}
