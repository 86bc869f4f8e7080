// The one door through which text from outside reaches the page.
//
// Domains, model output, file names, what an endpoint says of itself: all of it
// is `Hostile` in api-types.d.ts and is shown by <Domain> or <Untrusted>, or
// becomes a string by plain() for the title. A lint test forbids other ways.
import { html } from "../vendor/preact.js";
import { defang, defangAddresses, defangProse, visible, visibleParts } from "./hostile-text.js";
import { t } from "./i18n.js";

/** @import {Hostile} from "./api-types" */

/** @param {Hostile | string | null | undefined} text */
const asText = (text) => (text === null || text === undefined ? "" : String(text));

/** @param {string} text @param {number} limit */
function shown(text, limit) {
	const { parts, cut } = visibleParts(text, limit);
	return [
		...parts.map((part, i) => (i % 2 === 0 ? part : html`<span class="code-point">${part}</span>`)),
		cut > 0 ? html`<span class="cut">${t("untrusted.cut", { n: cut })}</span>` : null,
	];
}

/**
 * Any text from outside, its addresses defanged; in `prose` bare domains are addresses, too.
 * @param {{text: Hostile | string | null | undefined, prose?: boolean, limit?: number}} props
 */
export function Untrusted({ text, prose = false, limit = 300 }) {
	const raw = asText(text).slice(0, 100_000);
	return html`<bdi class="untrusted">${shown(prose ? defangProse(raw) : defangAddresses(raw), limit)}</bdi>`;
}

/**
 * A domain, defanged, the A-label beside the U-label, with the marks of the import.
 * @param {{name: Hostile | string, unicode?: Hostile | string | null, flags?: string[]}} props
 */
export function Domain({ name, unicode = null, flags = [] }) {
	const ascii = defang(asText(name));
	const letters = unicode === null ? null : defang(asText(unicode));
	return html`<span class="domain">
		${letters !== null && letters !== ascii ? html`<bdi class="u-label">${shown(letters, 80)}</bdi> ` : null}
		<bdi class="a-label">${shown(ascii, 80)}</bdi>
		${flags.map((flag) => html` <span class="flag">${t(`flag.${flag}`)}</span>`)}
	</span>`;
}

/** For the document's title, which holds nothing but text. @param {Hostile | string} text */
export const plain = (text) => visible(defangAddresses(asText(text)).replace(/\s+/g, " "), 80);

/** For an <option>, which holds nothing but text, too. @param {{text: Hostile | string}} props */
export const OneLine = ({ text }) => plain(text);

/** Whether there is anything to show. @param {Hostile | null | undefined} text */
export const isEmpty = (text) => asText(text) === "";

/**
 * A field of an event's data, which may hold anything.
 * @param {Record<string, unknown> | null} data
 * @param {string} name
 * @returns {Hostile}
 */
export const field = (data, name) => /** @type {Hostile} */ (data?.[name] ?? "");

/** A domain for the clipboard: nothing that a paste would turn into a link. @param {Hostile | string} name */
export const defanged = (name) => defang(visible(asText(name), 300));

/** As it came, for a query or for a clipboard that was asked for it; never for the page. @param {Hostile | string} text */
export const asItCame = (text) => asText(text);

/**
 * The one way out of here: what VirusTotal knows of a domain.
 * @param {{name: Hostile | string, flags?: string[]}} props
 */
export function VirusTotal({ name, flags = [] }) {
	const kind = flags.includes("ip_address") ? "ip-address" : "domain";
	const address = () => `https://www.virustotal.com/gui/${kind}/${encodeURIComponent(asText(name))}`;
	return html`<a class="button" href=${address()} target="_blank" rel="noreferrer noopener">${t("panel.virustotal")}</a>`;
}
