-- :one_view
-- Everything that follows reads the database at one moment, and changes nothing.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- :no_hurry
-- A large table takes its time.
SET LOCAL statement_timeout = 0

-- :migrations
-- What was applied, with the hash of each file. Asked first: it begins the one view.
SELECT name, encode(sha256, 'hex') AS sha256 FROM migration ORDER BY name

-- :tables
-- Every table that holds rows of its own or in its partitions, with its columns; a generated one makes itself.
SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relname <> 'migration' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 GROUP BY c.relname ORDER BY c.relname

-- :rests_on
-- Which table's rows need which other table's rows to be there.
SELECT DISTINCT c.conrelid::regclass::text AS needs, c.confrelid::regclass::text AS needed
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
 WHERE c.contype = 'f' AND c.conparentid = 0 AND NOT t.relispartition AND NOT f.relispartition
   AND t.relnamespace = 'public'::regnamespace

-- :partitions
-- Every partition, a parent before its parts.
WITH RECURSIVE tree AS (
    SELECT c.oid, 0 AS depth FROM pg_class c
     WHERE c.relkind = 'p' AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT i.inhrelid, depth + 1 FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid
)
SELECT p.relname AS parent, c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound,
       coalesce(pg_get_partkeydef(c.oid), '') AS split,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget = 0
              ORDER BY a.attnum) AS quiet
  FROM tree JOIN pg_class c ON c.oid = tree.oid
  JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
 ORDER BY depth, c.relname

-- :identities
-- Columns that number their rows themselves.
SELECT c.relname AS name, a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND a.attidentity <> '' AND NOT a.attisdropped
   AND NOT c.relispartition

-- :any_table
-- Whether there is anything in this database.
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LIMIT 1

-- :head
-- The newest signed head and its size.
SELECT size, signed FROM ledger_head ORDER BY size DESC LIMIT 1

-- :restored
-- Whether this restore is on record.
SELECT count(*) FROM ledger_entry
 WHERE kind = 'restored' AND convert_from(body, 'UTF8')::jsonb -> 'details' ->> 'restore' = %(restore)s

-- :people
-- A page of the living who have a standing.
SELECT subject FROM subject s
 WHERE subject > %(after)s AND state = 'live' AND EXISTS (SELECT FROM act a WHERE a.subject = s.subject)
 ORDER BY subject LIMIT %(page)s

-- :owner_of_device
-- Whose device this is.
SELECT subject FROM device WHERE device = %(device)s

-- :end_every_session
-- Nobody is signed in: who had signed out since would be in again.
DELETE FROM session

-- :end_every_code
-- A code that was used since would be good again.
DELETE FROM code
