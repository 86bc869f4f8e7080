-- extract.sql - a whole run, for exports and figures

-- read extract_positions
SELECT n, item FROM run_item WHERE run = ?1;

-- read extract_items
SELECT ifnull(max(i.item), 0) FROM run AS r JOIN item AS i ON i.dataset = r.dataset WHERE r.id = ?1;

-- ?2: the flag of items whose rows carry different labels.
-- read extract_keys
SELECT i.key FROM run AS r
CROSS JOIN run_item AS s ON s.run = r.id
CROSS JOIN item AS i ON i.dataset = r.dataset AND i.item = s.item
WHERE r.id = ?1 AND i.flags & ?2 = 0 ORDER BY i.key;

-- read extract_result
SELECT seq, failure, verdict, confidence, risk, source, worker, attempts, elapsed_ms, evaluated_ms,
	prompt_tokens, completion_tokens, detail
FROM result WHERE run = ?1 AND n = ?2 AND seq <= ?3;

-- read extract_version
SELECT seq FROM run_counter WHERE run = ?1;
