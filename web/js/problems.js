// What went wrong, said once on the page, until it is dismissed or done again.
import { html, signal } from "../vendor/preact.js";
import { Problem } from "./api.js";
import { knows, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { isEmpty, Untrusted } from "./untrusted.js";

const current = signal(/** @type {Problem | null} */ (null));

export const clearProblem = () => {
	current.value = null;
};

/**
 * Runs something that may be refused, and says so on the page.
 * @param {() => Promise<void>} action
 */
export async function attempt(action) {
	clearProblem();
	try {
		await action();
	} catch (reason) {
		if (!(reason instanceof Problem)) throw reason;
		current.value = reason;
	}
}

/** @param {{problem: Problem}} props */
export function ProblemText({ problem }) {
	const key = `problem.${problem.code}`;
	return html`<span>${knows(key) ? t(key) : t("problem.unknown", { status: problem.status })}
		${isEmpty(problem.detail) ? null : html` <span class="quiet"><${Untrusted} text=${problem.detail} /></span>`}</span>`;
}

/** The region is always there, so that readers announce what comes into it. */
export function ProblemBar() {
	return html`<div role="alert">
		${
			current.value === null
				? null
				: html`<div class="bar tone-bad">
			<${Icon} name="warning" />
			<${ProblemText} problem=${current.value} />
			<button type="button" class="plain" onClick=${clearProblem}>${t("action.dismiss")}</button>
		</div>`
		}
	</div>`;
}
