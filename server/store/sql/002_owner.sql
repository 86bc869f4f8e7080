-- 002_owner.sql - what we started, so that it is found again after our own death

CREATE TABLE owner (
	worker TEXT NOT NULL PRIMARY KEY,    -- id in the configuration
	nonce TEXT NOT NULL,                 -- in the environment of the whole tree, and among its served names
	pid INTEGER NOT NULL,                -- 0: meant to be started, perhaps started
	start_ticks INTEGER NOT NULL,        -- field 22 of /proc/PID/stat: a pid alone is reused
	boot_id TEXT,
	port INTEGER NOT NULL,
	gpu TEXT,
	started_ms INTEGER NOT NULL,
	data TEXT                            -- JSON object, the backend's own
) STRICT, WITHOUT ROWID;
