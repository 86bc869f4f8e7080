// The last results as they come: the run seen at work, and what its text looks like.
import { html } from "../vendor/preact.js";
import { show, t } from "./i18n.js";
import { latest } from "./run-model.js";
import { Domain, Untrusted } from "./untrusted.js";

/** @import {ItemRow} from "./api-types" */

/** @param {{row: ItemRow}} props */
function Outcome({ row }) {
	if (row.verdict === null)
		return html`<span class="tone-wait">${t("label.none")}</span> <span class="quiet">${t(`failure.${row.failure ?? "unknown"}`)}</span>`;
	return html`${t(`label.${row.verdict}`)} <span class="quiet">${row.confidence === null ? "" : show().percent(row.confidence, 0)}</span>`;
}

/** @param {{row: ItemRow}} props */
function Cell({ row }) {
	if (row.cell === null || row.cell === "none") return null;
	const hit = row.cell === "tp" || row.cell === "tn";
	return html`<span class=${`cell-mark ${hit ? "hit" : "miss"}`}>${t(`cell.${row.cell}`)}</span>`;
}

/** @param {{row: ItemRow}} props */
function Row({ row }) {
	return html`<li>
		<span class="what"><${Domain} name=${row.key} unicode=${row.unicode} flags=${row.flags} /></span>
		<span class="outcome"><${Outcome} row=${row} /> <${Cell} row=${row} /></span>
		<span class="where quiet">${row.worker === null ? "" : t("worker.name", { id: row.worker })} · ${row.elapsed_ms === null ? show().number(null) : t("unit.milliseconds", { n: row.elapsed_ms })}</span>
		<span class="reason quiet">${row.reasoning === null ? null : html`<${Untrusted} text=${row.reasoning} prose limit=${180} />`}</span>
	</li>`;
}

export function LatestResults() {
	return html`<section class="panel latest" aria-labelledby="latest-title">
		<h2 id="latest-title">${t("latest.title")} <span class="quiet">${t("latest.untrusted")}</span></h2>
		${latest.value.length === 0 ? html`<p class="quiet">${t("latest.none")}</p>` : html`<ul class="results">${latest.value.map((row) => html`<${Row} key=${row.item} row=${row} />`)}</ul>`}
	</section>`;
}
