-- run.sql - runs and their frozen selections

-- write run_insert
INSERT INTO run (name, dataset, state, cause, request, fingerprint, model, policy, shuffled, total,
	created_ms, started_ms, finished_ms, active_ms, created_by, workers)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16);

-- write run_counter_insert
INSERT INTO run_counter (run, seq, duplicates_same, duplicates_different) VALUES (?1, 0, 0, 0);

-- write run_item_insert
INSERT INTO run_item (run, n, item) VALUES (?1, ?2, ?3);

-- read run_state
SELECT state FROM run WHERE id = ?1;

-- The first start stays; finished_ms is 0 again when a finished run goes on.
-- write run_set_state
UPDATE run SET state = ?2, cause = ?3, active_ms = ?4,
	started_ms = CASE WHEN started_ms = 0 AND ?5 THEN ?6 ELSE started_ms END,
	finished_ms = CASE WHEN ?7 THEN ?6 ELSE 0 END
WHERE id = ?1;

-- write run_set_workers
UPDATE run SET workers = ?2 WHERE id = ?1;

-- write run_set_model
UPDATE run SET model = ?2 WHERE id = ?1;

-- read run_read
SELECT id, name, dataset, state, cause, request, fingerprint, model, policy, shuffled, total,
	created_ms, started_ms, finished_ms, active_ms, created_by, workers
FROM run WHERE id = ?1;

-- read run_list
SELECT id, name, dataset, state, cause, request, fingerprint, model, policy, shuffled, total,
	created_ms, started_ms, finished_ms, active_ms, created_by, workers
FROM run WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2;

-- read run_list_live
SELECT id, name, dataset, state, cause, request, fingerprint, model, policy, shuffled, total,
	created_ms, started_ms, finished_ms, active_ms, created_by, workers
FROM run WHERE state IN ('queued', 'running', 'paused', 'waiting') ORDER BY id LIMIT ?1;

-- read run_total
SELECT total FROM run WHERE id = ?1;

-- The narrow index is enough: positions are dense, so what is not here is pending.
-- read run_done
SELECT n FROM result INDEXED BY result_seq WHERE run = ?1;

-- read run_item_read
SELECT i.item, i.key, i.label, i.stage1, i.ml, i.source, i.tld, i.flags, i.first_row, w.offset, w.length
FROM run_item AS s
JOIN run AS r ON r.id = s.run
JOIN item AS i ON i.dataset = r.dataset AND i.item = s.item
LEFT JOIN dataset_row AS w ON w.dataset = r.dataset AND w.row = i.first_row
WHERE s.run = ?1 AND s.n = ?2;

-- read run_selection
SELECT n, item FROM run_item WHERE run = ?1 ORDER BY n;
