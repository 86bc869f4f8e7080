// Text that a stranger chose, made harmless to look at: pure functions.
//
// The DOM already keeps it from being markup (it is only ever a text node). What
// is left is deception: characters that reorder or hide, addresses that a mail
// program or a terminal turns into links, and length.

/** What is printed as its code point instead of itself. */
const deceptive = new RegExp(
	[
		"[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]", // controls, but for tab and newline
		"[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]", // marks and overrides of direction
		"[\\u00ad\\u034f\\u200b\\u200c\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\ufff0-\\ufffb]", // nothing to see, but there
		"[\\u115f\\u1160\\u17b4\\u17b5\\u3164\\uffa0\\u2028\\u2029]", // fillers and separators
		"[\\u180b-\\u180f\\ufe00-\\ufe0e\\u{e0000}-\\u{e0fff}]", // variation selectors and tags
		"(?<!\\p{ExtPict})\\ufe0f", // the one that makes an emoji colourful, elsewhere
		"(?<![\\p{ExtPict}\\ufe0f])\\u200d|\\u200d(?!\\p{ExtPict})", // the joiner, except between emoji
		"[\\ue000-\\uf8ff\\u{1d173}-\\u{1d17a}\\u{f0000}-\\u{10ffff}]", // private use, music controls
		"\\p{Cs}", // half of a pair
	].join("|"),
	"gu",
);

/** @param {string} character */
const codePoint = (character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/**
 * Cuts text into what may be shown (even places) and code points (odd places).
 * @param {string} text
 * @param {number} [limit] characters that are shown at most
 * @returns {{parts: string[], cut: number}} cut: characters left out
 */
export function visibleParts(text, limit = 2000) {
	const shown = text.length > limit ? text.slice(0, limit).replace(/[\ud800-\udbff]$/, "") : text;
	const found = [];
	let from = 0;
	for (const match of shown.matchAll(deceptive)) {
		found.push(shown.slice(from, match.index), codePoint(match[0]));
		from = match.index + match[0].length;
	}
	found.push(shown.slice(from));
	return { parts: found, cut: text.length - shown.length };
}

/** The same as one string, for titles and the clipboard: "evil‹U+202E›moc". @param {string} text @param {number} [limit] */
export function visible(text, limit = 2000) {
	const { parts, cut } = visibleParts(text, limit);
	return parts.map((part, i) => (i % 2 === 0 ? part : `‹${part}›`)).join("") + (cut > 0 ? "…" : "");
}

/** "http://a.example" -> "hxxp://a[.]example": every dot, whatever it looks like. @param {string} domain */
export const defang = (domain) =>
	domain.replace(/\b(h)tt(ps?:\/\/)/gi, "$1xx$2").replace(/(?<!\[)[.\u3002\uff0e\uff61](?!\])/g, "[.]");

const address = /\bhttps?:\/\/[^\s"'<>()]+/giu;
const domain = /\b(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})[.\u3002\uff0e\uff61])+\p{L}[\p{L}\p{N}-]{1,62}\b/giu;

/** Text in which every address with a scheme is defanged; file names and versions stay as they are. @param {string} text */
export const defangAddresses = (text) => text.replace(address, (found) => defang(found));

/** Prose in which bare domains are defanged, too. @param {string} text */
export const defangProse = (text) => defangAddresses(text).replace(domain, (found) => defang(found));
