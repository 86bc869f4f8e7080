// One EventSource for many listeners: runs in the shared worker, or in the page where there is none.
//
// Browsers open six connections per server over HTTP/1.1, so a stream per tab
// would stop the seventh tab from loading. Listeners name their topics; the
// stream carries the union, remembers the last snapshot of everything for
// listeners that come later, and says how fresh it is.

/**
 * @typedef {"live" | "stale" | "disconnected" | "signed-out"} Health
 * @typedef {{type: "health", health: Health, lastAt: number}
 *   | {type: "snapshot", event: string, data: any}
 *   | {type: "event", data: any}
 *   | {type: "resync"}
 *   | {type: "hello", data: import("./api-types").Hello}} Message
 * @typedef {(message: Message) => void} Listener
 */

export const staleAfter = 15_000;
const renewAfter = 45_000;
const snapshots = ["run.progress", "run.confusion", "workers"];

/** Where a snapshot belongs: one slot per run, one for all workers. @param {string} event @param {any} data */
const slotOf = (event, data) => (event === "workers" ? "workers" : `${event} ${data.id}`);

/** Whether a slot is of a topic. @param {string} slot @param {string} topic */
const covers = (topic, slot) =>
	topic === slot || (topic.startsWith("run:") && slot.endsWith(` ${topic.slice("run:".length)}`));

export class Stream {
	/** @param {{open?: (url: string) => EventSource, now?: () => number, probe?: () => Promise<number>}} [outside] for tests */
	constructor(outside = {}) {
		this.open = outside.open ?? ((url) => new EventSource(url));
		this.now = outside.now ?? (() => Date.now());
		this.probe = outside.probe ?? probeServer;
		/** @type {Map<Listener, string[]>} */
		this.listeners = new Map();
		/** @type {Map<string, Message>} */
		this.last = new Map();
		/** @type {EventSource | null} */
		this.source = null;
		this.topics = "";
		this.lastEventId = "";
		this.serverStart = "";
		/** When the server was last heard, by stream or probe; when the stream last brought anything. */
		this.lastAt = this.messageAt = 0;
		/** @type {Health} */
		this.health = "disconnected";
		this.opened = false;
		this.failures = 0;
		this.probing = false;
		/** @type {ReturnType<typeof setTimeout> | undefined} */
		this.reopening = undefined;
		/** @type {ReturnType<typeof setInterval> | undefined} */
		this.watch = undefined;
	}

	/** @param {Listener} listener @param {string[]} topics */
	listen(listener, topics) {
		this.listeners.set(listener, topics);
		listener({ type: "health", health: this.health, lastAt: this.lastAt });
		for (const [slot, message] of this.last) if (topics.some((topic) => covers(topic, slot))) listener(message);
		this.settle();
	}

	/** @param {Listener} listener */
	leave(listener) {
		this.listeners.delete(listener);
		this.settle();
	}

	/** Opens the stream that the listeners need now; keeps it when nothing changed. */
	settle() {
		const topics = [...new Set([...this.listeners.values()].flat())].sort().join(",");
		if (topics === this.topics && (this.source || this.reopening)) return;
		this.topics = topics;
		if (topics === "") return this.close();
		this.watch ??= setInterval(() => this.look(), 2000);
		this.connect();
	}

	close() {
		clearTimeout(this.reopening);
		clearInterval(this.watch);
		this.reopening = this.watch = undefined;
		this.source?.close();
		this.source = null;
		this.last.clear();
		this.opened = false;
		this.say("disconnected");
	}

	connect() {
		clearTimeout(this.reopening);
		this.reopening = undefined;
		this.source?.close();
		const after = this.lastEventId === "" ? "" : `&after=${this.lastEventId}`;
		const source = this.open(`/api/v1/events?topics=${encodeURIComponent(this.topics)}${after}`);
		this.source = source;
		source.onopen = () => this.heard();
		this.messageAt = this.now();
		source.onerror = () => this.broke(source);
		source.addEventListener("hello", (message) => this.hello(JSON.parse(message.data)));
		source.addEventListener("hb", () => this.heard());
		source.addEventListener("resync", () => this.tell({ type: "resync" }));
		source.addEventListener("runs.changed", (message) => this.snapshot("runs.changed", JSON.parse(message.data)));
		for (const event of snapshots)
			source.addEventListener(event, (message) => this.snapshot(event, JSON.parse(message.data)));
		source.addEventListener("event", (message) => this.event(message));
	}

	/** @param {string} event @param {any} data */
	snapshot(event, data) {
		this.heard();
		/** @type {Message} */
		const message = { type: "snapshot", event, data };
		if (event === "runs.changed") return this.tell(message, "runs");
		const slot = slotOf(event, data);
		this.last.set(slot, message);
		this.tell(message, slot);
	}

	/** @param {MessageEvent} message */
	event(message) {
		this.heard();
		this.lastEventId = message.lastEventId || this.lastEventId;
		this.tell({ type: "event", data: JSON.parse(message.data) });
	}

	/** @param {import("./api-types").Hello} data */
	hello(data) {
		this.heard();
		const again = this.serverStart !== "" && this.serverStart !== data.server_start;
		this.serverStart = data.server_start;
		this.tell({ type: "hello", data });
		if (again) {
			this.last.clear();
			this.tell({ type: "resync" });
		}
	}

	heard(byProbe = false) {
		this.lastAt = this.now();
		if (!byProbe) this.messageAt = this.lastAt;
		this.failures = 0;
		this.opened = true;
		this.say("live", true);
	}

	/**
	 * The browser reconnects by itself while the server is away; it gives up on an
	 * HTTP status (401, 503), and then it is our turn.
	 * @param {EventSource} source
	 */
	broke(source) {
		if (source !== this.source) return;
		this.opened = false;
		if (this.health !== "signed-out") this.say("disconnected");
		if (source.readyState !== 2 || this.reopening) return;
		const wait = Math.min(1000 * 2 ** this.failures++, 8000);
		this.reopening = setTimeout(() => this.reopen(), wait);
	}

	async reopen() {
		const status = await this.probe();
		if (status === 401) {
			this.reopening = undefined;
			return this.say("signed-out");
		}
		this.connect();
	}

	/**
	 * Heartbeats are comments, which EventSource does not show. After a silence the
	 * server is asked whether it is there: a quiet stream is fine, but not for long,
	 * because a connection that died on the way is quiet too; opening it anew costs little.
	 */
	async look() {
		if (!this.opened || this.probing || this.now() - this.lastAt < staleAfter * 0.6) return;
		this.probing = true;
		const status = await this.probe();
		this.probing = false;
		if (status === 401) this.say("signed-out");
		else if (status === 200) this.heard(true);
		else if (this.now() - this.lastAt > staleAfter) this.say("stale");
		if (status === 200 && this.now() - this.messageAt > renewAfter) this.connect();
	}

	/** @param {Health} health @param {boolean} [always] */
	say(health, always = false) {
		if (health === this.health && !always) return;
		this.health = health;
		this.tell({ type: "health", health, lastAt: this.lastAt });
	}

	/** @param {Message} message @param {string} [slot] only to those who asked for it */
	tell(message, slot) {
		for (const [listener, topics] of this.listeners)
			if (slot === undefined || topics.some((topic) => covers(topic, slot))) listener(message);
	}
}

/** The status of a small request, 0 when there is no answer in time. */
async function probeServer() {
	try {
		const answer = await fetch("/api/v1/me", { signal: AbortSignal.timeout(5000) });
		return answer.status;
	} catch {
		return 0;
	}
}
