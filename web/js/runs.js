// The list of runs, newest first: how far, how well, of what, by whom.
import { html } from "../vendor/preact.js";
import { Frame, isAdmin } from "./frame.js";
import { durationRange, show, t } from "./i18n.js";
import { openPage } from "./page.js";
import { asksForAll } from "./runs-address.js";
import { Filters } from "./runs-filters.js";
import { loadMore, more, openRuns, question, runs } from "./runs-model.js";
import { isLive, RunState } from "./states.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {ListedRun, Progress, Rate} from "./api-types" */

/** @param {{progress: Progress}} props */
function Bar({ progress }) {
	const { done, total, verdicts, no_verdict } = progress;
	const segments = /** @type {[string, number][]} */ (Object.entries({ verdicts, no_verdict, pending: total - done }));
	return html`<span class="mini">
		<span class="bar-track" role="progressbar" aria-label=${t("progress.label")} aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${done}>
			${segments.map(([name, n]) => (n > 0 ? html`<span key=${name} class=${`part ${name}`} style=${{ flexGrow: n }}></span>` : null))}
		</span>
		<span class="n">${t("progress.of", { done, total })}</span>
	</span>`;
}

/** What is left of a run that goes on, what it took of one that is over. @param {ListedRun} run */
function remaining({ state, progress }) {
	if (!isLive(state)) return null;
	if (progress.stalled) return t("progress.stalled");
	return progress.eta === null ? t("progress.no-eta") : durationRange(progress.eta.lo_s, progress.eta.hi_s);
}

/**
 * A figure with its interval. One of a run that is not over is in parentheses; one that
 * follows the order of the file says nothing about the rest, and is not shown.
 * @param {{run: ListedRun, rate: "recall" | "precision"}} props
 */
function Figure({ run, rate }) {
	const metrics = run.metrics ?? null;
	/** @type {Rate | undefined} */
	const value = metrics?.[rate];
	if (metrics === null || value === undefined || value.est === null) return show().number(null);
	if (metrics.partial && !metrics.representative)
		return html`<span class="quiet" title=${t("order.follows-file")}>${t("runs.file-order")}</span>`;
	const text = show().points(value.est);
	const interval = t("unit.range", { low: show().points(value.lo), high: show().points(value.hi) });
	return html`<span class="figure" data-partial=${metrics.partial}>${metrics.partial ? t("runs.partial", { figure: text }) : text}
		<small class="quiet">[${interval}]</small></span>`;
}

/** @param {{run: ListedRun}} props */
function Name({ run }) {
	const named = !isEmpty(run.name);
	return html`<td class="name">
		${named ? html`<${Untrusted} text=${run.name} limit=${60} /><br />` : null}
		<span class=${named ? "quiet small" : ""}><${Untrusted} text=${run.dataset.name} limit=${60} /></span>
		${run.model === null || isEmpty(run.model) ? null : html`<span class="quiet small"> · <${Untrusted} text=${run.model} limit=${40} /></span>`}
	</td>`;
}

/** @param {{run: ListedRun}} props */
function Row({ run }) {
	const left = remaining(run);
	return html`<tr data-run=${run.id} data-state=${run.state}>
		<th scope="row"><a href=${`/runs/${run.id}`}>${run.id}</a></th>
		<${Name} run=${run} />
		<td class="state-cell"><${RunState} state=${run.state} /></td>
		<td class="progress"><${Bar} progress=${run.progress} />${left === null ? null : html`<small class="quiet">${t("runs.left", { time: left })}</small>`}</td>
		<td class="num key" data-label=${t("metrics.recall")}><${Figure} run=${run} rate="recall" /></td>
		<td class="num key" data-label=${t("metrics.precision")}><${Figure} run=${run} rate="precision" /></td>
		<td class="num none" data-label=${t("progress.no_verdict")}>${show().number(run.progress.no_verdict)}</td>
		<td class="when">${show().dateTime(run.started ?? run.created)}<br /><span class="quiet small"><${Untrusted} text=${run.created_by} limit=${40} /></span></td>
	</tr>`;
}

const columns = [
	{ key: "runs.id" },
	{ key: "runs.name" },
	{ key: "runs.state" },
	{ key: "runs.progress" },
	{ key: "metrics.recall", unit: "runs.percent", number: true },
	{ key: "metrics.precision", unit: "runs.percent", number: true },
	{ key: "progress.no_verdict", number: true },
	{ key: "runs.started" },
];

function NoRuns() {
	if (!asksForAll(question.value)) return html`<div class="panel empty"><p>${t("runs.none-like-this")}</p></div>`;
	return html`<div class="panel empty"><p>${t("runs.none")}</p><pre><code>mekiki run domains.csv</code></pre></div>`;
}

function Table() {
	if (runs.value.length === 0) return html`<${NoRuns} />`;
	return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("page.runs")}><table class="runs live">
		<thead><tr>${columns.map(
			({ key, unit, number }) =>
				html`<th scope="col" key=${key} class=${number ? "num" : ""}>${t(key)}${unit ? html` <small class="quiet">${t(unit)}</small>` : null}</th>`,
		)}</tr></thead>
		<tbody>${runs.value.map((run) => html`<${Row} key=${run.id} run=${run} />`)}</tbody>
	</table></div>`;
}

const RunsPage = () => html`<${Frame}>
	<div class="page-head"><h1>${t("page.runs")}</h1>${isAdmin() ? html`<a class="button" href="/runs/new" data-action="new-run">${t("page.new-run")}</a>` : null}</div>
	<${Filters} />
	<p class="quiet" role="status" data-count=${runs.value.length}>${t(more.value === null ? "runs.count" : "runs.count-so-far", { n: runs.value.length })}</p>
	<${Table} />
	${more.value === null ? null : html`<p><button type="button" data-action="more" onClick=${loadMore}>${t("runs.more")}</button></p>`}
<//>`;

openPage(openRuns, RunsPage, "runs").then(() => {
	document.title = t("title.runs");
});
