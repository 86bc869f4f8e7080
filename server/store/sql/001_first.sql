-- 001_first.sql - the first schema: facts only, everything else is derived
--
-- Statements end with a semicolon at the end of a line. A migration is never
-- changed once released: the next one gets the next number.
--
-- Texts name states and kinds, so that a person with a shell can read them;
-- labels, predictions and verdicts are 0 (benign), 1 (phishing) or NULL.

CREATE TABLE dataset (
	id INTEGER PRIMARY KEY,
	sha256 TEXT NOT NULL UNIQUE,         -- of the bytes; a temporary text while importing
	name TEXT NOT NULL,
	state TEXT NOT NULL,                 -- importing, ready, failed
	problem TEXT,
	is_list INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	row_count INTEGER NOT NULL,
	bad_rows INTEGER NOT NULL,
	item_count INTEGER NOT NULL,
	column_names TEXT,                   -- JSON list
	meanings TEXT,                       -- JSON object
	renamed TEXT,                        -- JSON list
	summary TEXT,                        -- JSON object
	header_length INTEGER NOT NULL,
	population INTEGER REFERENCES dataset (id),
	population_tie TEXT,                 -- JSON object
	created_ms INTEGER NOT NULL,
	created_by TEXT NOT NULL
) STRICT;

-- No foreign key from the two tables of the import's hot path: a dataset and
-- its rows are written and discarded by one family of functions.
CREATE TABLE item (
	dataset INTEGER NOT NULL,
	item INTEGER NOT NULL,               -- from 1, in order of first appearance
	key TEXT NOT NULL,
	label INTEGER,
	stage1 INTEGER,
	ml REAL,
	source TEXT,
	tld TEXT,
	flags INTEGER NOT NULL,
	first_row INTEGER NOT NULL,
	PRIMARY KEY (dataset, item)
) STRICT, WITHOUT ROWID;

-- The way from a key to its item: written in order of the key when an import
-- ends (dataset_index), because keys come in no order and an index kept meanwhile
-- would write a page of it for nearly every row.
CREATE TABLE item_key (
	dataset INTEGER NOT NULL,
	key TEXT NOT NULL,
	item INTEGER NOT NULL,
	PRIMARY KEY (dataset, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_row (
	dataset INTEGER NOT NULL,
	row INTEGER NOT NULL,
	item INTEGER NOT NULL,
	record INTEGER NOT NULL,
	line INTEGER NOT NULL,
	offset INTEGER NOT NULL,
	length INTEGER NOT NULL,
	PRIMARY KEY (dataset, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_problem (
	id INTEGER PRIMARY KEY,
	dataset INTEGER NOT NULL REFERENCES dataset (id),
	record INTEGER NOT NULL,
	line INTEGER NOT NULL,
	reason TEXT NOT NULL,
	excerpt TEXT
) STRICT;

CREATE INDEX dataset_problem_dataset ON dataset_problem (dataset);

-- AUTOINCREMENT: the number of a run is never used again.
CREATE TABLE run (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	dataset INTEGER NOT NULL REFERENCES dataset (id),
	state TEXT NOT NULL,
	cause TEXT NOT NULL,
	request TEXT NOT NULL,               -- JSON, complete
	fingerprint TEXT NOT NULL,
	model TEXT,
	policy TEXT NOT NULL,
	shuffled INTEGER NOT NULL,
	total INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	started_ms INTEGER NOT NULL,         -- 0 = not yet
	finished_ms INTEGER NOT NULL,
	active_ms INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	workers TEXT                         -- JSON list, NULL = all
) STRICT;

CREATE INDEX run_dataset ON run (dataset);

-- Apart from the wide run row because every result touches it.
CREATE TABLE run_counter (
	run INTEGER PRIMARY KEY REFERENCES run (id),
	seq INTEGER NOT NULL,                -- of the last accepted result; never goes back
	duplicates_same INTEGER NOT NULL,
	duplicates_different INTEGER NOT NULL
) STRICT;

-- The frozen selection: n = 1..total without a gap.
CREATE TABLE run_item (
	run INTEGER NOT NULL REFERENCES run (id),
	n INTEGER NOT NULL,
	item INTEGER NOT NULL,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

-- Exactly once: the primary key takes the first result and refuses the rest.
CREATE TABLE result (
	run INTEGER NOT NULL,
	n INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	failure TEXT,                        -- NULL = there is a verdict
	verdict INTEGER,
	confidence REAL,
	risk TEXT,
	source TEXT,
	worker TEXT NOT NULL,                -- '' = none
	attempts INTEGER NOT NULL,
	elapsed_ms INTEGER NOT NULL,
	evaluated_ms INTEGER NOT NULL,
	prompt_tokens INTEGER,
	completion_tokens INTEGER,
	from_text INTEGER NOT NULL,
	http_status INTEGER NOT NULL,
	detail TEXT,                         -- of failures only, so the row stays narrow
	PRIMARY KEY (run, n),
	FOREIGN KEY (run, n) REFERENCES run_item (run, n)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX result_seq ON result (run, seq);

-- The large texts of a result as one compressed frame (large.c). The key is
-- run * 2^32 + n: with an integer key the frames lie in a plain rowid tree,
-- which suits large rows, and no second index is needed.
CREATE TABLE result_text (
	id INTEGER PRIMARY KEY,
	pressed INTEGER NOT NULL,            -- 1: with the run's dictionary
	frame BLOB NOT NULL
) STRICT;

CREATE TABLE dictionary (
	run INTEGER PRIMARY KEY REFERENCES run (id),
	bytes BLOB NOT NULL
) STRICT;

-- Attempts that failed. Not unique in k: after retry_failed tries count anew.
CREATE TABLE attempt (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id),
	n INTEGER NOT NULL,
	k INTEGER NOT NULL,
	worker TEXT NOT NULL,
	failure TEXT NOT NULL,
	detail TEXT,
	http_status INTEGER NOT NULL,
	started_ms INTEGER NOT NULL,
	elapsed_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX attempt_run ON attempt (run, n);

CREATE TABLE event (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	kind TEXT NOT NULL,
	run INTEGER,
	worker TEXT,
	person TEXT,
	data TEXT
) STRICT;

CREATE INDEX event_run ON event (run, id) WHERE run IS NOT NULL;

CREATE TABLE token (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	hash TEXT NOT NULL UNIQUE,           -- SHA-256 of the secret
	person TEXT NOT NULL,
	role TEXT NOT NULL,
	once INTEGER NOT NULL,
	used INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,         -- 0 = never
	last_used_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
	hash TEXT NOT NULL PRIMARY KEY,
	token INTEGER NOT NULL REFERENCES token (id),
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_token ON session (token);

CREATE TABLE setting (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
