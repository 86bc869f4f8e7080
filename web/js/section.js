// A titled panel of the new-run page.
import { html } from "../vendor/preact.js";
import { t } from "./i18n.js";

/** @param {{name: string, changed?: boolean, children: unknown}} props */
export const Section = ({
	name,
	changed = false,
	children,
}) => html`<section class=${`panel${changed ? " changed" : ""}`} data-section=${name} aria-labelledby=${`${name}-title`}>
	<h2 id=${`${name}-title`}>${t(`section.${name}`)}</h2>${children}
</section>`;
