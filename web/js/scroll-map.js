// Where rows are when there are more than a browser can make room for: pure.
//
// Browsers refuse elements above some 18 to 33 million pixels. The room for the
// rows is therefore capped, and beyond the cap a pixel of the scrollbar stands
// for several pixels of rows. `top` is always in pixels of rows.

export const rowHeight = 28;
export const mostRoom = 8_000_000;

/** The height of the room that the scrollbar sees. @param {number} total rows */
export const roomFor = (total) => Math.min(total * rowHeight, mostRoom);

/** Pixels of rows per pixel of the scrollbar. @param {number} total @param {number} height of what is visible */
function scale(total, height) {
	const room = roomFor(total) - height;
	return room <= 0 ? 1 : Math.max(1, (total * rowHeight - height) / room);
}

/** @param {number} scrollTop @param {number} total @param {number} height */
export function topAt(scrollTop, total, height) {
	const most = Math.max(0, total * rowHeight - height);
	return Math.min(Math.max(0, scrollTop * scale(total, height)), most);
}

/** @param {number} top @param {number} total @param {number} height */
export const scrollFor = (top, total, height) => top / scale(total, height);

/**
 * The rows to draw: those in sight and a few around them.
 * @param {number} top @param {number} total @param {number} height
 * @param {number} [more] rows before and after
 * @returns {{first: number, end: number}} end: one after the last
 */
export function inSight(top, total, height, more = 4) {
	const first = Math.max(0, Math.floor(top / rowHeight) - more);
	return { first, end: Math.min(total, Math.ceil((top + height) / rowHeight) + more) };
}

/** Where `top` has to be for a row to be seen whole, moving as little as possible. @param {number} row @param {number} top @param {number} height */
export function topToShow(row, top, height) {
	const above = row * rowHeight;
	if (above < top) return above;
	return above + rowHeight > top + height ? above + rowHeight - height : top;
}
