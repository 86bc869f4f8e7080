// The rows of a view, however many: only those in sight are in the document.
import { html, signal, useEffect, useLayoutEffect, useRef } from "../vendor/preact.js";
import { show, t } from "./i18n.js";
import { sortedBy } from "./results-address.js";
import { active, askFor, moveTo, openActive, rowAt, see, total, version, view } from "./results-model.js";
import { inSight, roomFor, rowHeight, scrollFor, topAt, topToShow } from "./scroll-map.js";
import { Domain, Untrusted } from "./untrusted.js";

/** @import {ItemRow} from "./api-types" */

/** Pixels of rows above what is visible, and the height of what is visible. */
const place = signal({ top: 0, height: 400 });

/** @type {{id: string, sort?: string}[]} */
const columns = [
	{ id: "n", sort: "n" },
	{ id: "domain", sort: "key" },
	{ id: "label", sort: "label" },
	{ id: "ml", sort: "ml" },
	{ id: "verdict", sort: "verdict" },
	{ id: "confidence", sort: "confidence" },
	{ id: "cell" },
	{ id: "source", sort: "source" },
	{ id: "worker", sort: "worker" },
	{ id: "elapsed", sort: "elapsed_ms" },
	{ id: "reason" },
];

/** @param {{row: ItemRow}} props */
function Verdict({ row }) {
	if (!row.done) return html`<span class="quiet">${t("results.pending")}</span>`;
	if (row.verdict === null) return html`<span class="tone-wait">${t(`failure.${row.failure ?? "unknown"}`)}</span>`;
	return t(`label.${row.verdict}`);
}

/** @param {{row: ItemRow}} props */
function Cell({ row }) {
	if (row.cell === null) return null;
	if (row.cell === "none") return html`<span class="cell-mark none">${t("cell.none.short")}</span>`;
	const hit = row.cell === "tp" || row.cell === "tn";
	return html`<span class=${`cell-mark ${hit ? "hit" : "miss"}`}>${t(`cell.${row.cell}`)}</span>${row.change === null ? null : html`<span class=${`change ${row.change === "fixed" ? "better" : "worse"}`}>${t(`change.${row.change}.short`)}</span>`}`;
}

/** @param {ItemRow} row @returns {Record<string, unknown>} */
const cellsOf = (row) => ({
	n: show().number(row.n),
	domain: html`<${Domain} name=${row.key} unicode=${row.unicode} flags=${row.flags} />`,
	label: row.label === null ? show().number(null) : t(`label.${row.label}`),
	ml: show().number(row.ml, 3),
	verdict: html`<${Verdict} row=${row} />`,
	confidence: row.confidence === null ? show().number(null) : show().percent(row.confidence, 0),
	cell: html`<${Cell} row=${row} />`,
	source: row.source === null ? null : html`<${Untrusted} text=${row.source} limit=${40} />`,
	worker: row.worker,
	elapsed: row.elapsed_ms === null ? show().number(null) : show().number(row.elapsed_ms),
	reason: row.reasoning === null ? null : html`<${Untrusted} text=${row.reasoning} prose limit=${120} />`,
});

/** @param {{offset: number, shift: number}} props */
function Row({ offset, shift }) {
	const row = rowAt(offset);
	const cells = row === undefined ? {} : cellsOf(row);
	const chosen = offset === active.value;
	const open = () => {
		moveTo(offset);
		openActive();
	};
	return html`<div role="row" id=${`row-${offset}`} class=${`row ${chosen ? "chosen" : ""}`} aria-rowindex=${offset + 2} aria-selected=${chosen} data-n=${row?.n}
		style=${{ transform: `translateY(${shift}px)` }} onClick=${open}>
		${columns.map(({ id }) => html`<div role="gridcell" key=${id} class=${`col-${id}`}>${row === undefined && id === "domain" ? html`<span class="quiet">${t("results.loading")}</span>` : cells[id]}</div>`)}
	</div>`;
}

/** @param {{column: {id: string, sort?: string}}} props */
function Heading({ column }) {
	const { id, sort } = column;
	const now = view.value.sort;
	const direction = now === sort ? "ascending" : now === `-${sort}` ? "descending" : "none";
	if (sort === undefined) return html`<div role="columnheader" class=${`col-${id}`}>${t(`column.${id}`)}</div>`;
	return html`<div role="columnheader" class=${`col-${id}`} aria-sort=${direction}>
		<button type="button" data-sort=${sort} onClick=${() => askFor(sortedBy(view.peek(), sort))}>${t(`column.${id}`)}<span class="arrow" aria-hidden="true">${direction === "ascending" ? "▲" : direction === "descending" ? "▼" : ""}</span></button>
	</div>`;
}

/** @type {HTMLElement | null} */
let box = null;
const heading = rowHeight;

function measure() {
	if (box === null) return;
	const height = Math.max(rowHeight, box.clientHeight - heading);
	const top = topAt(box.scrollTop, total.peek() ?? 0, height);
	const before = place.peek();
	if (before.top !== top || before.height !== height) place.value = { top, height };
}

/** Brings a row into sight; the scrollbar follows. @param {number} offset */
export function reveal(offset) {
	if (box === null || offset < 0) return;
	const count = total.peek() ?? 0;
	const { height } = place.peek();
	const top = topToShow(offset, place.peek().top, height);
	if (top === place.peek().top) return;
	box.scrollTop = scrollFor(top, count, height);
	measure();
}

/** @param {number} rows down, up when negative */
const step = (rows) => {
	moveTo(active.peek() < 0 ? Math.floor(place.peek().top / rowHeight) : active.peek() + rows);
	reveal(active.peek());
};
/** @param {number} offset */
const jump = (offset) => {
	moveTo(offset);
	reveal(active.peek());
};
const screen = () => Math.max(1, Math.floor(place.peek().height / rowHeight) - 1);

export const tableKeys = {
	j: () => step(1),
	k: () => step(-1),
	ArrowDown: () => step(1),
	ArrowUp: () => step(-1),
	PageDown: () => step(screen()),
	PageUp: () => step(-screen()),
	Home: () => jump(0),
	End: () => jump((total.peek() ?? 0) - 1),
	Enter: openActive,
};

/** A view begins where its cursor is, else at its top. */
function placeAnew() {
	if (box === null) return;
	box.scrollTop = 0;
	measure();
	reveal(Math.max(0, active.peek()));
}

export function ResultsTable() {
	const ref = useRef(/** @type {HTMLElement | null} */ (null));
	const count = total.value ?? 0;
	const { top, height } = place.value;
	const { first, end } = inSight(top, count, height);
	useLayoutEffect(() => {
		box = ref.current;
		const observer = new ResizeObserver(measure);
		observer.observe(/** @type {HTMLElement} */ (box));
		measure();
		return () => observer.disconnect();
	}, []);
	useLayoutEffect(placeAnew, [view.value.filters, view.value.sort, version.value, total.value === null]);
	useEffect(() => {
		if (total.peek() !== null && end > first) see(first, end);
	});
	/** Keys go round, so that a jump fills the elements that are there instead of making new ones. */
	const pool = Math.ceil(height / rowHeight) + 10;
	const rows = [];
	for (let offset = first; offset < end; offset++)
		rows.push(html`<${Row} key=${offset % pool} offset=${offset} shift=${offset * rowHeight - top} />`);
	return html`<div class="grid" role="grid" tabindex="0" ref=${ref} aria-label=${t("results.title")} style=${{ "--digits": `${Math.max(3, show().number(count).length) + 1}ch` }} aria-rowcount=${count + 1} aria-colcount=${columns.length}
			aria-activedescendant=${active.value >= first && active.value < end ? `row-${active.value}` : null} onScroll=${measure}>
		<div role="rowgroup" class="grid-head"><div role="row" class="row" aria-rowindex="1">${columns.map((column) => html`<${Heading} key=${column.id} column=${column} />`)}</div></div>
		<div role="rowgroup" class="grid-room" style=${{ height: `${roomFor(count)}px` }}>
			<div role="presentation" class="grid-sight" style=${{ height: `${Math.min(height, count * rowHeight)}px` }}>${rows}</div>
		</div>
	</div>`;
}
