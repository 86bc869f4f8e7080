// The results as files: each says what it is good for.
import { html } from "../vendor/preact.js";
import { copied, copy } from "./clipboard.js";
import { show, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { exportAddress, progress } from "./run-model.js";

const files = [
	{ key: "csv", address: () => exportAddress("csv", "?profile=raw") },
	{ key: "excel", address: () => exportAddress("csv", "?profile=excel") },
	{ key: "jsonl", address: () => exportAddress("jsonl") },
];

export function Downloads() {
	const done = progress.value?.done ?? 0;
	const partial = done < (progress.value?.total ?? 0);
	return html`<section class="panel downloads" aria-labelledby="downloads-title">
		<h2 id="downloads-title">${t("download.title")}</h2>
		${partial ? html`<p class="quiet">${t("download.so-far", { n: done })}</p>` : null}
		<ul>${files.map(
			({ key, address }) => html`<li key=${key}>
			<a class="button" href=${address()} download data-download=${key}><${Icon} name="download" />${t(`download.${key}`)}</a>
			<span class="quiet">${t(`download.${key}.what`)}</span></li>`,
		)}</ul>
		<p><button type="button" class="plain" onClick=${() => copy(location.href)}><${Icon} name="link" />${t("action.copy-link")}</button>
			<span role="status" class="quiet">${copied.value === "link" ? t("action.copied", { time: show().time(Date.now()) }) : ""}</span></p>
	</section>`;
}
