// Rates over time as this tab saw them: the server says what is, not what was.
import { signal } from "../vendor/preact.js";

/** @import {Progress} from "./api-types" */

/**
 * Seconds since 1970, items per second of the whole run, then of each worker.
 * @typedef {{at: number, total: number | null, workers: Record<string, number | null>}} RatePoint
 */

export const rates = signal(/** @type {RatePoint[]} */ ([]));

const every = 2; // seconds
const kept = 900; // half an hour; then every second point goes, and the distance doubles
let storageKey = "";

/** A reload keeps the curve. @param {string} run */
export function restoreRates(run) {
	storageKey = `rates ${run}`;
	try {
		rates.value = JSON.parse(sessionStorage.getItem(storageKey) ?? "[]");
	} catch {}
	addEventListener("pagehide", () => {
		try {
			sessionStorage.setItem(storageKey, JSON.stringify(rates.peek()));
		} catch {}
	});
}

/**
 * @param {RatePoint[]} points
 * @param {RatePoint} point
 * @returns {RatePoint[]}
 */
export function withPoint(points, point) {
	const last = points.at(-1);
	const before = points.at(-2);
	const distance = last && before && points.length > kept / 2 ? Math.max(every, last.at - before.at) : every;
	if (last && point.at - last.at < Math.min(distance, 60)) return points;
	const all = [...points, point];
	return all.length > kept ? all.filter((_, i) => i % 2 === 0) : all;
}

/** @param {Progress} progress */
export function rememberRate(progress) {
	if (progress.state !== "running" && progress.state !== "waiting") return;
	rates.value = withPoint(rates.peek(), {
		at: Date.parse(progress.at) / 1000,
		total: progress.rate_1m,
		workers: Object.fromEntries(progress.workers.map((worker) => [worker.id, worker.rate_1m])),
	});
}
