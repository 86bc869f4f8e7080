-- transaction.sql - the commands of the writer, prepared because it gives four of them per write

-- IMMEDIATE: a read that becomes a write later may fail without remedy.
-- write begin
BEGIN IMMEDIATE;

-- write commit
COMMIT;

-- write rollback
ROLLBACK;

-- write savepoint
SAVEPOINT attempt;

-- write savepoint_release
RELEASE attempt;

-- write savepoint_undo
ROLLBACK TO attempt;
