// The API's shapes as the page sees them; server/api/README.md is their source.
//
// `Hostile` marks text that a stranger chose: domains, model output, file names,
// what an endpoint says about itself. It is not a `string` for the type checker,
// so that it cannot be glued into a sentence, a title or a URL by accident: it
// leaves through untrusted.js only. tests/browser/hostile-lint.mjs reads the
// names of the fields marked so from this file.

declare const hostile: unique symbol;
export type Hostile = { readonly [hostile]: true };
/** The same, in fields whose names the lint could not tell from harmless ones ("value"). */
export type Outside = Hostile;

export type Time = string;
export type RunState = "draft" | "queued" | "running" | "paused" | "waiting" | "finished" | "stopped" | "failed";
export type Policy = "exclude" | "stage1" | "benign";
export type Action = "start" | "pause" | "resume" | "stop" | "retry_failed" | "add_workers" | "remove_workers";

export type WorkerAction =
	| "start"
	| "stop"
	| "restart"
	| "drain"
	| "pause"
	| "resume"
	| "give_back"
	| "retry"
	| "forget";

export interface Meta {
	name: string;
	version: string;
	build: string;
	server_start: Time;
	instance: string;
	time_zone: string;
}

export interface Me {
	person: Hostile;
	role: "admin" | "viewer";
	via: string;
}

export interface Rate {
	k: number;
	n: number;
	est: number | null;
	lo: number | null;
	hi: number | null;
	method: string;
}

export interface Eta {
	lo_s: number;
	p50_s: number;
	hi_s: number;
	at: Time | null;
}

export interface WorkerShare {
	id: string;
	in_flight: number;
	allowed: number;
	done: number;
	rate_1m: number | null;
	state: string;
}

export interface Progress {
	id: string;
	state: RunState;
	version: number;
	total: number;
	done: number;
	verdicts: number;
	no_verdict: number;
	pending: number;
	in_flight: number;
	retried: number;
	by_failure: Record<string, number>;
	rate_1m: number | null;
	rate_10m: number | null;
	eta: Eta | null;
	stalled: boolean;
	shuffled: boolean;
	elapsed_s: number;
	workers: WorkerShare[];
	from_text: number;
	duplicates: number;
	store_blocked: Hostile | null;
	at: Time;
}

export interface RunRequest {
	dataset: string;
	name: Hostile;
	selection: Selection;
	shuffle: boolean;
	seed: number | null;
	evaluator: string;
	model: Hostile | null;
	prompt: { system: Hostile; user: Hostile } | null;
	temperature: number;
	top_p: number;
	max_tokens: number;
	timeout_s: number;
	attempts: number;
	no_verdict: Policy;
	language: string;
	workers: string[] | null;
}

export type SelectionKind = "all" | "first" | "random" | "filter" | "list" | "run" | "errors";
export interface Selection {
	kind: SelectionKind;
	n?: number;
	seed?: number;
	sampling?: "mekiki" | "pandas";
	filter?: string;
	keys?: string[];
	run?: string;
	kinds?: string[];
}

/** What a request that leaves everything out means. */
export interface Defaults {
	request: Omit<RunRequest, "dataset" | "prompt">;
	prompts: Record<string, { system: Hostile; user: Hostile }>;
	evaluators: string[];
	upload_bytes: number;
}

export interface LabelCounts {
	phishing: number;
	benign: number;
	unknown: number;
	conflict: number;
}

export interface Dataset {
	sha256: string;
	name: Hostile;
	state: "importing" | "ready" | "failed";
	problem: Outside | null;
	bytes: number;
	kind: "csv" | "list";
	columns: Outside[];
	meanings: Record<string, string>;
	renamed: string[];
	rows: number;
	bad_rows: number;
	items: number;
	progress: number | null;
	labels: LabelCounts;
	duplicates: { rows: number; case: number };
	idn: number;
	invalid_idna: number;
	sources: { value: Outside; count: number }[];
	population: string | null;
	population_tie: { items: number; matched: number; missing: number } | null;
	created: Time;
	created_by: Hostile;
}

export interface DatasetProblem {
	record: number;
	line: number;
	reason: Hostile;
	excerpt: Hostile;
}

export interface DatasetRows {
	total: number;
	columns: Outside[];
	items: { row: number; line: number; cells: (Outside | null)[] }[];
}

export interface KeyCheck {
	given: number;
	items: number;
	repeated: number;
	refused: number;
	examples: { text: Hostile; reason: Hostile }[];
}

export interface Warning {
	code: string;
	text: Hostile;
	params: Record<string, unknown>;
}

export interface Plan {
	plan_etag: string;
	dataset: Dataset;
	counts: { rows: number; items: number; selected: number; labels: LabelCounts };
	workers: Worker[];
	estimate: { items_per_s: number; lo_s: number; hi_s: number; basis: string } | null;
	warnings: Warning[];
	request: RunRequest;
}

export interface Tried {
	key: Hostile;
	prompt: Outside | null;
	raw: Hostile | null;
	failure: string | null;
	detail: Hostile | null;
	verdict: {
		is_phishing: boolean;
		confidence: number | null;
		risk: string | null;
		decision_source: string;
		reasoning: Hostile | null;
	} | null;
	prompt_tokens: number | null;
	completion_tokens: number | null;
	elapsed_ms: number;
	worker: string;
}

export interface Run {
	id: string;
	name: Hostile;
	state: RunState;
	cause: Hostile;
	sentence: Hostile;
	dataset: { sha256: string; name: Hostile };
	request: RunRequest;
	fingerprint: string;
	model: Hostile | null;
	policy: Policy;
	created: Time;
	created_by: Hostile;
	started: Time | null;
	finished: Time | null;
	/** null: all that there are. */
	workers: string[] | null;
	actions: Action[];
	progress: Progress;
	etag: string;
}

/** A run in the list, with the figures of its final matrix of the items handed over. */
export interface ListedRun extends Run {
	metrics: { policy: Policy; partial: boolean; representative: boolean; recall: Rate; precision: Rate } | null;
}

export interface Metrics {
	precision: Rate;
	recall: Rate;
	fpr: Rate;
	fnr: Rate;
	accuracy: Rate;
	f1: number | null;
	mcc: number | null;
}

export interface Matrix {
	stage: "stage1" | "final";
	subset: "handed" | "overall";
	population: { name: Hostile; n: number; covered: number; hash: string };
	tp: number;
	fp: number;
	fn: number;
	tn: number;
	none_phishing: number;
	none_benign: number;
	pending: number;
	unlabelled: number;
	conflicts: number;
	formula: Hostile;
	metrics: Metrics;
}

export interface Confusion {
	id: string;
	version: number;
	policy: Policy;
	partial: boolean;
	representative: boolean;
	labels: string;
	conflicts: number;
	matrices: Matrix[];
	fixed: number;
	broken: number;
	net: number;
}

export interface Worker {
	id: string;
	kind: string;
	/** From the configuration: the person's own. */
	url: string;
	desired: "up" | "down";
	state: string;
	cause: string;
	sentence: Hostile;
	since: Time | null;
	last_probe: Time | null;
	last_answer: Time | null;
	probe_ms: number | null;
	failures: number;
	max_failures: number;
	model: Hostile | null;
	models: Hostile[];
	root: Hostile | null;
	max_model_len: number | null;
	server_version: Hostile | null;
	in_flight: number;
	allowed: number;
	done: number;
	failed: number;
	rate_1m: number | null;
	paused: boolean;
	text: Hostile | null;
	/** mekiki can start and stop it. */
	has_backend: boolean;
	actions: WorkerAction[];
	gpu: string | null;
	attempt: number;
	of: number;
	next_at: Time | null;
	phase: Hostile | null;
	progress: number | null;
	receipt: Hostile | null;
	log: Outside[];
}

export interface Event {
	id: number;
	at: Time;
	kind: string;
	run: string | null;
	worker: string | null;
	person: Hostile | null;
	data: Record<string, unknown> | null;
}

export interface ItemRow {
	n: number;
	item: number;
	key: Hostile;
	unicode: Hostile | null;
	flags: string[];
	source: Hostile | null;
	tld: Hostile | null;
	label: "phishing" | "benign" | null;
	ml: number | null;
	stage1: "phishing" | "benign" | null;
	done: boolean;
	verdict: "phishing" | "benign" | null;
	confidence: number | null;
	risk: string | null;
	failure: string | null;
	decision_source: string | null;
	cell: "tp" | "fp" | "fn" | "tn" | "none" | null;
	change: "fixed" | "broken" | null;
	worker: string | null;
	elapsed_ms: number | null;
	attempts: number;
	reasoning: Hostile | null;
	seq: number | null;
	row_numbers: number[];
}

export interface Attempt {
	n: number;
	key: Hostile;
	k: number;
	worker: string | null;
	failure: string;
	detail: Hostile | null;
	http_status: number;
	started: Time | null;
	elapsed_ms: number;
}

export interface ItemRecord extends ItemRow {
	detail: Hostile | null;
	finish_reason: Hostile | null;
	model: Hostile | null;
	prompt_tokens: number | null;
	completion_tokens: number | null;
	evaluated: Time | null;
	risk_factors: Hostile[];
	detected_brands: Hostile[];
	prompt: Hostile | null;
	raw: Hostile | null;
	attempts_list: Attempt[];
	cells: Record<string, Hostile | null>;
}

export interface Facets {
	version: number;
	facets: Record<string, { value: unknown; count: number }[]>;
}

export interface List<T> {
	items: T[];
	next_cursor: number | string | null;
}

export interface Window<T> {
	view: string;
	version: number;
	total: number;
	offset: number;
	items: T[];
}

export interface Hello {
	server_start: Time;
	build: string;
	seq: number;
}

export interface ProblemBody {
	code: string;
	status: number;
	detail: Hostile;
	params: Record<string, unknown>;
}
