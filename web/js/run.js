// The run page: what runs, how far, how well, and what to do about it.
import { html, signal } from "../vendor/preact.js";
import { ConfusionPanels } from "./confusion-panels.js";
import { Downloads } from "./downloads.js";
import { EventList } from "./event-list.js";
import { Frame } from "./frame.js";
import { LatestResults } from "./latest-results.js";
import { openPage } from "./page.js";
import { RunFacts } from "./run-facts.js";
import { RunHeader } from "./run-header.js";
import { openRun, runId } from "./run-model.js";
import { RunProgress } from "./run-progress.js";
import { followRun } from "./title.js";
import { WorkerCards } from "./worker-cards.js";

/** The chart's library weighs as much as everything else: the page does not wait for it. */
const chart = signal(/** @type {(() => unknown) | null} */ (null));
const loadChart = async () => {
	chart.value = (await import("./rate-chart.js")).RateChart;
};

const Chart = () =>
	chart.value === null ? html`<section class="panel rate unloaded"></section>` : html`<${chart.value} />`;

const RunPage =
	() => html`<${Frame} crumbs=${html`<span class="crumb" aria-hidden="true">›</span><span class="crumb">${runId}</span>`}>
	<${RunHeader} />
	<${RunProgress} />
	<${WorkerCards} />
	<${ConfusionPanels} />
	<div class="columns">
		<div class="stack"><${Chart} /><${EventList} /><${Downloads} /></div>
		<div class="stack"><${LatestResults} /><${RunFacts} /></div>
	</div>
<//>`;

openPage(openRun, RunPage).then(() => {
	followRun();
	loadChart();
});
