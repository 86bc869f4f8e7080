// The diary's table, from integers: a dataset whose `fake` columns reproduce them,
// 3,000 of 17,434 hand-offs selected, in a population of 128,002.
//
// Two tables came out of one run there: over the hand-offs (14,434 unselected ones count with stage 1),
// and over the population. Here they are the overall matrices without and with the tie.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { exportRows, matrices, sameMatrices, startRun, startServer, upload } from "../lib/mekiki.mjs";
import { finished } from "../lib/scenario.mjs";

// label, stage-1 prediction, verdict (- = not selected), how many
const HANDOFFS = [
	// selected: 3,000. The verdicts move 40 false negatives and 80 true negatives, and some the other way.
	[1, 1, 1, 300],
	[1, 1, 0, 60],
	[1, 0, 1, 100],
	[1, 0, 0, 340],
	[0, 1, 1, 40],
	[0, 1, 0, 20],
	[0, 0, 1, 100],
	[0, 0, 0, 2040],
	// not selected: 14,434
	[1, 1, "-", 2211 - 360],
	[1, 0, "-", 1362 - 440],
	[0, 1, "-", 302 - 60],
	[0, 0, "-", 13559 - 2140],
];
// the rest of the population, decided by stage 1: 110,568
const REST = [
	[1, 1, "-", 62223 - 2211],
	[1, 0, "-", 1778 - 1362],
	[0, 1, "-", 313 - 302],
	[0, 0, "-", 63688 - 13559],
];

const SELECTED = { "stage1/handed": { tp: 360, fp: 60, fn: 440, tn: 2140 }, "final/handed": { tp: 400, fp: 140, fn: 400, tn: 2060 } };
const HANDED = { "stage1/overall": { tp: 2211, fp: 302, fn: 1362, tn: 13559 }, "final/overall": { tp: 2251, fp: 382, fn: 1322, tn: 13479 } };
const POPULATION = { "stage1/overall": { tp: 62223, fp: 313, fn: 1778, tn: 63688 }, "final/overall": { tp: 62263, fp: 393, fn: 1738, tn: 63608 } };

function invent(groups, prefix) {
	const rows = [];
	for (const [label, stage1, verdict, count] of groups)
		for (let i = 0; i < count; i++)
			rows.push({
				domain: `${prefix}${rows.length}.example`,
				source: "diary",
				ml_probability: stage1 ? "0.7" : "0.2",
				stage1_pred: String(stage1),
				y_true: String(label),
				chosen: verdict === "-" ? "no" : "yes",
				fake_verdict: verdict === 1 ? "phishing" : verdict === 0 ? "benign" : "",
				fake_ms: "0",
			});
	return rows;
}

const toCsv = (rows) => Buffer.from(`${[Object.keys(rows[0]), ...rows.map(Object.values)].map((row) => row.join(",")).join("\n")}\n`);

const handoffs = invent(HANDOFFS, "h");
const population = [...handoffs, ...invent(REST, "p")];
let server, dataset, id;

before(async () => {
	server = await startServer({ workers: ["{id: 0, type: fake, max_in_flight: 64}"], config: "evaluation: {evaluator: fake}\n" });
	dataset = await upload(server, toCsv(handoffs), "handoffs.csv");
	assert.deepEqual([dataset.state, dataset.items], ["ready", 17434], dataset.problem);
	id = await startRun(server, { dataset: dataset.sha256, evaluator: "fake", selection: { kind: "filter", filter: "col.chosen=yes" } });
	await finished(server, id);
});
after(() => server?.stop());

const four = (value) => value.toFixed(4).replace(/^(-?)0\./, "$1.");
const signed = (value) => (value < 0 ? "−" : "+") + four(Math.abs(value));

/** P, R, F1 of both stages and their differences, as the diary printed them. */
function printed(confusion, subset) {
	const of = (stage) => {
		const { metrics } = confusion.matrices.find((one) => one.stage === stage && one.subset === subset);
		return [metrics.precision.est, metrics.recall.est, metrics.f1];
	};
	const [before, after] = [of("stage1"), of("final")];
	return [before.map(four).join(" "), after.map(four).join(" "), after.map((value, i) => signed(value - before[i])).join(" ")];
}

const named = (confusion, name) => confusion.matrices.find((one) => `${one.stage}/${one.subset}` === name);

test("3,000 of 17,434 are evaluated", async () => {
	const progress = await server.get(`/runs/${id}/progress`);
	assert.deepEqual([progress.total, progress.done, progress.verdicts], [3000, 3000, 3000]);
	assert.equal((await exportRows(server, id)).length, 3000);
});

test("over the hand-offs: 14,434 unselected rows count with stage 1", async () => {
	const confusion = await server.get(`/runs/${id}/confusion`);
	sameMatrices(confusion, { ...SELECTED, ...HANDED });
	assert.equal(named(confusion, "final/overall").population.n, 17434);
	assert.deepEqual(printed(confusion, "overall"), [".8798 .6188 .7266", ".8549 .6300 .7254", "−.0249 +.0112 −.0012"]);
	sameMatrices(confusion, matrices(await exportRows(server, id), handoffs));
});

test("over the population of 128,002", async () => {
	const tied = await upload(server, toCsv(population), "population.csv");
	assert.equal(tied.items, 128002);
	const answer = await server.call("PUT", `/datasets/${dataset.sha256}/population`, { population: tied.sha256 });
	assert.equal(answer.status, 200, answer.text());
	assert.deepEqual(answer.json().population_tie, { items: 17434, matched: 17434, missing: 0 });
	const confusion = await server.get(`/runs/${id}/confusion`);
	sameMatrices(confusion, { ...SELECTED, ...POPULATION });
	assert.equal(named(confusion, "final/overall").population.n, 128002);
	assert.deepEqual(printed(confusion, "overall"), [".9950 .9722 .9835", ".9937 .9728 .9832", "−.0013 +.0006 −.0003"]);
	sameMatrices(confusion, matrices(await exportRows(server, id), population));
});

test("every figure says of how many", async () => {
	const { matrices: four } = await server.get(`/runs/${id}/confusion`);
	for (const one of four) {
		const { precision, recall, accuracy } = one.metrics;
		assert.deepEqual([precision.k, precision.n], [one.tp, one.tp + one.fp], `${one.stage}/${one.subset} precision`);
		assert.deepEqual([recall.k, recall.n], [one.tp, one.tp + one.fn], `${one.stage}/${one.subset} recall`);
		assert.deepEqual([accuracy.k, accuracy.n], [one.tp + one.tn, one.tp + one.fp + one.fn + one.tn]);
	}
});
