// Builds the demo's data: node tests/demo/data.mjs OUT
//
// Real domains from two npm packages (exact pins in package-lock.json; nothing of
// them is committed): a fixed sample of 4,000, the population, of which about
// 2,500, those in a middle band of the stage-1 score, are handed off to the model.
//   OUT/population.csv   every row with its stage-1 decision
//   OUT/handoff.csv      the rows with handoff_to_agent, the input of the run
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { score } from "./score.mjs";

const PHISHING = 2400; // of 13,752 in the list
const BENIGN = 1600; // of about 1,630 in both lists
const BAND = [0.16, 0.75]; // handed off when the score lies in it, ends included
const COLUMNS = ["domain", "source", "ml_probability", "stage1_decision", "stage1_pred", "y_true", "tld"];

const load = createRequire(import.meta.url);
const json = (path) => JSON.parse(readFileSync(load.resolve(path), "utf8"));
const version = (name) => json(`${name}/package.json`).version;

/** Lower case, no trailing dot; undefined for what is no domain name. */
function clean(name) {
	const domain = name.toLowerCase().replace(/\.$/, "");
	return domain.length <= 253 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(domain) ? domain : undefined;
}

/** The same order on every machine, and none that means anything. */
const shuffleKey = (domain) => createHash("sha256").update(`mekiki demo ${domain}`).digest("hex");
const byKey = (a, b) => (a.key < b.key ? -1 : 1);

/** Up to `most` rows of the names, each domain once, none that the other side has too. */
function sample(names, source, label, other, seen, most) {
	const rows = [];
	for (const name of names) {
		const domain = clean(name);
		if (!domain || seen.has(domain) || other.has(domain)) continue;
		seen.add(domain);
		rows.push({ domain, source, label, key: shuffleKey(domain) });
	}
	return rows.sort(byKey).slice(0, most);
}

function decide(row) {
	const ml = score(row.domain);
	const decision = ml < BAND[0] ? "auto_benign" : ml > BAND[1] ? "auto_phishing" : "handoff_to_agent";
	const tld = row.domain.slice(row.domain.lastIndexOf(".") + 1);
	return [row.domain, row.source, ml.toFixed(6), decision, ml >= 0.5 ? 1 : 0, row.label, tld];
}

/** No cell holds a comma, a quote or a line break: clean() lets none through. */
const csv = (rows) => `${[COLUMNS, ...rows].map((row) => row.join(",")).join("\n")}\n`;

/** Row and column counts of stage 1 on these rows. */
function matrix(rows) {
	const cell = { tp: 0, fp: 0, fn: 0, tn: 0 };
	for (const [, , , , predicted, label] of rows) cell[predicted ? (label ? "tp" : "fp") : label ? "fn" : "tn"]++;
	return `TP ${cell.tp} FP ${cell.fp} FN ${cell.fn} TN ${cell.tn}`;
}

const out = process.argv[2] ?? "build/demo";
const lists = json("eth-phishing-detect/src/config.json");
const popular = json("top-sites/top-sites.json").map((site) => site.rootDomain);
const blocked = new Set(lists.blacklist);
const allowed = new Set([...lists.whitelist, ...popular]);
const seen = new Set();
const rows = [
	...sample(lists.blacklist, "eth-phishing-detect", 1, allowed, seen, PHISHING),
	...sample(popular, "top-sites", 0, blocked, seen, BENIGN),
	...sample(lists.whitelist, "eth-phishing-detect-allowed", 0, blocked, seen, BENIGN - popular.length),
]
	.sort(byKey)
	.map(decide);
const handed = rows.filter((row) => row[3] === "handoff_to_agent");

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "population.csv"), csv(rows));
writeFileSync(join(out, "handoff.csv"), csv(handed));

console.log(`demo data: ${rows.length} real domains, ${handed.length} of them handed off to the model
  sources   eth-phishing-detect ${version("eth-phishing-detect")} (DBAD 1.1), top-sites ${version("top-sites")} (MIT); not part of mekiki
  stage 1   a small lexical score (tests/demo/score.mjs), no detector: its figures say nothing about any product
              population ${matrix(rows)}
              handed off ${matrix(handed)}
  caveats   the phishing side is about crypto-currency, the benign side is popular sites: easier than life.
            Some of these domains were malicious: do not open them.`);
