// A button whose dialog says what will happen before it does.
import { html, useRef } from "../vendor/preact.js";
import { t } from "./i18n.js";

/**
 * @param {{name: string, label: string, title: string, says: string[], danger?: boolean, onConfirm: () => void}} props
 *   name: of the action, unique on the page together with `label`'s owner; says: what will happen
 */
export function ConfirmButton({ name, label, title, says, danger = false, onConfirm }) {
	const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const confirm = () => {
		dialog.current?.close();
		onConfirm();
	};
	return html`
		<button type="button" class=${danger ? "danger" : ""} data-action=${name} onClick=${() => dialog.current?.showModal()}>${label}…</button>
		<dialog ref=${dialog} aria-label=${title} closedby="any" data-dialog=${name}>
			<h2>${title}</h2>
			<ul>${says.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ul>
			<div class="actions">
				<button type="button" autofocus onClick=${() => dialog.current?.close()}>${t("action.leave")}</button>
				<button type="button" class=${danger ? "danger" : ""} data-confirm=${name} onClick=${confirm}>${label}</button>
			</div>
		</dialog>`;
}
