-- event.sql - the list of dated facts

-- write event_append
INSERT INTO event (at_ms, kind, run, worker, person, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- read event_last
SELECT ifnull(max(id), 0) FROM event;

-- read event_list
SELECT id, at_ms, kind, run, worker, person, data FROM event WHERE id > ?1 ORDER BY id LIMIT ?2;

-- The ids between which worker events belong to the run: from its first event
-- to its last while it is not live, else without an end.
-- read event_span
SELECT ifnull(min(id), 0), ifnull(max(id), 0), (SELECT state FROM run WHERE id = ?1) FROM event WHERE run = ?1;

-- read event_list_run
SELECT id, at_ms, kind, run, worker, person, data FROM event
WHERE id > ?1 AND (run = ?2 OR (run IS NULL AND worker IS NOT NULL AND id BETWEEN ?3 AND ?4))
ORDER BY id LIMIT ?5;
