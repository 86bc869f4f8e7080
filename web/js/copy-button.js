// A button that copies and says so.
import { html } from "../vendor/preact.js";
import { copied, copy } from "./clipboard.js";
import { show, t } from "./i18n.js";
import { Icon } from "./icons.js";

/** @param {{name: string, label: string, text: () => string}} props name: told apart from the other buttons of the page */
export const CopyButton = ({ name, label, text }) =>
	html`<span class="copy"><button type="button" class="plain" data-copy=${name} onClick=${() => copy(text(), name)}><${Icon} name="copy" />${label}</button>
		<span role="status" class="quiet">${copied.value === name ? t("action.copied", { time: show().time(Date.now()) }) : ""}</span></span>`;
