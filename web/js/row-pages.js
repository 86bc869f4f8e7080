// Pages of a frozen view, loaded as they come into sight and kept for a while.
//
// While a page is on its way the reader may scroll past thousands: only what is
// in sight when an answer comes is asked for next, so the server never works
// through a queue of pages that nobody looks at any more.

export const pageSize = 200;
const kept = 30;

/**
 * @template T
 * @typedef {{total: number, items: T[]}} Answer
 */

/** @template T */
export class RowPages {
	/**
	 * @param {(offset: number, limit: number) => Promise<Answer<T>>} load
	 * @param {(total: number) => void} changed something was loaded
	 * @param {(reason: unknown) => void} failed
	 */
	constructor(load, changed, failed) {
		this.load = load;
		this.changed = changed;
		this.failed = failed;
		/** @type {Map<number, T[]>} in the order of use */
		this.pages = new Map();
		/** @type {Set<number>} */
		this.loading = new Set();
		/** @type {[number, number]} pages in sight */
		this.wanted = [0, 0];
		this.stopped = false;
	}

	/** The row, or undefined while it is not there. @param {number} offset */
	row(offset) {
		return this.pages.get(Math.floor(offset / pageSize))?.[offset % pageSize];
	}

	/** Says which rows are in sight. @param {number} first @param {number} end one after the last */
	see(first, end) {
		this.wanted = [Math.floor(first / pageSize), Math.floor(Math.max(first, end - 1) / pageSize)];
		this.next();
	}

	next() {
		for (let page = this.wanted[0]; page <= this.wanted[1]; page++) {
			if (this.pages.has(page)) this.use(page, /** @type {T[]} */ (this.pages.get(page)));
			else if (this.loading.size < 2 && !this.loading.has(page)) this.fetch(page);
		}
	}

	/** @param {number} page @param {T[]} rows */
	use(page, rows) {
		this.pages.delete(page);
		this.pages.set(page, rows);
		for (const oldest of this.pages.keys()) {
			if (this.pages.size <= kept) break;
			this.pages.delete(oldest);
		}
	}

	/** @param {number} page */
	async fetch(page) {
		this.loading.add(page);
		try {
			const { total, items } = await this.load(page * pageSize, pageSize);
			this.loading.delete(page);
			if (this.stopped) return;
			this.use(page, items);
			this.changed(total);
			this.next();
		} catch (reason) {
			this.loading.delete(page);
			if (!this.stopped) this.failed(reason);
		}
	}

	/** Answers that are still on their way are of no use any more. */
	stop() {
		this.stopped = true;
	}
}
