// The demo's stage 1: a lexical score of a domain name, 0 (benign) to 1 (phishing).
//
// It is no detector. It looks at the letters of the name only, its weights were
// chosen by hand for the demo's own lists, and it exists so that the demo has an
// ML column with an honest spread: right more often than wrong, wrong often
// enough that a second opinion is worth asking for.
//
// Pure: the same name, the same score.

const lures =
	/login|signin|verif|secur|account|update|wallet|bonus|claim|airdrop|support|confirm|recover|unlock|gift|reward|giveaway|promo|event|connect|free|swap|mint|nft|token/g;
const brands =
	/binance|coinbase|metamask|ledger|trezor|uniswap|opensea|etherwallet|ethereum|blockchain|bitcoin|bitfinex|kraken|kucoin|huobi|poloniex|paypal|elon|musk|tesla/g;
const cheap =
	/\.(xyz|top|live|online|site|club|icu|click|link|cc|tk|ml|ga|cf|gq|fun|website|space|info|pw|buzz|vip|tech|ru|us|network)$/;
const settled = /\.(com|org|net|edu|gov|[a-z]{2})$/;

const count = (text, pattern) => (text.match(pattern) ?? []).length;

/** @param {string} domain lower case, A-label @returns {number} rounded to six digits */
export function score(domain) {
	const name = domain.slice(0, domain.lastIndexOf("."));
	const bare = name.replace(/^www\./, "");
	let odds = -0.9; // log-odds of a plain name of ten letters
	odds += 0.13 * (Math.min(bare.length, 40) - 10);
	odds += 0.7 * Math.min(3, count(bare, /-/g));
	odds += 0.45 * Math.min(3, count(bare, /\d/g));
	odds += 0.3 * Math.min(3, count(bare, /\./g));
	odds += 1.1 * Math.min(2, count(bare, lures));
	odds += 1.2 * Math.min(2, count(bare, brands));
	odds += bare.includes("xn--") ? 1.6 : 0;
	odds += /[bcdfghjklmnpqrstvwxz]{5}/.test(bare) ? 0.6 : 0; // hard to pronounce
	odds += cheap.test(domain) ? 1.3 : settled.test(domain) ? -0.3 : 0.4;
	return Math.round(1e6 / (1 + Math.exp(-odds))) / 1e6;
}
