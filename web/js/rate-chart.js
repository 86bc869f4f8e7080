// Items per second over time: the run and each worker. A canvas says nothing to
// a screen reader, so the same is said in words, and as a table on demand.
import { html, signal, useEffect, useRef } from "../vendor/preact.js";
import uPlot from "../vendor/uplot.js";
import { show, t } from "./i18n.js";
import { rates } from "./rate-history.js";
import { progress } from "./run-model.js";
import { theme, zone } from "./settings.js";

/** @import {RatePoint} from "./rate-history.js" */

const asTable = signal(false);
const dark = signal(matchMedia("(prefers-color-scheme: dark)").matches);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
	dark.value = event.matches;
});

const height = 190;
const dashes = [[], [6, 3], [2, 2], [8, 2, 2, 2], [1, 3]];

/** Workers in the order of the run. @param {RatePoint[]} points */
const workersOf = (points) => [...new Set(points.flatMap((point) => Object.keys(point.workers)))];

/** @param {RatePoint[]} points @param {string[]} workers @returns {uPlot.AlignedData} */
const columns = (points, workers) => [
	points.map((point) => point.at),
	points.map((point) => point.total),
	...workers.map((worker) => points.map((point) => point.workers[worker] ?? null)),
];

/** A colour of the style sheet. @param {Element} element @param {string} name */
const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim() || "#888";

/**
 * Colours are read through a probe, because light-dark() is resolved only on a property.
 * @param {HTMLElement} box @param {string} name
 */
function resolved(box, name) {
	box.style.color = `var(${name})`;
	const value = getComputedStyle(box).color;
	box.style.color = "";
	return value || colour(box, name);
}

/** Seconds matter while the curve is young. @param {number} at @param {number} span */
const timeOf = (at, span) => (span < 600 ? show().time(at * 1000) : show().minute(at * 1000));

/** @param {HTMLElement} box @param {string[]} workers @returns {uPlot.Options} */
function options(box, workers) {
	const grid = { stroke: resolved(box, "--line"), width: 1 };
	const axis = { stroke: resolved(box, "--quiet"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
	return {
		width: Math.max(box.clientWidth, 200),
		height,
		cursor: { y: false, drag: { x: false, y: false } },
		legend: { show: false },
		tzDate: (seconds) =>
			zone.value === "local"
				? new Date(seconds * 1000)
				: uPlot.tzDate(new Date(seconds * 1000), zone.value === "UTC" ? "Etc/UTC" : zone.value),
		scales: { y: { range: (_, __, high) => [0, Math.max(high * 1.15, 0.5)] } },
		axes: [
			{
				...axis,
				values: (_, ticks) => ticks.map((at) => timeOf(at, (ticks.at(-1) ?? 0) - (ticks[0] ?? 0))),
				space: 90,
			},
			{
				...axis,
				values: (_, ticks) => ticks.map((value) => show().number(value, Number.isInteger(value) ? 0 : 1)),
				size: 44,
			},
		],
		series: [
			{},
			{ label: t("rate.total"), stroke: resolved(box, "--accent"), width: 2.2, points: { show: false } },
			...workers.map((worker, i) => ({
				label: t("worker.name", { id: worker }),
				stroke: resolved(box, `--series-${(i % 4) + 1}`),
				width: 1.3,
				dash: dashes[i % dashes.length] ?? [],
				points: { show: false },
			})),
		],
	};
}

/** @param {{points: RatePoint[], workers: string[], label: string}} props */
function Plot({ points, workers, label }) {
	const box = useRef(/** @type {HTMLDivElement | null} */ (null));
	const plot = useRef(/** @type {uPlot | null} */ (null));
	const look = `${theme.value} ${dark.value} ${zone.value} ${workers.join()} ${t("rate.total")}`;
	useEffect(() => {
		const element = box.current;
		if (!element) return;
		const made = new uPlot(options(element, workers), columns(points, workers), element);
		plot.current = made;
		const resize = new ResizeObserver(() => made.setSize({ width: Math.max(element.clientWidth, 200), height }));
		resize.observe(element);
		return () => {
			resize.disconnect();
			made.destroy();
		};
	}, [look]);
	useEffect(() => {
		plot.current?.setData(columns(points, workers));
	}, [points, look]);
	return html`<div class="plot" role="img" aria-label=${label} ref=${box}></div>`;
}

/** @param {{points: RatePoint[], workers: string[]}} props */
function RateTable({ points, workers }) {
	const step = Math.max(1, Math.floor(points.length / 20));
	const rows = points.filter((_, i) => (points.length - 1 - i) % step === 0).reverse();
	return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("rate.title")}><table class="plain-table">
		<thead><tr><th scope="col">${t("rate.time")}</th><th scope="col">${t("rate.total")}</th>${workers.map((worker) => html`<th scope="col">${t("worker.name", { id: worker })}</th>`)}</tr></thead>
		<tbody>${rows.map((point) => html`<tr key=${point.at}><td>${show().time(point.at * 1000)}</td><td>${show().rate(point.total)}</td>${workers.map((worker) => html`<td>${show().rate(point.workers[worker])}</td>`)}</tr>`)}</tbody>
	</table></div>`;
}

/** @param {{workers: string[]}} props */
function Legend({ workers }) {
	return html`<p class="legend" aria-hidden="true"><span><i class="line total"></i>${t("rate.total")}</span>
		${workers.map((worker, i) => html`<span><i class=${`line series-${(i % 4) + 1}`}></i>${t("worker.name", { id: worker })}</span>`)}</p>`;
}

export function RateChart() {
	const points = rates.value;
	const workers = workersOf(points);
	const values = points.map((point) => point.total).filter((rate) => rate !== null);
	const label = t("rate.text", {
		now: show().rate(progress.value?.rate_1m),
		low: show().rate(values.length ? Math.min(...values) : null),
		high: show().rate(values.length ? Math.max(...values) : null),
	});
	return html`<section class="panel rate" aria-labelledby="rate-title">
		<h2 id="rate-title">${t("rate.title")} <span class="quiet">${t("unit.items-per-second")}</span>
			${
				points.length > 1
					? html`<button type="button" class="plain" aria-pressed=${String(asTable.value)} onClick=${() => {
							asTable.value = !asTable.value;
						}}>${t("rate.as-table")}</button>`
					: null
			}</h2>
		${points.length < 2 ? html`<p class="quiet">${t("rate.none")}</p>` : asTable.value ? html`<${RateTable} points=${points} workers=${workers} />` : html`<${Plot} points=${points} workers=${workers} label=${label} /><${Legend} workers=${workers} />`}
	</section>`;
}
