-- result.sql - results exactly once, attempts, counts

-- No row comes back when there is a result already.
-- write result_insert
INSERT INTO result (run, n, seq, failure, verdict, confidence, risk, source, worker, attempts, elapsed_ms,
	evaluated_ms, prompt_tokens, completion_tokens, from_text, http_status, detail)
VALUES (?1, ?2, (SELECT seq + 1 FROM run_counter WHERE run = ?1), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
	?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (run, n) DO NOTHING RETURNING seq;

-- write result_advance
UPDATE run_counter SET seq = seq + 1 WHERE run = ?1;

-- write result_existing
SELECT failure, verdict FROM result WHERE run = ?1 AND n = ?2;

-- write result_duplicate
UPDATE run_counter SET duplicates_same = duplicates_same + ?2, duplicates_different = duplicates_different + ?3
WHERE run = ?1;

-- write result_text_insert
INSERT INTO result_text (id, pressed, frame) VALUES (?1, ?2, ?3);

-- read result_text_read
SELECT pressed, frame FROM result_text WHERE id = ?1;

-- write dictionary_insert
INSERT INTO dictionary (run, bytes) VALUES (?1, ?2);

-- read dictionary_read
SELECT bytes FROM dictionary WHERE run = ?1;

-- write attempt_insert
INSERT INTO attempt (run, n, k, worker, failure, detail, http_status, started_ms, elapsed_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- write forget_keep
INSERT INTO attempt (run, n, k, worker, failure, detail, http_status, started_ms, elapsed_ms)
SELECT run, n, attempts, worker, failure, detail, http_status, evaluated_ms - elapsed_ms, elapsed_ms
FROM result WHERE run = ?1 AND failure IS NOT NULL;

-- write forget_texts
DELETE FROM result_text WHERE id IN (
	SELECT (run << 32) + n FROM result WHERE run = ?1 AND failure IS NOT NULL);

-- write forget_results
DELETE FROM result WHERE run = ?1 AND failure IS NOT NULL;

-- read counts_by_failure
SELECT failure, count(*), sum(from_text) FROM result WHERE run = ?1 GROUP BY failure;

-- read counts_counter
SELECT seq, duplicates_same + duplicates_different,
	(SELECT count(*) FROM attempt WHERE run = ?1),
	(SELECT count(DISTINCT n) FROM attempt WHERE run = ?1)
FROM run_counter WHERE run = ?1;

-- read counts_by_worker
SELECT worker, count(*) FROM result WHERE run = ?1 AND worker <> '' GROUP BY worker ORDER BY worker;

-- read tally_rows
SELECT r.seq, r.n, i.label, i.stage1, r.verdict, i.flags
FROM result AS r INDEXED BY result_seq
CROSS JOIN run ON run.id = r.run
CROSS JOIN run_item AS s ON s.run = r.run AND s.n = r.n
CROSS JOIN item AS i ON i.dataset = run.dataset AND i.item = s.item
WHERE r.run = ?1 AND r.seq > ?2 ORDER BY r.seq LIMIT ?3;

-- read attempts_of_run
SELECT a.n, i.key, a.k, a.worker, a.failure, a.detail, a.http_status, a.started_ms, a.elapsed_ms
FROM attempt AS a
JOIN run ON run.id = a.run
JOIN run_item AS s ON s.run = a.run AND s.n = a.n
JOIN item AS i ON i.dataset = run.dataset AND i.item = s.item
WHERE a.run = ?1 AND (?2 = 0 OR a.n = ?2) ORDER BY a.id LIMIT ?4 OFFSET ?3;

-- read attempts_count
SELECT count(*) FROM attempt WHERE run = ?1;
