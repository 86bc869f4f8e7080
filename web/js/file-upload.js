// Sending a file: progress, cancelling, and what the server made of it.
//
// XMLHttpRequest, because fetch cannot tell how much has been sent.
import { get, goToLogin, problemOf } from "./api.js";

/** @import {Dataset} from "./api-types" */

/** Plain lists by their name; everything else is tried as CSV. @param {string} name */
const typeOf = (name) => (/\.(txt|list|lst)$/i.test(name) ? "text/plain" : "text/csv");

/**
 * Sends the file; resolves with the dataset, which is perhaps still being
 * imported, and whether its bytes were known; with null when it was cancelled.
 * @param {File} file
 * @param {(share: number) => void} onProgress 0..1
 * @returns {{done: Promise<{dataset: Dataset, known: boolean} | null>, cancel: () => void}}
 */
export function sendFile(file, onProgress) {
	const request = new XMLHttpRequest();
	const done = new Promise((resolve, reject) => {
		request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
		request.onabort = () => resolve(null);
		request.onerror = () => reject(problemOf(0, { code: "unreachable" }));
		request.onload = () => {
			const body = request.response ?? {};
			if (request.status === 401) return goToLogin();
			if (request.status >= 300) return reject(problemOf(request.status, body));
			resolve({ dataset: body, known: request.status === 200 });
		};
		request.open("POST", `/api/v1/datasets?name=${encodeURIComponent(file.name)}`);
		request.responseType = "json";
		request.setRequestHeader("Content-Type", typeOf(file.name));
		request.send(file);
	});
	return { done, cancel: () => request.abort() };
}

/** How often a running import is asked for, in ms. */
const patience = 300;

/**
 * Waits until the dataset is ready or failed.
 * @param {Dataset} dataset
 * @param {(dataset: Dataset) => void} onProgress
 * @param {() => boolean} isWanted false: nobody waits any more
 */
export async function importedDataset(dataset, onProgress, isWanted) {
	let now = dataset;
	while (now.state === "importing" && isWanted()) {
		onProgress(now);
		await new Promise((next) => setTimeout(next, patience));
		now = await get(`/datasets/${dataset.sha256}`);
	}
	return now;
}
