-- access.sql - tokens, sessions, settings; secrets come as their SHA-256

-- write token_insert
INSERT INTO token (hash, person, role, once, used, created_ms, expires_ms, last_used_ms)
VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, 0);

-- read token_by_hash
SELECT id, person, role, once, created_ms, expires_ms, last_used_ms, used FROM token WHERE hash = ?1;

-- read token_list
SELECT id, person, role, once, created_ms, expires_ms, last_used_ms, used FROM token
WHERE used = 0 OR once = 0 ORDER BY id DESC LIMIT ?1;

-- write token_use
UPDATE token SET used = 1, last_used_ms = ?2 WHERE id = ?1;

-- write token_delete
DELETE FROM token WHERE id = ?1;

-- write token_sessions_delete
DELETE FROM session WHERE token = ?1;

-- write session_insert
INSERT INTO session (hash, token, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4);

-- write session_delete
DELETE FROM session WHERE hash = ?1;

-- write session_expire
DELETE FROM session WHERE expires_ms <> 0 AND expires_ms <= ?1;

-- read session_read
SELECT t.id, t.person, t.role, t.once, t.created_ms, t.expires_ms, t.last_used_ms, t.used, s.expires_ms
FROM session AS s JOIN token AS t ON t.id = s.token WHERE s.hash = ?1;

-- write setting_write
INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- write setting_delete
DELETE FROM setting WHERE key = ?1;

-- read setting_read
SELECT value FROM setting WHERE key = ?1;
