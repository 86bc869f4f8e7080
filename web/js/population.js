// What the dataset was taken from: needed for figures of the overall pipeline.
import { html, useState } from "../vendor/preact.js";
import { get, put } from "./api.js";
import { FileDrop } from "./file-drop.js";
import { isAdmin } from "./frame.js";
import { t } from "./i18n.js";
import { refreshDataset } from "./new-run-model.js";
import { attempt } from "./problems.js";
import { Untrusted } from "./untrusted.js";

/** @import {Dataset} from "./api-types" */

/** @param {Dataset} of @param {string | null} population */
const tie = (of, population) =>
	attempt(async () => refreshDataset(await put(`/datasets/${of.sha256}/population`, { population })));

/** @param {{of: Dataset}} props */
function Tie({ of }) {
	if (of.population === null || of.population_tie === null) return html`<p class="quiet">${t("population.why")}</p>`;
	const { matched, missing } = of.population_tie;
	return html`<p data-tie>${t("population.tied")} <code>${of.population.slice(0, 12)}</code>
		<span class=${missing > 0 ? "tone-wait" : "tone-good"}>${t("population.match", { matched, missing })}</span>
		${isAdmin() ? html` <button type="button" class="plain" onClick=${() => tie(of, null)}>${t("population.untie")}</button>` : null}</p>`;
}

/** @param {{of: Dataset}} props */
function Choice({ of }) {
	const [known, setKnown] = useState(/** @type {Dataset[]} */ ([]));
	const load = () =>
		attempt(async () => {
			const { items } = await get("/datasets?limit=200");
			setKnown(items.filter((/** @type {Dataset} */ each) => each.sha256 !== of.sha256 && each.state === "ready"));
		});
	return html`<details class="population-choice" onToggle=${load}><summary>${t("population.choose")}</summary>
		<${FileDrop} name="population" label=${t("population.upload")} hint=${t("population.hint")} onReady=${(/** @type {Dataset} */ made) => tie(of, made.sha256)} />
		${known.length === 0 ? null : html`<ul class="chips">${known.map((each) => html`<li key=${each.sha256}><button type="button" class="chip-button" data-population=${each.sha256} onClick=${() => tie(of, each.sha256)}><${Untrusted} text=${each.name} limit=${40} /> <span class="quiet">${t("population.items", { n: each.items })}</span></button></li>`)}</ul>`}
	</details>`;
}

/** @param {{of: Dataset}} props */
export function Population({ of }) {
	return html`<div class="population-tie"><h3>${t("population.title")}</h3><${Tie} of=${of} />${isAdmin() ? html`<${Choice} of=${of} />` : null}</div>`;
}
