// A view and its address, the room for rows, and pages that come late: without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cleared, has, only, queryOf, readView, searchOf, sortedBy, toggled } from "../../web/js/results-address.js";
import { RowPages } from "../../web/js/row-pages.js";
import { inSight, mostRoom, roomFor, rowHeight, scrollFor, topAt, topToShow } from "../../web/js/scroll-map.js";

test("an address comes back as it was, what is usual left out, what is unknown kept", () => {
	for (const search of ["", "?cell=fn", "?cell=fn&source=a+b&q=evil.example&sort=-ml&at=12&row=7", "?policy=benign&version=61", "?cell=tp&of=final-overall-tp&theirs=1&theirs=2", "?source=&col.note=x%26y"])
		assert.equal(searchOf(readView(search)), search);
	assert.equal(searchOf(readView("?sort=n&policy=&at=0&version=v9")), "?version=9");
});

test("nonsense in an address is no view", () => {
	const view = readView("?row=-1&at=1e3&version=x&cell=&sort=");
	assert.deepEqual([view.row, view.at, view.version, view.filters, view.sort], [null, null, null, [], "n"]);
});

test("filters are written in one order, however they were chosen", () => {
	const one = toggled(toggled(readView(""), "source", "x"), "cell", "fn");
	const other = toggled(toggled(readView(""), "cell", "fn"), "source", "x");
	assert.equal(searchOf(one), searchOf(other));
});

test("a value is chosen and let go; another question begins at its beginning", () => {
	const view = readView("?cell=fn&at=90&row=4&of=final-overall-fn");
	const both = toggled(view, "cell", "fp");
	assert.ok(has(both, "cell", "fp") && has(both, "cell", "fn"));
	assert.equal(searchOf(both), "?cell=fn&cell=fp");
	assert.equal(searchOf(toggled(both, "cell", "fn")), "?cell=fp");
	assert.equal(searchOf(only(both, "q", "evil")), "?cell=fn&cell=fp&q=evil");
	assert.equal(searchOf(only(readView("?q=a"), "q", "")), "");
	assert.equal(searchOf(cleared(readView("?cell=fn&sort=-ml"))), "?sort=-ml");
});

test("what the API is asked holds no place of the reader", () => {
	assert.equal(queryOf(readView("?cell=fn&at=3&row=9&of=x&theirs=1"), 61).toString(), "cell=fn&version=61");
	assert.equal(queryOf(readView("?cell=fn"), 0).toString(), "cell=fn");
});

test("a column is sorted up, down, and as usual", () => {
	const up = sortedBy(readView(""), "ml");
	assert.deepEqual([up.sort, sortedBy(up, "ml").sort, sortedBy(sortedBy(up, "ml"), "ml").sort], ["ml", "-ml", "n"]);
	assert.equal(sortedBy(readView(""), "n").sort, "-n");
	assert.equal(sortedBy(readView("?sort=-n"), "n").sort, "n");
});

test("few rows have the room they need", () => {
	assert.equal(roomFor(1000), 1000 * rowHeight);
	assert.equal(topAt(500, 1000, 700), 500);
	assert.equal(scrollFor(500, 1000, 700), 500);
	assert.equal(topAt(0, 3, 700), 0);
	assert.deepEqual(inSight(0, 3, 700), { first: 0, end: 3 });
});

test("a million rows fit below the limit of browsers, and both ends are reached", () => {
	const total = 1_000_000;
	const height = 700;
	assert.equal(roomFor(total), mostRoom);
	assert.equal(topAt(0, total, height), 0);
	const bottom = topAt(mostRoom - height, total, height);
	assert.equal(bottom, total * rowHeight - height);
	assert.equal(inSight(bottom, total, height).end, total);
	for (const top of [0, 12_345, 14_000_000, bottom]) assert.ok(Math.abs(topAt(scrollFor(top, total, height), total, height) - top) < 1e-6);
});

test("a row is brought into sight by moving as little as possible", () => {
	assert.equal(topToShow(10, 0, 700), 0);
	assert.equal(topToShow(10, 400, 700), 280);
	assert.equal(topToShow(25, 0, 700), 28);
});

/** A server whose answers come when the test says. */
function lateServer(total) {
	const asked = [];
	const pages = new RowPages((offset, limit) => new Promise((answer, refuse) => asked.push({ offset, refuse, answer: () => answer({ total, items: Array.from({ length: Math.min(limit, total - offset) }, (_, i) => offset + i) }) })), () => {}, (reason) => asked.push({ reason }));
	return { asked, pages };
}
const settle = () => new Promise((done) => setImmediate(done));

test("pages that were scrolled past are never asked for", async () => {
	const { asked, pages } = lateServer(1_000_000);
	for (let first = 0; first < 900_000; first += 10_000) pages.see(first, first + 30);
	assert.ok(asked.length <= 2);
	const before = asked.length;
	for (const each of [...asked]) each.answer();
	await settle();
	assert.equal(asked.length, before + 1);
	assert.equal(asked.at(-1).offset, 890_000);
	asked.at(-1).answer();
	await settle();
	assert.equal(pages.row(890_007), 890_007);
	assert.equal(asked.length, before + 1);
});

test("rows on two pages need both", async () => {
	const { asked, pages } = lateServer(1000);
	pages.see(190, 220);
	assert.deepEqual(asked.map(({ offset }) => offset), [0, 200]);
	for (const each of asked) each.answer();
	await settle();
	assert.deepEqual([pages.row(190), pages.row(219)], [190, 219]);
});

test("what is kept is bounded", async () => {
	const { asked, pages } = lateServer(100_000);
	for (let first = 0; first < 20_000; first += 200) {
		pages.see(first, first + 30);
		asked.at(-1).answer();
		await settle();
	}
	assert.equal(pages.row(0), undefined);
	assert.equal(pages.row(19_900), 19_900);
	assert.ok(pages.pages.size <= 30);
});

test("an answer to an older question is of no use", async () => {
	const { asked, pages } = lateServer(1000);
	pages.see(0, 30);
	pages.stop();
	asked[0].answer();
	await settle();
	assert.equal(pages.row(0), undefined);
});

test("a refusal is told, and the next look asks again", async () => {
	const { asked, pages } = lateServer(1000);
	pages.see(0, 30);
	asked[0].refuse("no");
	await settle();
	assert.equal(asked[1].reason, "no");
	pages.see(0, 30);
	assert.equal(asked.length, 3);
});
