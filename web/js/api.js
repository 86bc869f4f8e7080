// Calls to the server: JSON in, JSON out, problems as errors with a code.

/** @import {Hostile} from "./api-types" */

/** What the server answered instead of what was asked for (RFC 9457), or why it did not answer. */
export class Problem extends Error {
	/**
	 * @param {number} status 0 = no answer
	 * @param {string} code stable name: "bad-input", "unreachable"
	 * @param {Hostile} detail English, for people
	 * @param {Record<string, unknown>} [params] what the page can use: the field, the codes
	 */
	constructor(status, code, detail, params = {}) {
		super(`${status} ${code}`);
		this.status = status;
		this.code = code;
		this.detail = detail;
		this.params = params;
	}
}

/** The way to the login page and back here. */
export function goToLogin() {
	const here = location.pathname + location.search;
	location.replace(`/login?next=${encodeURIComponent(here)}`);
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {object} [body]
 * @param {{stay?: boolean}} [options] stay: a 401 is the caller's business
 */
async function call(method, path, body, { stay = false } = {}) {
	/** @type {RequestInit} */
	const request = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
	if (body !== undefined) {
		request.body = JSON.stringify(body);
		request.headers = { Accept: "application/json", "Content-Type": "application/json" };
	}
	let answer;
	try {
		answer = await fetch(`/api/v1${path}`, request);
	} catch (reason) {
		throw new Problem(0, "unreachable", /** @type {Hostile} */ (/** @type {unknown} */ (String(reason))));
	}
	if (answer.ok) return answer.status === 204 ? null : answer.json();
	if (answer.status === 401 && !stay) {
		goToLogin();
		return new Promise(() => {}); // the page is being left
	}
	throw problemOf(answer.status, await answer.json().catch(() => ({})));
}

/** @param {number} status @param {Partial<import("./api-types").ProblemBody>} body */
export const problemOf = (status, body) =>
	new Problem(status, body.code ?? "unknown", body.detail ?? /** @type {any} */ (""), body.params ?? {});

/** @param {string} path @param {object} body */
export const put = (path, body) => call("PUT", path, body);

/**
 * @param {string} path
 * @param {{stay?: boolean}} [options]
 */
export const get = (path, options) => call("GET", path, undefined, options);

/** @param {string} path @param {object} body @param {{stay?: boolean}} [options] */
export const post = (path, body, options) => call("POST", path, body, options);

/** @param {string} path */
export const remove = (path) => call("DELETE", path);
