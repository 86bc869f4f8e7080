// Reads the html`` templates of a module: their literal text, and every value
// with the element and place where it stands. Small on purpose: it knows strings,
// comments, nested templates and tags, and nothing else of JavaScript.

/** The end of a quoted string that begins at `i`. */
function endOfString(source, i) {
	const quote = source[i];
	for (i++; source[i] !== quote; i++) if (source[i] === "\\") i++;
	return i + 1;
}

/** The end of the code in `${…}` that begins at `i` (after the brace); inner templates are collected. */
function endOfCode(source, i, found) {
	for (let depth = 1; ; i++) {
		const c = source[i];
		if (c === undefined) throw new Error("unclosed ${");
		if (c === '"' || c === "'") i = endOfString(source, i) - 1;
		else if (c === "`") i = readTemplate(source, i + 1, found, source.slice(Math.max(0, i - 4), i) === "html") - 1;
		else if (source.startsWith("//", i) && source[i - 1] !== ":") i = source.indexOf("\n", i);
		else if (source.startsWith("/*", i)) i = source.indexOf("*/", i) + 1;
		else if (c === "{") depth++;
		else if (c === "}" && --depth === 0) return i + 1;
	}
}

/** Reads one template from after its backtick to after the closing one. */
function readTemplate(source, i, found, isHtml) {
	const pieces = [];
	let literal = "";
	for (;;) {
		if (source[i] === undefined) throw new Error("unclosed template");
		if (source[i] === "\\") {
			literal += source.slice(i, i + 2);
			i += 2;
		} else if (source[i] === "`") {
			pieces.push(literal);
			break;
		} else if (source.startsWith("${", i)) {
			pieces.push(literal);
			literal = "";
			const end = endOfCode(source, i + 2, found);
			pieces.push(source.slice(i + 2, end - 1));
			i = end;
		} else literal += source[i++];
	}
	if (isHtml) found.push(describe(pieces));
	return i + 1;
}

/** Text and values of a template's pieces (literal, code, literal, …). */
function describe(pieces) {
	const texts = [];
	const values = [];
	let inTag = false;
	let tag = "";
	let attribute = "";
	let text = "";
	pieces.forEach((piece, n) => {
		if (n % 2 === 1) {
			if (inTag && tag === "") tag = `\${${piece}}`;
			values.push({ code: piece, place: inTag ? "attribute" : "child", tag, attribute });
			return;
		}
		for (let i = 0; i < piece.length; i++) {
			const c = piece[i];
			if (!inTag && c === "<") {
				texts.push(text);
				text = "";
				inTag = true;
				tag = /^<\/?([\w-]*)/.exec(piece.slice(i))?.[1] ?? "";
				attribute = "";
			} else if (inTag && c === ">") {
				inTag = false;
			} else if (inTag) {
				const named = /^\s([\w-]+)=/.exec(piece.slice(i));
				if (named) attribute = named[1];
			} else text += c;
		}
	});
	texts.push(text);
	return { texts, values };
}

/** Every html`` template of a source. */
export function templatesOf(source) {
	const found = [];
	for (let i = 0; i < source.length; i++) {
		const c = source[i];
		if (c === '"' || c === "'") i = endOfString(source, i) - 1;
		else if (source.startsWith("//", i)) i = source.indexOf("\n", i);
		else if (source.startsWith("/*", i)) i = source.indexOf("*/", i) + 1;
		else if (c === "/" && /[=(,:\n\t]\s*$/.test(source.slice(Math.max(0, i - 3), i))) i = endOfRegex(source, i) - 1;
		else if (c === "`") i = readTemplate(source, i + 1, found, source.slice(Math.max(0, i - 4), i) === "html") - 1;
	}
	return found;
}

function endOfRegex(source, i) {
	let inClass = false;
	for (i++; ; i++) {
		if (source[i] === "\\") i++;
		else if (source[i] === "[") inClass = true;
		else if (source[i] === "]") inClass = false;
		else if (source[i] === "/" && !inClass) return i + 1;
		else if (source[i] === "\n" || source[i] === undefined) return i;
	}
}
