// A small server that speaks the shapes of server/api/README.md, so that the
// pages can be built and tested where the real server is not at hand, and for
// what the real one cannot be made to do (hostile names, a run in file order).
//
//   node tests/browser/stand-in.mjs 8000      prints the login link
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { hostileDomains, hostileName, hostileProse } from "./hostile.mjs";
import { fileOf } from "./module-graph.mjs";

export const csp =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types mekiki-worker";

const types = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".json": "application/json",
	".svg": "image/svg+xml",
};
const token = "stand-in-token";
const session = "stand-in-session";
const runId = "r-0001";

/** Numbers in 0..1 that are the same each time. */
function chance(seed) {
	let state = seed;
	return () => {
		state = (state * 1664525 + 1013904223) % 4294967296;
		return state / 4294967296;
	};
}

/** Wilson's score interval at 95 %. */
export function wilson(k, n) {
	if (n === 0) return { k, n, est: null, lo: null, hi: null, method: "wilson" };
	const z = 1.959964;
	const p = k / n;
	const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
	const half = (z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n);
	return { k, n, est: p, lo: middle - half, hi: middle + half, method: "wilson" };
}

function metricsOf({ tp, fp, fn, tn }) {
	const scale = Math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
	return {
		precision: wilson(tp, tp + fp),
		recall: wilson(tp, tp + fn),
		fpr: wilson(fp, fp + tn),
		fnr: wilson(fn, tp + fn),
		accuracy: wilson(tp + tn, tp + fp + fn + tn),
		f1: tp === 0 ? null : (2 * tp) / (2 * tp + fp + fn),
		mcc: scale === 0 ? null : (tp * tn - fp * fn) / scale,
	};
}

/** A dataset of items with labels, first opinions and the answers to come. */
function makeItems(total, hostile) {
	const next = chance(7);
	return Array.from({ length: total }, (_, i) => {
		const phishing = next() < 0.36;
		const stage1 = next() < (phishing ? 0.62 : 0.06);
		const key = hostile ? hostileDomains[i % hostileDomains.length] : `${phishing ? "login-verify" : "shop"}-${i}.${phishing ? "top" : "example"}`;
		const failed = next() < 0.006;
		return {
			n: i + 1,
			item: i + 1,
			key,
			unicode: key === "xn--80ak6aa92e.com" ? "аррӏе.com" : null,
			flags: key.startsWith("xn--") ? ["idn", "mixed_script"] : [],
			source: hostile ? hostileProse[i % hostileProse.length] : "feed",
			tld: key.split(".").at(-1),
			label: phishing ? "phishing" : "benign",
			ml: next(),
			stage1: stage1 ? "phishing" : "benign",
			done: false,
			verdict: null,
			answer: failed ? null : next() < (phishing ? 0.94 : 0.05) ? "phishing" : "benign",
			confidence: null,
			risk: null,
			failure: null,
			decision_source: null,
			cell: null,
			change: null,
			worker: null,
			elapsed_ms: null,
			attempts: 0,
			reasoning: null,
			seq: null,
			row_numbers: [i + 1],
		};
	});
}

export class StandIn {
	/** @param {{total?: number, done?: number, hostile?: boolean, shuffled?: boolean, perTick?: number, tick?: number, state?: string, role?: string, workers?: string[] | null}} [options] */
	constructor(options = {}) {
		this.options = { total: 2500, done: 0, hostile: false, shuffled: true, perTick: 3, tick: 200, state: "running", role: "admin", workers: ["0", "1", "2"], ...options };
		this.items = makeItems(this.options.total, this.options.hostile);
		this.state = this.options.state;
		this.started = Date.now() - 240_000;
		this.finished = null;
		this.seq = 0;
		this.eventId = 0;
		this.events = [];
		this.streams = new Set();
		this.streamsOpened = 0;
		this.requests = [];
		this.down = null;
		this.next = chance(99);
		this.addEvent("run.created", { person: "admin" });
		this.addEvent("run.state", { person: "admin", data: { from: "draft", to: "running", cause: "" } });
		for (const w of ["0", "1", "2"])
			this.addEvent("worker.state", { run: null, worker: w, data: { from: "starting", to: "ready", cause: "answers", text: "" } });
		for (let i = 0; i < this.options.done; i++) this.finishOne();
		if (this.state === "running" && this.left() === 0) this.state = "finished";
	}

	// ---- the run -------------------------------------------------------------

	left() {
		return this.items.length - this.seq;
	}

	finishOne() {
		const item = this.items[this.seq];
		if (!item) return;
		item.done = true;
		item.seq = ++this.seq;
		item.worker = ["0", "1", "1", "1", "2", "0"][this.seq % 6];
		item.attempts = this.next() < 0.02 ? 2 : 1;
		item.elapsed_ms = Math.round(300 + this.next() * 1600);
		item.verdict = item.answer;
		if (item.verdict === null) {
			item.failure = this.next() < 0.7 ? "timeout" : "unparsable";
			item.cell = "none";
			return;
		}
		item.decision_source = "llm";
		item.confidence = 0.5 + this.next() / 2;
		item.risk = item.verdict === "phishing" ? "high" : "low";
		item.cell = `${item.verdict === item.label ? "t" : "f"}${item.verdict === "phishing" ? "p" : "n"}`;
		if ((item.stage1 === item.label) !== (item.verdict === item.label)) item.change = item.verdict === item.label ? "fixed" : "broken";
		item.reasoning = this.options.hostile
			? hostileProse[item.n % hostileProse.length]
			: item.verdict === "phishing"
				? "The name imitates a log-in page and sits below a cheap top-level domain; see https://example.test/feed for the pattern."
				: "A plain shop name without brand words; nothing speaks for imitation.";
	}

	tick() {
		if (this.state !== "running") return;
		if (this.down === null || this.workersUp() > 0) for (let i = 0; i < this.options.perTick; i++) this.finishOne();
		if (this.left() === 0) this.setState("finished");
		this.beat = (this.beat ?? 0) + 1;
		this.send("run.progress", this.progress());
		if (this.beat % 5 === 0) {
			this.send("run.confusion", this.confusion());
			this.send("workers", { items: this.workers() });
		}
	}

	setState(to, person = null) {
		const from = this.state;
		this.state = to;
		this.finished = to === "finished" || to === "stopped" ? Date.now() : null;
		this.addEvent("run.state", { person, data: { from, to, cause: person === null ? "" : "requested" } });
		this.send("runs.changed", { id: runId, state: to, etag: `"${this.eventId}"` });
		this.send("run.progress", this.progress());
		this.send("run.confusion", this.confusion());
	}

	/** A worker goes away, or comes back. */
	setWorker(id, up) {
		this.down = up ? null : id;
		this.addEvent("worker.state", {
			run: null,
			worker: id,
			data: { from: up ? "down" : "ready", to: up ? "ready" : "down", cause: up ? "answers" : "refused", text: up ? "" : "connect to 127.0.0.1 port 8002: refused" },
		});
		this.send("workers", { items: this.workers() });
	}

	workersUp() {
		return this.down === null ? 3 : 2;
	}

	addEvent(kind, { run = runId, worker = null, person = null, data = {} } = {}) {
		const event = { id: ++this.eventId, at: this.time(), kind, run, worker, person, data };
		this.events.push(event);
		for (const stream of this.streams) stream.write(`id: ${event.id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`);
	}

	time(at = Date.now()) {
		return new Date(at).toISOString().replace(/\.\d+Z$/, "+00:00");
	}

	// ---- shapes --------------------------------------------------------------

	progress() {
		const done = this.items.slice(0, this.seq);
		const verdicts = done.filter((item) => item.verdict !== null).length;
		const by = {};
		for (const item of done) if (item.failure) by[item.failure] = (by[item.failure] ?? 0) + 1;
		const running = this.state === "running";
		const rate = running ? (this.options.perTick * 1000) / this.options.tick : null;
		const left = this.left();
		return {
			id: runId,
			state: this.state,
			version: this.seq,
			total: this.items.length,
			done: this.seq,
			verdicts,
			no_verdict: this.seq - verdicts,
			pending: left,
			in_flight: running ? Math.min(24, left) : 0,
			retried: Math.floor(this.seq / 50),
			by_failure: by,
			rate_1m: rate === null ? null : rate * (0.93 + this.next() / 8),
			rate_10m: rate,
			eta: rate === null || this.seq < 10 ? null : { lo_s: (left / rate) * 0.9, p50_s: left / rate, hi_s: (left / rate) * 1.12, at: this.time(Date.now() + (left / rate) * 1000) },
			stalled: false,
			shuffled: this.options.shuffled,
			elapsed_s: Math.round(((this.finished ?? Date.now()) - this.started) / 1000),
			workers: ["0", "1", "2"].map((id, i) => ({
				id,
				in_flight: running && this.down !== id ? 8 : 0,
				allowed: 8,
				done: Math.floor(this.seq * [0.37, 0.4, 0.23][i]),
				rate_1m: running && this.down !== id ? rate * [0.366, 0.407, 0.227][i] * (0.93 + this.next() / 8) : 0,
				state: this.down === id ? "down" : "ready",
			})),
			from_text: 0,
			duplicates: 0,
			store_blocked: null,
			at: new Date().toISOString(),
		};
	}

	run() {
		const live = { running: ["pause", "stop"], paused: ["resume", "stop"], stopped: ["start"], finished: ["retry_failed"], failed: ["start"] };
		return {
			id: runId,
			name: this.options.hostile ? hostileName : "demo: three workers, real domains",
			state: this.state,
			cause: "",
			sentence: "items are being evaluated",
			dataset: { sha256: createHash("sha256").update("demo").digest("hex"), name: this.options.hostile ? hostileName : "handoff.csv" },
			request: {
				dataset: createHash("sha256").update("demo").digest("hex"),
				name: "",
				selection: { kind: "all" },
				shuffle: this.options.shuffled,
				seed: this.options.shuffled ? 42 : null,
				evaluator: "chat",
				model: null,
				prompt: null,
				temperature: 0,
				top_p: 1,
				max_tokens: 1024,
				timeout_s: 60,
				attempts: 3,
				no_verdict: "exclude",
				language: "en",
				workers: null,
			},
			fingerprint: createHash("sha256").update("settings").digest("hex"),
			model: this.options.hostile ? hostileProse[0] : "qwen2.5-7b-instruct",
			policy: "exclude",
			created: this.time(this.started - 60_000),
			created_by: "admin",
			started: this.time(this.started),
			finished: this.finished === null ? null : this.time(this.finished),
			workers: this.options.workers,
			actions: live[this.state] ?? [],
			progress: this.progress(),
			etag: `"${this.eventId}"`,
		};
	}

	workers() {
		return ["0", "1", "2"].map((id, i) => {
			const down = this.down === id;
			return {
				id,
				kind: "external",
				url: `http://127.0.0.1:${8000 + i}`,
				desired: "up",
				state: down ? "down" : "ready",
				cause: down ? "refused" : "answers",
				sentence: down ? "connection refused" : "answers health probes",
				since: this.time(down ? Date.now() - 5000 : this.started),
				last_probe: this.time(),
				last_answer: this.time(Date.now() - (down ? 6000 : 400)),
				probe_ms: 3,
				failures: down ? 3 : 0,
				max_failures: 3,
				model: this.options.hostile ? hostileProse[0] : "qwen2.5-7b-instruct",
				models: ["qwen2.5-7b-instruct"],
				root: null,
				max_model_len: 4096,
				server_version: "0.32.0",
				in_flight: down ? 0 : 8,
				allowed: 8,
				done: Math.floor(this.seq * [0.37, 0.4, 0.23][i]),
				failed: 0,
				rate_1m: 3,
				paused: false,
				text: down ? (this.options.hostile ? hostileProse[3] : "connect to 127.0.0.1 port 8002: refused") : null,
			};
		});
	}

	matrix(stage, subset) {
		const counts = { tp: 0, fp: 0, fn: 0, tn: 0, none_phishing: 0, none_benign: 0, unlabelled: 0 };
		for (const item of this.items.slice(0, this.seq)) {
			const said = stage === "stage1" ? item.stage1 : item.verdict;
			if (said === null) counts[`none_${item.label}`]++;
			else counts[`${said === item.label ? "t" : "f"}${said === "phishing" ? "p" : "n"}`]++;
		}
		if (subset === "overall") for (const [cell, more] of Object.entries({ tp: 6120, tn: 8440, fp: 31, fn: 178 })) counts[cell] += more;
		const extra = subset === "overall" ? 14769 : 0;
		return {
			stage,
			subset,
			population: { name: subset === "handed" ? "handoff.csv" : "stage1.csv", n: this.items.length + extra, covered: this.seq + extra, hash: createHash("sha256").update(subset).digest("hex") },
			...counts,
			formula: "TP / (TP + FN)",
			metrics: metricsOf(counts),
		};
	}

	confusion(policy = "exclude") {
		const done = this.items.slice(0, this.seq);
		const fixed = done.filter((item) => item.change === "fixed").length;
		const broken = done.filter((item) => item.change === "broken").length;
		return {
			id: runId,
			version: this.seq,
			policy,
			partial: this.seq < this.items.length,
			representative: this.options.shuffled || this.seq === this.items.length,
			labels: "original",
			conflicts: 0,
			matrices: [this.matrix("stage1", "handed"), this.matrix("final", "handed"), this.matrix("stage1", "overall"), this.matrix("final", "overall")],
			fixed,
			broken,
			net: fixed - broken,
		};
	}

	// ---- HTTP ----------------------------------------------------------------

	async start(port = 0) {
		this.serverStart = new Date().toISOString();
		this.server = createServer((request, response) => this.answer(request, response).catch((reason) => response.destroy(reason)));
		await new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve));
		this.port = this.server.address().port;
		this.origin = `http://127.0.0.1:${this.port}`;
		this.link = `${this.origin}/login#token=${token}&next=/runs/${runId}`;
		this.timer = setInterval(() => this.tick(), this.options.tick);
		this.heart = setInterval(() => {
			for (const stream of this.streams) stream.write(": hb\n\n");
		}, 5000);
		return this;
	}

	async stop() {
		clearInterval(this.timer);
		clearInterval(this.heart);
		for (const stream of this.streams) stream.destroy();
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	send(event, data) {
		for (const stream of this.streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
	}

	json(response, status, body, headers = {}) {
		response.writeHead(status, { "Content-Type": status >= 400 ? "application/problem+json" : "application/json", "Cache-Control": "no-store", ...headers });
		response.end(body === null ? undefined : JSON.stringify(body));
	}

	problem(response, status, code, detail) {
		this.json(response, status, { type: `/problems/${code}`, code, title: code, status, detail, params: {} });
	}

	async answer(request, response) {
		const url = new URL(request.url, "http://127.0.0.1");
		this.requests.push(`${request.method} ${url.pathname}${url.search}`);
		response.setHeader("Content-Security-Policy", csp);
		response.setHeader("X-Content-Type-Options", "nosniff");
		response.setHeader("Referrer-Policy", "no-referrer");
		if (!url.pathname.startsWith("/api/v1/")) return this.page(url, response);
		const path = url.pathname.slice("/api/v1".length);
		if (path === "/meta") return this.json(response, 200, { name: "mekiki", version: "0.1.0", build: "stand-in", server_start: this.serverStart, instance: `lab:${this.port}`, time_zone: "+09:00" });
		if (path === "/session" && request.method === "POST") return this.signIn(request, response);
		if (!(request.headers.cookie ?? "").includes(session)) return this.problem(response, 401, "unauthorized", "sign in first");
		return this.api(request, response, path, url.searchParams);
	}

	async page(url, response) {
		let path = url.pathname;
		if (path === "/" || path === "/runs") path = "/runs.html";
		else if (path.startsWith("/runs/")) path = "/run.html";
		else if (path === "/login") path = "/login.html";
		try {
			const body = await readFile(fileOf(path));
			response.writeHead(200, { "Content-Type": types[extname(path)] ?? "application/octet-stream", "Cache-Control": "no-cache" });
			response.end(body);
		} catch {
			this.problem(response, 404, "not-found", path);
		}
	}

	async body(request) {
		let text = "";
		for await (const part of request) text += part;
		return JSON.parse(text);
	}

	async signIn(request, response) {
		const given = await this.body(request);
		if (given.token !== token) return this.problem(response, 401, "unauthorized", "this token is not known here");
		this.json(response, 204, null, { "Set-Cookie": `mekiki_standin=${session}; HttpOnly; SameSite=Strict; Path=/` });
	}

	async api(request, response, path, query) {
		if (path === "/session") return this.json(response, 204, null, { "Set-Cookie": "mekiki_standin=; Max-Age=0; Path=/" });
		if (path === "/me") return this.json(response, 200, { person: this.options.hostile ? hostileName : "tanaka", role: this.options.role, via: "session" });
		if (path === "/events") return this.stream(request, response, query);
		if (path === "/runs") return this.json(response, 200, { items: [{ ...this.run(), metrics: null }], next_cursor: null });
		if (path === "/datasets") return this.json(response, 200, { items: [], next_cursor: null });
		if (path === "/workers") return this.json(response, 200, { items: this.workers() });
		const rest = path.startsWith(`/runs/${runId}`) ? path.slice(`/runs/${runId}`.length) : null;
		if (rest === null) return this.problem(response, 404, "not-found", path);
		if (rest === "") return this.json(response, 200, this.run());
		if (rest === "/progress") return this.json(response, 200, this.progress());
		if (rest === "/confusion") return this.json(response, 200, this.confusion(query.get("policy") ?? "exclude"));
		if (rest === "/events") return this.json(response, 200, { items: this.events.filter((event) => event.run === runId || event.worker !== null).slice(-500), next_cursor: null });
		if (rest === "/items") return this.window(response, query);
		if (rest === "/actions") return this.act(request, response);
		if (rest.startsWith("/export.")) return this.export(response, rest);
		return this.problem(response, 404, "not-found", path);
	}

	window(response, query) {
		const limit = Number(query.get("limit") ?? 100);
		const items = this.items.slice(0, this.seq).reverse().slice(0, limit);
		this.json(response, 200, { view: `v${this.seq}`, version: this.seq, total: this.seq, offset: 0, items });
	}

	async act(request, response) {
		const { action } = await this.body(request);
		const run = this.run();
		if (!run.actions.includes(action)) return this.problem(response, 409, "conflict", `a ${this.state} run cannot ${action}`);
		const to = { pause: "paused", resume: "running", stop: "stopped", start: "running", retry_failed: "running" }[action];
		this.setState(to, "tanaka");
		this.json(response, 202, this.run());
	}

	export(response, rest) {
		const csv = rest.startsWith("/export.csv");
		response.writeHead(200, {
			"Content-Type": csv ? "text/csv; charset=utf-8" : "application/jsonl",
			"Content-Disposition": `attachment; filename="${runId}-v${this.seq}.${csv ? "csv" : "jsonl"}"`,
		});
		if (csv) response.write("domain,ai_is_phishing\r\n");
		for (const item of this.items.slice(0, this.seq)) response.write(csv ? `"${item.key.replaceAll('"', '""')}",${item.verdict === "phishing"}\r\n` : `${JSON.stringify(item)}\n`);
		response.end();
	}

	stream(request, response, query) {
		this.streamsOpened++;
		response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
		response.write(`retry: 2000\n\nevent: hello\ndata: ${JSON.stringify({ server_start: this.serverStart, build: "stand-in", seq: this.seq })}\n\n`);
		const after = Number(request.headers["last-event-id"] ?? query.get("after") ?? this.eventId);
		for (const event of this.events.filter((each) => each.id > after)) response.write(`id: ${event.id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`);
		this.streams.add(response);
		response.on("close", () => this.streams.delete(response));
		const topics = (query.get("topics") ?? "").split(",");
		if (topics.includes(`run:${runId}`)) {
			response.write(`event: run.progress\ndata: ${JSON.stringify(this.progress())}\n\n`);
			response.write(`event: run.confusion\ndata: ${JSON.stringify(this.confusion())}\n\n`);
		}
		if (topics.includes("workers")) response.write(`event: workers\ndata: ${JSON.stringify({ items: this.workers() })}\n\n`);
	}
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const stand = await new StandIn({ done: 1500, total: 2500, perTick: 1, tick: 300 }).start(Number(process.argv[2] ?? 0));
	console.log(stand.link);
}
