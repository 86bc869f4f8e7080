// Numbers, durations and times for people: pure, everything by Intl.

/** Zones whose offset is asked for by name; "local" is the browser's. @param {string} zone */
const zoneName = (zone) => (zone === "local" ? undefined : zone);

export const dash = "–";

/**
 * @param {string} language
 * @param {string} zone
 */
export function formatsFor(language, zone) {
	const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
	const signed = new Intl.NumberFormat(language, { maximumFractionDigits: 0, signDisplay: "exceptZero" });
	const fixed = [0, 1, 2, 3, 4].map(
		(digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
	);
	const clock = new Intl.DateTimeFormat(language, {
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit",
		hourCycle: "h23",
		timeZone: zoneName(zone),
	});
	const minute = new Intl.DateTimeFormat(language, {
		hour: "2-digit",
		minute: "2-digit",
		hourCycle: "h23",
		timeZone: zoneName(zone),
	});
	const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone: zoneName(zone) });
	const offsets = new Intl.DateTimeFormat("en", { timeZoneName: "longOffset", timeZone: zoneName(zone) });

	/** @param {number | null | undefined} value @param {number} [digits] */
	const number = (value, digits = 0) =>
		value === null || value === undefined || !Number.isFinite(value) ? dash : (fixed[digits] ?? whole).format(value);

	/** "+09:00" at that time. @param {string | number | Date} time */
	const offset = (time) => {
		const named = offsets.formatToParts(new Date(time)).find((part) => part.type === "timeZoneName");
		return (named?.value ?? "").replace("GMT", "") || "+00:00";
	};

	/** A share as percent without its sign: 0.948 -> "94.8". @param {number | null | undefined} share @param {number} [digits] */
	const points = (share, digits = 1) => (share === null || share === undefined ? dash : number(share * 100, digits));

	/** Never 100 % before everything is done, never 0 % after the first. @param {number} done @param {number} total */
	const progress = (done, total) => {
		if (total === 0) return number(100, 0);
		const tenths = Math.floor((done / total) * 1000) / 10;
		return number(tenths, tenths === 100 || total < 1000 ? 0 : 1);
	};

	return {
		number,
		points,
		progress,
		offset,
		/** @param {number} value */
		signed: (value) => signed.format(value).replace("-", "−"),
		/** "94.8 %" @param {number | null | undefined} share @param {number} [digits] */
		percent: (share, digits = 1) => (share === null || share === undefined ? dash : `${points(share, digits)}%`),
		/** With its sign: "+6.6" @param {number | null} value @param {number} digits */
		change: (value, digits) =>
			value === null
				? dash
				: new Intl.NumberFormat(language, {
						minimumFractionDigits: digits,
						maximumFractionDigits: digits,
						signDisplay: "exceptZero",
					})
						.format(value)
						.replace("-", "−"),
		/** Items per second: three significant digits are enough. @param {number | null | undefined} rate */
		rate: (rate) => number(rate, rate !== null && rate !== undefined && rate >= 100 ? 0 : 1),
		/** "14:03:22" @param {string | number | null} time */
		time: (time) => (time === null ? dash : clock.format(new Date(time))),
		/** "14:03" @param {string | number | null} time */
		minute: (time) => (time === null ? dash : minute.format(new Date(time))),
		/** "2026-11-24 14:03:22 +09:00" @param {string | number | null} time */
		dateTime: (time) =>
			time === null ? dash : `${day.format(new Date(time))} ${clock.format(new Date(time))} ${offset(time)}`,
		/** "14:03:22 +09:00", with its date unless that is today. @param {string | number | null} time @param {number} [now] */
		moment: (time, now = Date.now()) => {
			if (time === null) return dash;
			const date = new Date(time);
			const of = day.format(date);
			return `${of === day.format(now) ? "" : `${of} `}${clock.format(date)} ${offset(date)}`;
		},
	};
}

/**
 * Hours, minutes and seconds of a duration: at most two of them, as people say it.
 * @param {number} seconds
 * @returns {{hours?: number, minutes?: number, seconds?: number, days?: number}}
 */
export function spokenParts(seconds) {
	const s = Math.max(0, Math.round(seconds));
	if (s < 60) return { seconds: s };
	if (s < 600) return s % 60 === 0 ? { minutes: s / 60 } : { minutes: Math.floor(s / 60), seconds: s % 60 };
	const m = Math.round(s / 60);
	if (m < 60) return { minutes: m };
	const h = Math.floor(m / 60);
	if (h < 48) return m % 60 === 0 ? { hours: h } : { hours: h, minutes: m % 60 };
	return { days: Math.round(h / 24) };
}

/**
 * The unit in which a range is said, so that both ends have the same: "38–46 min".
 * @param {number} low seconds
 * @param {number} high seconds
 * @returns {{unit: "seconds" | "minutes" | "hours", low: number, high: number, digits: number}}
 */
export function spokenRange(low, high) {
	if (high < 120) return { unit: "seconds", low: Math.max(0, Math.floor(low)), high: Math.ceil(high), digits: 0 };
	if (high < 7200) return { unit: "minutes", low: Math.floor(low / 60), high: Math.ceil(high / 60), digits: 0 };
	return { unit: "hours", low: Math.floor(low / 360) / 10, high: Math.ceil(high / 360) / 10, digits: 1 };
}
