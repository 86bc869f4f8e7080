// Copying, on plain http too, where there is no navigator.clipboard.
import { signal } from "../vendor/preact.js";

/** What was copied last, for as long as the page says so. */
export const copied = signal("");

/** @type {ReturnType<typeof setTimeout> | undefined} */
let fading;

/** @param {string} text */
function copyBySelection(text) {
	const before = document.activeElement;
	const field = document.createElement("textarea");
	field.value = text;
	(document.querySelector("dialog[open]") ?? document.body).append(field);
	field.select();
	document.execCommand("copy");
	field.remove();
	if (before instanceof HTMLElement) before.focus();
}

/** @param {string} text @param {string} [what] told apart by those who say that it was copied */
export async function copy(text, what = "link") {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		copyBySelection(text);
	}
	copied.value = what;
	clearTimeout(fading);
	fading = setTimeout(() => {
		copied.value = "";
	}, 2500);
}
