// The same start for a terminal: as curl and as mekiki run. The token is a
// variable, never the person's own; the JSON is ASCII, so that what is seen is
// what is copied, and it holds the domains of a list defanged, which the server
// makes whole again.
import { html } from "../vendor/preact.js";
import { CopyButton } from "./copy-button.js";
import { defang } from "./hostile-text.js";
import { t } from "./i18n.js";
import { formOf, isUsed, readNumber } from "./new-run-form.js";
import { defaults, form, startBody } from "./new-run-model.js";

/** @import {Plan, Selection} from "./api-types" */
/** @import {FieldName} from "./new-run-form.js" */

/** JSON without a character that could hide, reorder or end a here-document. @param {unknown} value */
export const asciiJson = (value) =>
	JSON.stringify(value, null, 1).replace(
		/[\u007f-\uffff]/g,
		(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);

/** One word of a shell. @param {string} text */
export const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** @template {{selection: Selection}} T @param {T} body */
function defanged(body) {
	const keys = body.selection.keys?.map((key) => defang(key));
	return asciiJson(keys === undefined ? body : { ...body, selection: { ...body.selection, keys } });
}

/** @param {Plan} made @param {string} origin */
export function curlCommand(made, origin) {
	const json = defanged(startBody(made, made.warnings));
	return `curl -sS -X POST ${shellWord(`${origin}/api/v1/runs`)} \\
  -H "Authorization: Bearer $MEKIKI_TOKEN" -H 'Content-Type: application/json' \\
  --data-binary @- <<'JSON'
${json}
JSON`;
}

/** @param {string} file */
export function cliCommand(file) {
	const { select, n, seed, sampling, shuffle, workers, name } = form.value;
	const words = ["mekiki", "run", shellWord(file)];
	if (select === "random") words.push("--n-sample", String(readNumber(n)));
	else if (select === "first") words.push("--first", String(readNumber(n)));
	else words.push("--n-sample", "ALL");
	if (isUsed(form.value, "sampling") && sampling === "pandas") words.push("--sampling", "pandas");
	if (shuffle === "yes") words.push("--shuffle");
	const configured = String(defaults.value?.request.seed ?? "");
	if (isUsed(form.value, "sampling") || seed !== configured) words.push("--random-state", String(readNumber(seed)));
	if (workers !== "all") words.push("--workers", shellWord(workers));
	if (name.trim() !== "") words.push("--name", shellWord(name.trim().replace(/[^\P{C}]/gu, " ")));
	return words.join(" ");
}

/** The same for what has no options of its own; the terminal asks about the warnings again. @param {Plan} made */
export const cliRequestCommand = (made) => `cat > request.json <<'JSON'
${defanged(made.request)}
JSON
mekiki run --request request.json`;

/** What has no option of its own on the command line and differs from the configuration. */
export function withoutOption() {
	const given = defaults.value;
	if (given === null) return [];
	const configured = formOf(given.request, given.prompts);
	/** @type {FieldName[]} */
	const fields = [
		"filter",
		"keys",
		"run",
		"kinds",
		"evaluator",
		"model",
		"language",
		"system",
		"user",
		"temperature",
		"top_p",
		"max_tokens",
		"timeout",
		"attempts",
		"no_verdict",
	];
	const different = fields.filter((name) => isUsed(form.value, name) && form.value[name] !== configured[name]);
	if (form.value.shuffle === "no" && configured.shuffle === "yes") different.push("shuffle");
	return different;
}

/** @param {{label: string, text: string, name: string}} props */
const Command = ({
	label,
	text,
	name,
}) => html`<div class="command"><h3>${label} <${CopyButton} name=${name} label=${t("action.copy")} text=${() => text} /></h3>
	<pre tabindex="0" role="region" aria-label=${label} data-command=${name}><code>${text}</code></pre></div>`;

/** @param {{made: Plan}} props */
export function LaunchCommands({ made }) {
	const cli = withoutOption().length === 0 ? cliCommand("FILE") : cliRequestCommand(made);
	return html`<details class="commands"><summary>${t("commands.title")}</summary>
		<p class="quiet">${t("commands.token")}</p>
		<${Command} name="curl" label=${t("commands.curl")} text=${curlCommand(made, location.origin)} />
		<${Command} name="cli" label=${t("commands.cli")} text=${cli} />
	</details>`;
}
