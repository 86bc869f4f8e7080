// Numbers, shares, durations and times as people read them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatsFor, spokenParts, spokenRange } from "../../web/js/format.js";

const en = formatsFor("en", "Asia/Tokyo");
const ja = formatsFor("ja", "UTC");

test("what is not known is a dash, never a zero", () => {
	for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(en.number(nothing), "–");
	assert.equal(en.percent(null), "–");
	assert.equal(en.rate(null), "–");
	assert.equal(en.time(null), "–");
	assert.equal(en.change(null, 1), "–");
});

test("progress says 100 % only when everything is done, and 0 % only when nothing is", () => {
	assert.equal(en.progress(9999, 10_000), "99.9");
	assert.equal(en.progress(10_000, 10_000), "100");
	assert.equal(en.progress(99, 100), "99");
	assert.equal(en.progress(0, 0), "100");
	assert.equal(en.progress(13_014, 21_334), "61.0");
});

test("times carry the offset of their zone", () => {
	assert.equal(en.dateTime("2026-11-24T05:03:22+00:00"), "2026-11-24 14:03:22 +09:00");
	assert.equal(ja.dateTime("2026-11-24T14:03:22+09:00"), "2026-11-24 05:03:22 +00:00");
	assert.equal(en.offset("2026-11-24T05:03:22Z"), "+09:00");
});

test("midnight is 00, not 24", () => {
	assert.equal(en.time("2026-11-23T15:00:01Z"), "00:00:01");
});

test("a moment names its day unless that is today", () => {
	const now = Date.parse("2026-11-24T05:03:22Z");
	assert.equal(en.moment("2026-11-24T05:00:00Z", now), "14:00:00 +09:00");
	assert.equal(en.moment("2026-11-22T05:00:00Z", now), "2026-11-22 14:00:00 +09:00");
});

test("changes carry their sign, and nothing has none", () => {
	assert.equal(en.change(6.6, 1), "+6.6");
	assert.equal(en.change(-5.31, 1), "−5.3");
	assert.equal(en.change(0.0124, 3), "+0.012");
	assert.equal(en.change(0, 1), "0.0");
	assert.equal(en.signed(-12_345), "−12,345");
});

test("a duration has at most two units", () => {
	assert.deepEqual(spokenParts(5), { seconds: 5 });
	assert.deepEqual(spokenParts(61), { minutes: 1, seconds: 1 });
	assert.deepEqual(spokenParts(120), { minutes: 2 });
	assert.deepEqual(spokenParts(3599), { hours: 1 });
	assert.deepEqual(spokenParts(6720), { hours: 1, minutes: 52 });
	assert.deepEqual(spokenParts(3 * 86_400), { days: 3 });
	assert.deepEqual(spokenParts(-3), { seconds: 0 });
});

test("a range has one unit and never excludes what it says", () => {
	assert.deepEqual(spokenRange(2280, 2760), { unit: "minutes", low: 38, high: 46, digits: 0 });
	assert.deepEqual(spokenRange(82.4, 103.2), { unit: "seconds", low: 82, high: 104, digits: 0 });
	assert.deepEqual(spokenRange(6600, 7500), { unit: "hours", low: 1.8, high: 2.1, digits: 1 });
});
