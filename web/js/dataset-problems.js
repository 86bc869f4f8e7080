// The rows that were left out, with record, line and reason, a page at a time.
import { html, useEffect, useState } from "../vendor/preact.js";
import { get } from "./api.js";
import { t } from "./i18n.js";
import { attempt } from "./problems.js";
import { Untrusted } from "./untrusted.js";

/** @import {Dataset, DatasetProblem} from "./api-types" */

const pageSize = 20;

/** @param {{of: Dataset}} props */
function Page({ of }) {
	const [offset, setOffset] = useState(0);
	const [rows, setRows] = useState(/** @type {DatasetProblem[]} */ ([]));
	useEffect(() => {
		let wanted = true;
		attempt(async () => {
			const page = await get(`/datasets/${of.sha256}/problems?offset=${offset}&limit=${pageSize}`);
			if (wanted) setRows(page.items);
		});
		return () => {
			wanted = false;
		};
	}, [offset]);
	const last = Math.min(offset + pageSize, of.bad_rows);
	return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("problems.title")}><table class="row-problems">
			<thead><tr><th scope="col" class="num">${t("problems.record")}</th><th scope="col" class="num">${t("problems.line")}</th><th scope="col">${t("problems.reason")}</th><th scope="col">${t("problems.excerpt")}</th></tr></thead>
			<tbody>${rows.map(
				(
					row,
				) => html`<tr key=${row.record}><td class="num">${String(row.record)}</td><td class="num">${String(row.line)}</td>
				<td><${Untrusted} text=${row.reason} limit=${300} /></td><td><code><${Untrusted} text=${row.excerpt} limit=${120} /></code></td></tr>`,
			)}</tbody>
		</table></div>
		${
			of.bad_rows > pageSize
				? html`<p class="pager"><button type="button" disabled=${offset === 0} onClick=${() => setOffset(offset - pageSize)}>${t("pager.previous")}</button>
			<span role="status">${t("pager.range", { first: offset + 1, last, total: of.bad_rows })}</span>
			<button type="button" disabled=${last >= of.bad_rows} onClick=${() => setOffset(offset + pageSize)}>${t("pager.next")}</button></p>`
				: null
		}`;
}

/** @param {{of: Dataset}} props */
export function DatasetProblems({ of }) {
	const [open, setOpen] = useState(false);
	if (of.bad_rows === 0) return null;
	return html`<details class="problems" data-problems onToggle=${(/** @type {{currentTarget: HTMLDetailsElement}} */ event) => setOpen(event.currentTarget.open)}>
		<summary class="tone-wait">${t("problems.count", { n: of.bad_rows })}</summary>
		${open ? html`<${Page} of=${of} />` : null}
	</details>`;
}
