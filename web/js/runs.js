// The list of runs, newest first.
import { html, signal } from "../vendor/preact.js";
import { get } from "./api.js";
import { Frame, isAdmin } from "./frame.js";
import { durationRange, show, t } from "./i18n.js";
import { listen } from "./live.js";
import { openPage } from "./page.js";
import { isLive, RunState } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Progress, Run} from "./api-types" */

const runs = signal(/** @type {Run[]} */ ([]));
const more = signal(/** @type {string | number | null} */ (null));
const pageSize = 50;

/** @type {((topics: string[]) => void) | null} */
let follow = null;

/** Lists are followed as a whole, running ones also by their progress. */
const topics = () => ["runs", ...runs.value.filter((run) => isLive(run.state)).map((run) => `run:${run.id}`)];

async function loadRuns() {
	const page = await get(`/runs?limit=${pageSize}`);
	runs.value = page.items;
	more.value = page.next_cursor;
	follow?.(topics());
}

async function loadMore() {
	const page = await get(`/runs?limit=${pageSize}&after=${encodeURIComponent(String(more.value))}`);
	runs.value = [...runs.value, ...page.items];
	more.value = page.next_cursor;
}

/** @param {Progress} progress */
function takeProgress(progress) {
	runs.value = runs.value.map((run) => (run.id === progress.id ? { ...run, state: progress.state, progress } : run));
}

let due = false;
function loadSoon() {
	if (due) return;
	due = true;
	setTimeout(async () => {
		due = false;
		await loadRuns().catch(() => {});
	}, 300);
}

async function openRuns() {
	await loadRuns();
	follow = listen(topics(), (message) => {
		if (message.type === "resync" || message.type === "hello") loadSoon();
		if (message.type === "snapshot" && message.event === "runs.changed") loadSoon();
		if (message.type === "snapshot" && message.event === "run.progress") takeProgress(message.data);
	});
}

/** @param {{progress: Progress}} props */
function Bar({ progress }) {
	const { done, total, verdicts, no_verdict } = progress;
	return html`<span class="mini">
		<span class="bar-track" role="progressbar" aria-label=${t("progress.label")} aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${done}>
			<span class="part verdicts" style=${{ flexGrow: verdicts }}></span><span class="part no_verdict" style=${{ flexGrow: no_verdict }}></span><span class="part pending" style=${{ flexGrow: Math.max(0, total - done) }}></span>
		</span>
		<span class="n">${t("progress.of", { done, total })}</span>
	</span>`;
}

/** @param {Run} run */
function remaining({ state, progress }) {
	if (!isLive(state)) return show().number(null);
	if (progress.stalled) return t("progress.stalled");
	return progress.eta === null ? t("progress.no-eta") : durationRange(progress.eta.lo_s, progress.eta.hi_s);
}

/** @param {{run: Run}} props */
function Row({ run }) {
	return html`<tr data-run=${run.id}>
		<th scope="row"><a href=${`/runs/${run.id}`}>${run.id}</a></th>
		<td class="name">${isEmpty(run.name) ? html`<span class="quiet"><${Untrusted} text=${run.dataset.name} limit=${60} /></span>` : html`<${Untrusted} text=${run.name} limit=${60} />`}</td>
		<td><${RunState} state=${run.state} /></td>
		<td class="progress"><${Bar} progress=${run.progress} /></td>
		<td class="num">${remaining(run)}</td>
		<td class="num">${show().number(run.progress.no_verdict)}</td>
		<td class="num when">${show().dateTime(run.started ?? run.created)}</td>
	</tr>`;
}

const columns = [
	"runs.id",
	"runs.name",
	"runs.state",
	"runs.progress",
	"progress.eta",
	"progress.no_verdict",
	"runs.started",
];

function Table() {
	if (runs.value.length === 0)
		return html`<div class="panel empty"><p>${t("runs.none")}</p><pre><code>mekiki run domains.csv</code></pre></div>`;
	return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("page.runs")}><table class="runs live">
		<thead><tr>${columns.map((key) => html`<th scope="col" key=${key}>${t(key)}</th>`)}</tr></thead>
		<tbody>${runs.value.map((run) => html`<${Row} key=${run.id} run=${run} />`)}</tbody>
	</table></div>`;
}

const RunsPage = () => html`<${Frame}>
	<div class="page-head"><h1>${t("page.runs")}</h1>${isAdmin() ? html`<a class="button" href="/runs/new" data-action="new-run">${t("page.new-run")}</a>` : null}</div>
	<${Table} />
	${more.value === null ? null : html`<button type="button" onClick=${loadMore}>${t("runs.more")}</button>`}
<//>`;

openPage(openRuns, RunsPage).then(() => {
	document.title = t("title.runs");
});
