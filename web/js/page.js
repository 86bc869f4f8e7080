// Opens a page: words first, then the person, then what the page shows.
import { html, render } from "../vendor/preact.js";
import { Problem } from "./api.js";
import { Frame, learnWho } from "./frame.js";
import { speak, t } from "./i18n.js";
import { ProblemText } from "./problems.js";

/** @param {Problem} problem @param {() => void} again */
const Trouble = (problem, again) => html`<${Frame}>
	<section class="trouble">
		<h1>${t("trouble.title")}</h1>
		<p><${ProblemText} problem=${problem} /></p>
		<p><button type="button" onClick=${again}>${t("action.try-again")}</button> <a href="/runs">${t("page.runs")}</a></p>
	</section>
<//>`;

/**
 * @param {() => Promise<unknown>} start loads what the page needs before it shows anything
 * @param {() => unknown} Page
 * @param {string} [words] the page's own dictionary
 */
export async function openPage(start, Page, words) {
	const root = /** @type {HTMLElement} */ (document.getElementById("page"));
	await speak(words);
	try {
		await learnWho();
		await start();
		render(html`<${Page} />`, root);
	} catch (reason) {
		if (!(reason instanceof Problem)) throw reason;
		render(html`<${() => Trouble(reason, () => location.reload())} />`, root);
	}
}
