// The stream that all tabs share: one connection, the right messages, the truth about its freshness.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stream, staleAfter } from "../../web/js/stream.js";

/** An EventSource that does what the test says. */
class FakeSource extends EventTarget {
	constructor(url) {
		super();
		this.url = url;
		this.readyState = 0;
	}
	close() {
		this.readyState = 2;
		this.closed = true;
	}
	hear(event, data, id = "") {
		this.readyState = 1;
		const message = new Event(event);
		Object.assign(message, { data: JSON.stringify(data), lastEventId: id });
		this.dispatchEvent(message);
	}
	open() {
		this.readyState = 1;
		this.onopen();
	}
	fail(readyState) {
		this.readyState = readyState;
		this.onerror();
	}
}

function setUp({ status = 200 } = {}) {
	const world = { at: 1000, status, sources: [], probes: 0 };
	world.stream = new Stream({
		open: (url) => {
			const source = new FakeSource(url);
			world.sources.push(source);
			return source;
		},
		now: () => world.at,
		probe: async () => {
			world.probes++;
			return world.status;
		},
	});
	world.source = () => world.sources.at(-1);
	return world;
}

function listener() {
	const heard = [];
	const listen = (message) => heard.push(message);
	listen.heard = heard;
	listen.of = (type) => heard.filter((message) => message.type === type);
	listen.health = () => listen.of("health").at(-1).health;
	return listen;
}

/** Stops the stream's timer, so that the test ends. */
function end({ stream }, ...listeners) {
	for (const each of listeners) stream.leave(each);
}

test("tabs with the same topics share one connection", () => {
	const world = setUp();
	const [a, b] = [listener(), listener()];
	world.stream.listen(a, ["run:r-0001", "workers"]);
	world.stream.listen(b, ["workers", "run:r-0001"]);
	assert.equal(world.sources.length, 1);
	assert.equal(decodeURIComponent(world.source().url), "/api/v1/events?topics=run:r-0001,workers");
	end(world, a, b);
	assert.ok(world.source().closed);
});

test("another topic opens the stream anew, after the last event", () => {
	const world = setUp();
	const [a, b] = [listener(), listener()];
	world.stream.listen(a, ["workers"]);
	world.source().hear("event", { id: 7 }, "7");
	world.stream.listen(b, ["run:r-0002"]);
	assert.equal(world.sources.length, 2);
	assert.ok(world.sources[0].closed);
	assert.match(decodeURIComponent(world.source().url), /topics=run:r-0002,workers&after=7$/);
	end(world, a, b);
});

test("a tab that comes later gets the last snapshots of its topics at once, and no others", () => {
	const world = setUp();
	const [a, b] = [listener(), listener()];
	world.stream.listen(a, ["run:r-0001", "run:r-0002", "workers"]);
	world.source().hear("run.progress", { id: "r-0001", done: 1 });
	world.source().hear("run.progress", { id: "r-0001", done: 2 });
	world.source().hear("run.progress", { id: "r-0002", done: 9 });
	world.source().hear("workers", { items: [] });
	world.stream.listen(b, ["run:r-0001"]);
	assert.deepEqual(b.of("snapshot").map(({ data }) => data), [{ id: "r-0001", done: 2 }]);
	end(world, a, b);
});

test("a snapshot goes to those who asked for its run", () => {
	const world = setUp();
	const [a, b] = [listener(), listener()];
	world.stream.listen(a, ["run:r-0001"]);
	world.stream.listen(b, ["run:r-0002"]);
	world.source().hear("run.confusion", { id: "r-0002" });
	assert.equal(a.of("snapshot").length, 0);
	assert.equal(b.of("snapshot").length, 1);
	end(world, a, b);
});

test("a silence is no harm while the server answers", async () => {
	const world = setUp();
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().open();
	world.at += staleAfter + 1000;
	await world.stream.look();
	assert.equal(world.probes, 1);
	assert.equal(a.health(), "live");
	end(world, a);
});

test("a silence is stale when the server does not answer", async () => {
	const world = setUp({ status: 0 });
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().open();
	world.at += staleAfter + 1000;
	await world.stream.look();
	assert.equal(a.health(), "stale");
	end(world, a);
});

test("a stream that stays silent is opened anew: it may have died on the way", async () => {
	const world = setUp();
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().open();
	world.at += 60_000;
	await world.stream.look();
	assert.equal(world.sources.length, 2);
	end(world, a);
});

test("while the browser reconnects by itself, the stream is left alone", () => {
	const world = setUp();
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().open();
	world.source().fail(0);
	assert.equal(a.health(), "disconnected");
	assert.equal(world.sources.length, 1);
	assert.equal(world.stream.reopening, undefined);
	world.source().hear("hello", { server_start: "a", build: "1", seq: 1 });
	assert.equal(a.health(), "live");
	end(world, a);
});

test("a stream that the server refuses is opened again after asking who we are", async () => {
	const world = setUp();
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().fail(2);
	assert.notEqual(world.stream.reopening, undefined);
	clearTimeout(world.stream.reopening);
	await world.stream.reopen();
	assert.equal(world.sources.length, 2);
	end(world, a);
});

test("without a session the tabs are told, and nothing is tried again", async () => {
	const world = setUp({ status: 401 });
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().fail(2);
	clearTimeout(world.stream.reopening);
	await world.stream.reopen();
	assert.equal(a.health(), "signed-out");
	assert.equal(world.sources.length, 1);
	end(world, a);
});

test("a server that started anew makes the tabs load again; the first hello does not", () => {
	const world = setUp();
	const a = listener();
	world.stream.listen(a, ["workers"]);
	world.source().hear("hello", { server_start: "a", build: "1", seq: 1 });
	world.source().hear("hello", { server_start: "a", build: "1", seq: 4 });
	assert.equal(a.of("resync").length, 0);
	world.source().hear("hello", { server_start: "b", build: "1", seq: 1 });
	assert.equal(a.of("resync").length, 1);
	end(world, a);
});

test("a late error of a stream that was replaced says nothing about the new one", () => {
	const world = setUp();
	const [a, b] = [listener(), listener()];
	world.stream.listen(a, ["workers"]);
	const old = world.source();
	world.stream.listen(b, ["runs"]);
	world.source().open();
	old.fail(2);
	assert.equal(a.health(), "live");
	end(world, a, b);
});
