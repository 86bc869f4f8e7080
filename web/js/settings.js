// What a person chose for this browser: language, theme, time zone.
import { effect, signal } from "../vendor/preact.js";

export const languages = /** @type {const} */ (["en", "ja"]);
export const themes = /** @type {const} */ (["auto", "light", "dark"]);
/** "local" is the browser's own zone. */
export const zones = /** @type {const} */ (["local", "Asia/Tokyo", "UTC"]);

/**
 * Storage may be forbidden; then a choice lasts as long as the page.
 * @template {string} T
 * @param {string} name
 * @param {readonly T[]} allowed
 * @param {T} fallback
 */
function remembered(name, allowed, fallback) {
	let stored = null;
	try {
		stored = localStorage.getItem(name);
	} catch {}
	const choice = signal(allowed.find((each) => each === stored) ?? fallback);
	effect(() => {
		try {
			localStorage.setItem(name, choice.value);
		} catch {}
	});
	return choice;
}

const preferred = navigator.languages.find((tag) => /^(en|ja)\b/.test(tag)) ?? "en";

export const language = remembered("language", languages, preferred.startsWith("ja") ? "ja" : "en");
export const theme = remembered("theme", themes, "auto");
export const zone = remembered("zone", zones, "local");

effect(() => {
	document.documentElement.dataset.theme = theme.value;
});
