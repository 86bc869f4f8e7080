// The first rows as they came: whether the file was read as it was meant.
import { html, useState } from "../vendor/preact.js";
import { get } from "./api.js";
import { t } from "./i18n.js";
import { attempt } from "./problems.js";
import { Untrusted } from "./untrusted.js";

/** @import {Dataset, DatasetRows} from "./api-types" */

const rowsShown = 5;

/** @param {{of: Dataset}} props */
export function DatasetPreview({ of }) {
	const [rows, setRows] = useState(/** @type {DatasetRows | null} */ (null));
	/** @param {{currentTarget: HTMLDetailsElement}} event */
	const toggle = (event) => {
		if (event.currentTarget.open && rows === null)
			attempt(async () => setRows(await get(`/datasets/${of.sha256}/rows?limit=${rowsShown}`)));
	};
	return html`<details class="preview" onToggle=${toggle}><summary>${t("dataset.preview", { n: Math.min(rowsShown, of.rows) })}</summary>
		${
			rows === null
				? null
				: html`<div class="scroll" tabindex="0" role="region" aria-label=${t("dataset.preview", { n: rows.items.length })}><table>
			<thead><tr>${rows.columns.map((column, i) => html`<th scope="col" key=${i}><${Untrusted} text=${column} limit=${40} /></th>`)}</tr></thead>
			<tbody>${rows.items.map((row) => html`<tr key=${row.row}>${row.cells.map((cell, i) => html`<td key=${i}><${Untrusted} text=${cell} prose limit=${80} /></td>`)}</tr>`)}</tbody>
		</table></div>`
		}</details>`;
}
