// How far, how fast, how long still.
import { html } from "../vendor/preact.js";
import { duration, durationRange, show, t } from "./i18n.js";
import { RowsLink } from "./rows-link.js";
import { progress } from "./run-model.js";
import { isLive } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Progress} from "./api-types" */

/** @typedef {"verdicts" | "no_verdict" | "in_flight" | "pending"} Part */
/** @type {Part[]} */
const strip = ["verdicts", "no_verdict", "in_flight", "pending"];

/** Items that nobody works on now: `pending` of the API still holds those in flight. @param {Progress} p @param {Part} part */
const countOf = (p, part) => (part === "pending" ? Math.max(0, p.total - p.done - p.in_flight) : p[part]);

/** @param {{p: Progress}} props */
function Bar({ p }) {
	const label = t("progress.of", { done: p.done, total: p.total });
	return html`<div class="bar-line">
		<div class="bar-track" role="progressbar" aria-valuemin="0" aria-valuemax=${p.total} aria-valuenow=${p.done} aria-valuetext=${label} aria-label=${t("progress.label")}>
			${strip.map((part) =>
				countOf(p, part) > 0
					? html`<span key=${part} class="part ${part}" style=${{ flexGrow: countOf(p, part) }}></span>`
					: null,
			)}
		</div>
		<strong class="percent live">${show().progress(p.done, p.total)}<span class="unit">%</span></strong>
	</div>`;
}

/** What is in flight is not in the rows yet: its number leads to who works on it. @type {Record<Part, Record<string, string | string[]> | null>} */
const filters = {
	verdicts: { verdict: ["phishing", "benign"] },
	no_verdict: { verdict: "none" },
	in_flight: null,
	pending: { done: "no" },
};

/** @param {{p: Progress, part: Part}} props */
function Count({ p, part }) {
	const n = countOf(p, part);
	const wanted = filters[part];
	if (wanted !== null) return html`<${RowsLink} n=${n} label=${t(`progress.${part}`)} filters=${wanted} />`;
	return n === 0
		? show().number(n)
		: html`<a class="rows" href="#workers-title" aria-label=${t("rows.workers", { n })}>${show().number(n)}</a>`;
}

/** @param {{p: Progress}} props */
function Strip({ p }) {
	const failures = Object.entries(p.by_failure).sort((a, b) => b[1] - a[1]);
	return html`<dl class="strip live">
		<div><dt>${t("progress.done")}</dt><dd><${RowsLink} n=${p.done} label=${t("progress.done")} filters=${{ done: "yes" }} /><span class="of"> / ${show().number(p.total)}</span></dd></div>
		${strip.map((part) => html`<div key=${part} class=${part}><dt><span class="swatch ${part}"></span>${t(`progress.${part}`)}</dt><dd><${Count} p=${p} part=${part} /></dd></div>`)}
		<div><dt>${t("progress.retried")}</dt><dd><${RowsLink} n=${p.retried} label=${t("progress.retried")} filters=${{ retried: "yes" }} /></dd></div>
		${failures.length === 0 ? null : html`<div class="failures"><dt>${t("progress.why")}</dt><dd>${failures.map(([kind, n], i) => html`${i > 0 ? t("list.joint") : ""}${t(`failure.${kind}`)} <${RowsLink} n=${n} label=${t(`failure.${kind}`)} filters=${{ kind }} />`)}</dd></div>`}
	</dl>`;
}

/** @param {Progress} p */
function eta(p) {
	if (!isLive(p.state)) return show().number(null);
	if (p.stalled) return t("progress.stalled");
	if (p.eta === null) return t("progress.no-eta");
	return durationRange(p.eta.lo_s, p.eta.hi_s);
}

/** @param {{p: Progress}} props */
function Figures({ p }) {
	const clock =
		p.eta?.at && isLive(p.state) && !p.stalled
			? t("progress.about", { time: show().minute(p.eta.at), offset: show().offset(p.eta.at) })
			: "";
	/** @param {number | null} rate */
	const perSecond = (rate) =>
		html`<dd>${show().rate(rate)}<span class="of">${rate === null ? "" : t("unit.per-second")}</span></dd>`;
	return html`<dl class="figures live">
		<div><dt>${t("progress.eta")}</dt><dd class=${p.stalled ? "tone-wait" : ""}>${eta(p)} <span class="of">${clock}</span></dd></div>
		<div><dt>${t("progress.rate_1m")}</dt>${perSecond(p.rate_1m)}</div>
		<div><dt>${t("progress.rate_10m")}</dt>${perSecond(p.rate_10m)}</div>
		<div><dt>${t("progress.elapsed")}</dt><dd>${duration(p.elapsed_s)}</dd></div>
	</dl>`;
}

export function RunProgress() {
	const p = progress.value;
	if (p === null) return null;
	return html`<section class="run-progress" aria-label=${t("progress.label")}>
		<${Bar} p=${p} />
		<div class="progress-rows"><${Figures} p=${p} /><${Strip} p=${p} /></div>
		${p.store_blocked === null || isEmpty(p.store_blocked) ? null : html`<p class="bar tone-bad">${t("progress.store-blocked")} <${Untrusted} text=${p.store_blocked} /></p>`}
	</section>`;
}
