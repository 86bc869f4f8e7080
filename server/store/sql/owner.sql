-- owner.sql - processes of ours

-- write owner_write
INSERT INTO owner (worker, nonce, pid, start_ticks, boot_id, port, gpu, started_ms, data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (worker) DO UPDATE SET nonce = excluded.nonce, pid = excluded.pid, start_ticks = excluded.start_ticks,
	boot_id = excluded.boot_id, port = excluded.port, gpu = excluded.gpu, started_ms = excluded.started_ms,
	data = excluded.data;

-- write owner_forget
DELETE FROM owner WHERE worker = ?1;

-- read owner_list
SELECT worker, nonce, pid, start_ticks, boot_id, port, gpu, started_ms, data FROM owner ORDER BY worker LIMIT ?1;
