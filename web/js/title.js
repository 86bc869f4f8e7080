// The browser's tab: percent, state and name, and a ring as icon, so that a hidden tab tells how far it is.
import { effect } from "../vendor/preact.js";
import { show, t } from "./i18n.js";
import { progress, run } from "./run-model.js";
import { runTone } from "./states.js";
import { plain } from "./untrusted.js";

const colours = { go: "#2563a8", good: "#2e7d4f", wait: "#b7791f", bad: "#c0392b", off: "#7a838a" };

/** An SVG ring as a data address: share of the circumference in the colour of the state. @param {number} share @param {string} colour */
export function ringAddress(share, colour) {
	const around = 2 * Math.PI * 12;
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="12" fill="none" stroke="#9aa3a9" stroke-opacity=".45" stroke-width="6"/><circle cx="16" cy="16" r="12" fill="none" stroke="${colour}" stroke-width="6" stroke-dasharray="${(around * share).toFixed(2)} ${around.toFixed(2)}" transform="rotate(-90 16 16)"/></svg>`;
	return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export function followRun() {
	const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
	effect(() => {
		if (run.value === null || progress.value === null) return;
		const { done, total, state } = progress.value;
		const name = plain(run.value.name) || run.value.id;
		document.title = t("title.run", { percent: show().progress(done, total), state: t(`run.state.${state}`), name });
		const address = ringAddress(total === 0 ? 1 : done / total, colours[runTone(state)]);
		if (icon.href !== address) icon.href = address;
	});
}
