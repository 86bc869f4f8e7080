// Workers that mekiki starts itself: vllm-sim behind a few lines of shell that stand for vLLM's manners.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { atEnd, SIM, until } from "./mekiki.mjs";

/** A port that was free a moment ago. */
export const freePort = () =>
	new Promise((done, fail) => {
		const server = net.createServer();
		server.on("error", fail);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => done(port));
		});
	});

/** Restarts within tenths of a second. */
export const RECOVERY = `recovery: {delay: [0.1, 0.1, 0.2], wait: 0.3, restarts: 3, window: 60, forgive: 30}
`;

/** A worker's line of YAML. `before`: shell that runs first; `sim`: options of vllm-sim. */
export function localWorker(id, port, { before = "", sim = "", more = "", model = "sim-judge" } = {}) {
	const script = `${before} exec ${SIM} --port {port} --model {model} --model {nonce} ${sim}`;
	// a simulator that exits in the middle of its work leaks what it held: no finding, and no other exit status
	return `{id: ${id}, type: local, port: ${port}, model: ${model}, env: ["ASAN_OPTIONS=detect_leaks=0"], command: [/bin/bash, -c, ${JSON.stringify(script)}]${more && `, ${more}`}}`;
}

export const workerOf = (server, id) => server.get(`/workers/${id}`);

export const waitForWorker = (server, id, states, what = () => true, limit = undefined) =>
	until(
		`worker ${id} to be ${states}`,
		async () => {
			const worker = await workerOf(server, id);
			return [states].flat().includes(worker.state) && what(worker) && worker;
		},
		limit,
		20,
	);

export async function doTo(server, id, action, status = 202) {
	const answer = await server.call("POST", `/workers/${id}/actions`, { action });
	assert.equal(answer.status, status, `${action}: ${answer.status} ${answer.text()}`);
	return answer.json();
}

/** Every transition of a worker as "from>to", in order. */
export async function transitionsOf(server, id) {
	const { items } = await server.get("/events/log?limit=500");
	return items.filter((one) => one.kind === "worker.state" && one.worker === id && one.data.from !== one.data.to);
}

const read = (file) => {
	try {
		return fs.readFileSync(file, "latin1");
	} catch {
		return "";
	}
};

/** Living processes whose environment holds a nonce of this worker: [{ pid, command }]. */
export function processesOf(server, id) {
	const mark = `MEKIKI_NONCE=mekiki-${id}-`;
	const log = `${server.dataDir}/`;
	return fs
		.readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.filter((pid) => {
			if (!read(`/proc/${pid}/environ`).split("\0").some((one) => one.startsWith(mark))) return false;
			if (/^State:\s+[ZX]/m.test(read(`/proc/${pid}/status`))) return false;
			return readLink(`/proc/${pid}/fd/1`).startsWith(log);
		})
		.map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " ") }));
}

function readLink(file) {
	try {
		return fs.readlinkSync(file);
	} catch {
		return "";
	}
}

/** What writes to the worker's log and serves: the root of the tree. */
export const rootOf = (server, id) => processesOf(server, id).find((one) => one.command.includes("--port"))?.pid;

/** Whatever a failed test leaves behind is ended. */
export function endLeftovers(server, ids) {
	atEnd(() => {
		for (const id of ids) for (const { pid } of processesOf(server, id)) process.kill(pid, "SIGKILL");
	});
}
