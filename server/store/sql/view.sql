-- view.sql - the rows of a run as filters and pages see them
--
-- The texts are put together with the conditions of view_parse.c's table; what
-- strangers send is bound. ?1 run, ?2 dataset, ?3 version, ?4 policy; the
-- conditions continue from ?5.

-- What is newer than the version is as if it had not happened yet. The cell of
-- an item without a label, or without a result, is NULL; so is the change where
-- stage 1 or the final prediction is missing.
-- text view_from
FROM (
	SELECT *,
		CASE WHEN label IS NULL OR NOT done THEN NULL
			WHEN final IS NULL THEN 'none'
			WHEN label = 1 THEN CASE final WHEN 1 THEN 'tp' ELSE 'fn' END
			ELSE CASE final WHEN 1 THEN 'fp' ELSE 'tn' END END AS cell,
		CASE WHEN stage1 <> label AND final = label THEN 'fixed'
			WHEN stage1 = label AND final <> label THEN 'broken' END AS change
	FROM (
		SELECT s.n, i.item, i.key, i.label, i.stage1, i.ml, i.source, i.tld, i.flags, i.first_row,
			r.n IS NOT NULL AS done, r.seq, r.failure, r.verdict, r.confidence, r.risk,
			r.source AS decision_source, r.worker, r.elapsed_ms, r.attempts,
			r.detail, r.prompt_tokens, r.completion_tokens, r.evaluated_ms, r.from_text,
			CASE WHEN r.n IS NULL OR r.verdict IS NOT NULL OR ?4 = 'exclude' THEN r.verdict
				WHEN ?4 = 'stage1' THEN i.stage1 ELSE 0 END AS final
		FROM run_item AS s
		CROSS JOIN item AS i ON i.dataset = ?2 AND i.item = s.item
		LEFT JOIN result AS r ON r.run = s.run AND r.n = s.n AND r.seq <= ?3
		WHERE s.run = ?1))

-- text view_columns
SELECT n, item, key, label, stage1, ml, source, tld, flags, first_row, done, seq, failure, verdict, confidence, risk,
	decision_source, worker, elapsed_ms, attempts, detail, prompt_tokens, completion_tokens, evaluated_ms, from_text, cell, change

-- The same names over a dataset, for selections.
-- text view_items
SELECT item FROM item WHERE dataset = ?1

-- text view_band
CASE WHEN ml < 0.1 THEN '0.0-0.1' WHEN ml < 0.2 THEN '0.1-0.2' WHEN ml < 0.3 THEN '0.2-0.3' WHEN ml < 0.4 THEN '0.3-0.4'
	WHEN ml < 0.5 THEN '0.4-0.5' WHEN ml < 0.6 THEN '0.5-0.6' WHEN ml < 0.7 THEN '0.6-0.7' WHEN ml < 0.8 THEN '0.7-0.8'
	WHEN ml < 0.9 THEN '0.8-0.9' WHEN ml IS NOT NULL THEN '0.9-1.0' ELSE 'none' END

-- read view_run
SELECT dataset, total, policy FROM run WHERE id = ?1;

-- read row_place
SELECT offset, length FROM dataset_row WHERE dataset = ?1 AND row = ?2;
