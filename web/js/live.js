// The page's end of the live stream: what it hears, and how fresh that is.
import { signal } from "../vendor/preact.js";
import { goToLogin } from "./api.js";
import { Stream } from "./stream.js";

/** @import {Listener, Health} from "./stream.js" */

/** How the stream is, and when anything was last heard of the server (ms, 0 = never). */
export const connection = signal({ health: /** @type {Health} */ ("disconnected"), lastAt: 0, since: Date.now() });

/** The build that the server runs, as first heard; another one later means a new version. */
export const build = signal({ first: "", now: "" });

/** @param {Listener} onMessage @returns {Listener} */
const watched = (onMessage) => (message) => {
	if (message.type === "health") {
		const before = connection.peek();
		const since = before.health === message.health ? before.since : Date.now();
		connection.value = { health: message.health, lastAt: message.lastAt, since };
		if (message.health === "signed-out") goToLogin();
	}
	if (message.type === "hello")
		build.value = { first: build.peek().first || message.data.build, now: message.data.build };
	onMessage(message);
};

/** Trusted Types: the one script address this application ever makes. */
function workerAddress() {
	const address = "/js/live-worker.js";
	const types = /** @type {any} */ (globalThis).trustedTypes;
	if (!types) return address;
	return types.createPolicy("mekiki-worker", { createScriptURL: () => address }).createScriptURL(address);
}

/**
 * Listens to topics until the page goes. A page that comes back out of the
 * browser's cache listens again.
 * @param {string[]} topics
 * @param {Listener} onMessage
 * @returns {(topics: string[]) => void} changes the topics
 */
export function listen(topics, onMessage) {
	const listener = watched(onMessage);
	return typeof SharedWorker === "undefined" ? listenAlone(topics, listener) : listenShared(topics, listener);
}

/** @param {string[]} topics @param {Listener} listener */
function listenShared(topics, listener) {
	const worker = new SharedWorker(workerAddress(), { type: "module", name: "mekiki-live-1" });
	worker.port.onmessage = ({ data }) => listener(data);
	worker.port.postMessage({ topics });
	addEventListener("pagehide", () => worker.port.postMessage({ bye: true }));
	addEventListener("pageshow", (event) => {
		if (event.persisted) worker.port.postMessage({ topics });
	});
	return (/** @type {string[]} */ wanted) => {
		topics = wanted;
		worker.port.postMessage({ topics });
	};
}

/** One stream per visible tab. @param {string[]} topics @param {Listener} listener */
function listenAlone(topics, listener) {
	const stream = new Stream();
	const settle = () =>
		document.visibilityState === "visible" ? stream.listen(listener, topics) : stream.leave(listener);
	document.addEventListener("visibilitychange", settle);
	addEventListener("pagehide", () => stream.leave(listener));
	settle();
	return (/** @type {string[]} */ wanted) => {
		topics = wanted;
		settle();
	};
}
