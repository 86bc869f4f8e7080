// A place to drop a file, with a button for those who do not drag: progress, cancel, what came of it.
import { html, signal, useEffect, useMemo, useRef } from "../vendor/preact.js";
import { Problem, problemOf } from "./api.js";
import { importedDataset, sendFile } from "./file-upload.js";
import { show, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { defaults } from "./new-run-model.js";
import { ProblemText } from "./problems.js";
import { isEmpty, Untrusted } from "./untrusted.js";

/** @import {Dataset} from "./api-types" */

/**
 * @typedef {{step: "idle" | "sending" | "importing" | "cancelled" | "ready" | "known" | "failed" | "refused", file: string,
 *   share: number, dataset: Dataset | null, problem: Problem | null}} Upload
 */

/** @type {Upload} */
const idle = { step: "idle", file: "", share: 0, dataset: null, problem: null };

/** One upload at a time: what happens to it, and how to end it. @param {(dataset: Dataset, known: boolean) => void} onReady */
function uploadTo(onReady) {
	const state = signal(idle);
	let turn = 0;
	/** @type {() => void} */
	let cancelSending = () => {};

	/** @param {File} file */
	async function take(file) {
		const mine = ++turn;
		/** @param {Partial<Upload>} news */
		const tell = (news) => {
			if (mine === turn) state.value = { ...state.peek(), ...news };
		};
		const limit = defaults.peek()?.upload_bytes ?? Number.POSITIVE_INFINITY;
		state.value = { ...idle, step: "sending", file: file.name };
		if (file.size > limit) return tell({ step: "refused", problem: problemOf(413, { code: "too-large" }) });
		try {
			const sending = sendFile(file, (share) => tell({ share }));
			cancelSending = sending.cancel;
			const answer = await sending.done;
			if (answer === null) return tell({ step: "cancelled" });
			const made = await importedDataset(
				answer.dataset,
				(dataset) => tell({ step: "importing", dataset, share: dataset.progress ?? 0 }),
				() => mine === turn,
			);
			if (mine !== turn) return;
			const known = answer.known && made.state === "ready";
			tell({ step: made.state === "ready" ? (known ? "known" : "ready") : "failed", dataset: made });
			if (made.state === "ready") onReady(made, known);
		} catch (reason) {
			if (!(reason instanceof Problem)) throw reason;
			tell({ step: "refused", problem: reason });
		}
	}
	return { state, take, cancel: () => cancelSending() };
}

/** @param {{upload: Upload, cancel: () => void}} props */
function Progress({ upload, cancel }) {
	const percent = Math.floor(upload.share * 100);
	const label = t(`upload.${upload.step}`, { percent: show().number(percent) });
	return html`<div class="upload-progress" data-step=${upload.step}>
		<span><${Untrusted} text=${upload.file} limit=${80} /> ${label}</span>
		<progress max="100" value=${percent} aria-label=${label}></progress>
		${upload.step === "sending" ? html`<button type="button" data-action="cancel-upload" onClick=${cancel}>${t("upload.cancel")}</button>` : null}
	</div>`;
}

/** @param {{upload: Upload}} props */
function Outcome({ upload }) {
	const { step, dataset, problem } = upload;
	if (step === "cancelled") return html`<p class="quiet" data-step=${step}>${t("upload.cancelled")}</p>`;
	if (step === "refused" && problem !== null)
		return html`<p class="bar tone-bad" data-step=${step}><${Icon} name="warning" /><span><${Untrusted} text=${upload.file} limit=${80} /> – <${ProblemText} problem=${problem} />
			${problem.code === "too-large" && isEmpty(problem.detail) ? t("upload.limit", { size: sizeOf(defaults.value?.upload_bytes ?? 0) }) : null}</span></p>`;
	if (step === "failed" && dataset !== null)
		return html`<p class="bar tone-bad" data-step=${step}><${Icon} name="warning" /><span><${Untrusted} text=${upload.file} limit=${80} /> – ${t("upload.failed")} <${Untrusted} text=${dataset.problem} limit=${600} /></span></p>`;
	if (step === "known" && dataset !== null)
		return html`<p class="bar tone-go" data-step=${step}><span>${t("upload.known", { time: show().dateTime(dataset.created) })} <${Untrusted} text=${dataset.name} limit=${80} /></span></p>`;
	return step === "ready" ? html`<p class="tone-good" data-step=${step}>${t("upload.ready")}</p>` : null;
}

/** "12.3 MB" @param {number} bytes */
export function sizeOf(bytes) {
	if (bytes < 1e6) return t("unit.kilobytes", { n: show().number(bytes / 1e3, bytes < 1e4 ? 1 : 0) });
	return t("unit.megabytes", { n: show().number(bytes / 1e6, bytes < 1e8 ? 1 : 0) });
}

/** Files dropped beside the place must not replace the page. @param {(file: File) => void} take */
function useWindowDrops(take) {
	useEffect(() => {
		/** @param {DragEvent} event */
		const over = (event) => event.preventDefault();
		/** @param {DragEvent} event */
		const drop = (event) => {
			event.preventDefault();
			const file = event.dataTransfer?.files[0];
			if (file !== undefined) take(file);
		};
		addEventListener("dragover", over);
		addEventListener("drop", drop);
		return () => {
			removeEventListener("dragover", over);
			removeEventListener("drop", drop);
		};
	}, []);
}

/**
 * @param {{name: string, label: string, hint: string, wholeWindow?: boolean, onReady: (dataset: Dataset, known: boolean) => void}} props
 *   wholeWindow: takes what is dropped anywhere on the page
 */
export function FileDrop({ name, label, hint, wholeWindow = false, onReady }) {
	const upload = useMemo(() => uploadTo(onReady), []);
	const input = useRef(/** @type {HTMLInputElement | null} */ (null));
	const { step } = upload.state.value;
	const busy = step === "sending" || step === "importing";
	if (wholeWindow) useWindowDrops(upload.take);
	/** @param {DragEvent} event */
	const drop = (event) => {
		if (wholeWindow) return; // the window hears it, too
		event.preventDefault();
		event.stopPropagation();
		const file = event.dataTransfer?.files[0];
		if (file !== undefined) upload.take(file);
	};
	const choose = () => {
		const file = input.current?.files?.[0];
		if (file !== undefined) upload.take(file);
		if (input.current !== null) input.current.value = "";
	};
	return html`<div class="file-drop" data-drop=${name} onDrop=${drop}>
		<input ref=${input} type="file" hidden data-file=${name} accept=".csv,.txt,.tsv,.list,text/csv,text/plain" onChange=${choose} />
		<button type="button" disabled=${busy} data-action=${`upload-${name}`} onClick=${() => input.current?.click()}><${Icon} name="upload" />${label}</button>
		<span class="quiet">${hint}</span>
		<div role="status" class="upload-state">${busy ? html`<${Progress} upload=${upload.state.value} cancel=${upload.cancel} />` : html`<${Outcome} upload=${upload.state.value} />`}</div>
	</div>`;
}
