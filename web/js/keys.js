// Single keys for the whole page, never while somebody writes or composes.

/** @param {EventTarget | null} target */
const isField = (target) =>
	target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Whether the key acts on what has the focus: a button is pressed, a link followed. @param {EventTarget | null} target */
const isControl = (target) => target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName);

/**
 * The key, if it is for the page. Enter while a Japanese word is being composed
 * ends the word and nothing else (229: what some browsers say instead).
 * @param {KeyboardEvent} event
 */
export function pageKey(event) {
	if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return "";
	if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return "";
	if (document.querySelector("dialog[open]")) return "";
	if (isControl(event.target) && (event.key === "Enter" || event.key === " ")) return "";
	return event.key;
}

/** @param {Record<string, () => void>} actions by key; the browser does not act on them as well */
export function listenToKeys(actions) {
	addEventListener("keydown", (event) => {
		const action = actions[pageKey(event)];
		if (!action) return;
		event.preventDefault();
		action();
	});
}
