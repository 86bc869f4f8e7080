-- dataset.sql - datasets, their rows and items

-- write dataset_insert
INSERT INTO dataset (sha256, name, state, problem, is_list, bytes, row_count, bad_rows, item_count, column_names,
	meanings, renamed, summary, header_length, population, population_tie, created_ms, created_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18);

-- write dataset_finish
UPDATE dataset SET sha256 = ?1, name = ?2, state = ?3, problem = ?4, is_list = ?5, bytes = ?6, row_count = ?7,
	bad_rows = ?8, item_count = ?9, column_names = ?10, meanings = ?11, renamed = ?12, summary = ?13,
	header_length = ?14, population = ?15, population_tie = ?16, created_ms = ?17, created_by = ?18
WHERE id = ?19;

-- write dataset_sha_owner
SELECT id FROM dataset WHERE sha256 = ?1;

-- read dataset_state
SELECT state FROM dataset WHERE id = ?1;

-- write dataset_set_population
UPDATE dataset SET population = ?2, population_tie = ?3 WHERE id = ?1;

-- read item_last
SELECT ifnull(max(item), 0) FROM item WHERE dataset = ?1;

-- write item_insert
INSERT INTO item (dataset, item, key, label, stage1, ml, source, tld, flags, first_row)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- write item_keys
SELECT item, key FROM item WHERE dataset = ?1 ORDER BY item;

-- write item_merge_read
SELECT key, label, stage1, ml, source, tld, flags FROM item WHERE dataset = ?1 AND item = ?2;

-- write item_merge
UPDATE item SET label = ?3, stage1 = ?4, ml = ?5, source = ?6, tld = ?7, flags = ?8 WHERE dataset = ?1 AND item = ?2;

-- write dataset_row_insert
INSERT INTO dataset_row (dataset, row, item, record, line, offset, length) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- write dataset_problem_insert
INSERT INTO dataset_problem (dataset, record, line, reason, excerpt) VALUES (?1, ?2, ?3, ?4, ?5);

-- read index_sorted
SELECT key, item FROM item WHERE dataset = ?1 ORDER BY key;

-- write index_insert
INSERT INTO item_key (dataset, key, item) VALUES (?1, ?2, ?3);

-- read index_begun
SELECT EXISTS (SELECT 1 FROM item_key WHERE dataset = ?1);

-- For what was not indexed in small steps before.
-- write index_rest
INSERT INTO item_key (dataset, key, item) SELECT dataset, key, item FROM item WHERE dataset = ?1 ORDER BY key;

-- write discard_keys
DELETE FROM item_key WHERE dataset = ?1;

-- write discard_items
DELETE FROM item WHERE dataset = ?1;

-- write discard_rows
DELETE FROM dataset_row WHERE dataset = ?1;

-- write discard_problems
DELETE FROM dataset_problem WHERE dataset = ?1;

-- write discard_dataset
DELETE FROM dataset WHERE id = ?1;

-- read dataset_read
SELECT id, sha256, name, state, problem, is_list, bytes, row_count, bad_rows, item_count, column_names, meanings,
	renamed, summary, header_length, population, population_tie, created_ms, created_by
FROM dataset WHERE id = ?1;

-- A prefix: everything from ?1 up to ?1 followed by the largest digit.
-- read dataset_find
SELECT id, sha256, name, state, problem, is_list, bytes, row_count, bad_rows, item_count, column_names, meanings,
	renamed, summary, header_length, population, population_tie, created_ms, created_by
FROM dataset WHERE sha256 >= ?1 AND sha256 < ?1 || 'g' ORDER BY sha256 LIMIT 2;

-- read dataset_list
SELECT id, sha256, name, state, problem, is_list, bytes, row_count, bad_rows, item_count, column_names, meanings,
	renamed, summary, header_length, population, population_tie, created_ms, created_by
FROM dataset WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2;

-- read dataset_problems
SELECT record, line, reason, excerpt FROM dataset_problem WHERE dataset = ?1 ORDER BY id LIMIT ?3 OFFSET ?2;

-- read dataset_rows
SELECT row, record, line, offset, length, item FROM dataset_row WHERE dataset = ?1 AND row > ?2 ORDER BY row LIMIT ?3;

-- read dataset_items
SELECT item, key, label, stage1, ml, source, tld, flags FROM item
WHERE dataset = ?1 AND item > ?2 ORDER BY item LIMIT ?3;

-- read dataset_item_read
SELECT i.item, i.key, i.label, i.stage1, i.ml, i.source, i.tld, i.flags, i.first_row, w.offset, w.length
FROM item AS i
JOIN dataset_row AS w ON w.dataset = i.dataset AND w.row = i.first_row
WHERE i.dataset = ?1 AND i.item = ?2;

-- read dataset_item_find
SELECT item FROM item_key WHERE dataset = ?1 AND key = ?2;

-- read dataset_match
SELECT count(*) FROM item_key AS a CROSS JOIN item_key AS p ON p.dataset = ?2 AND p.key = a.key WHERE a.dataset = ?1;

-- read tally_items
SELECT item, label, stage1, flags FROM item WHERE dataset = ?1;

-- In order of the key, so that the hash does not depend on the order of the file.
-- read tally_keys
SELECT item, key FROM item_key WHERE dataset = ?1 ORDER BY key;

-- read tally_run_dataset
SELECT dataset FROM run WHERE id = ?1;

-- read tally_selected_here
SELECT item FROM run_item WHERE run = ?1;

-- The items of another dataset ?2 that the run's selection names.
-- read tally_selected_there
SELECT p.item FROM run_item AS s
CROSS JOIN run ON run.id = s.run
CROSS JOIN item AS i ON i.dataset = run.dataset AND i.item = s.item
CROSS JOIN item_key AS p ON p.dataset = ?2 AND p.key = i.key
WHERE s.run = ?1;
