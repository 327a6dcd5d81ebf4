-- A mark needs 8 bytes, not 16: the first half of the same hash, so that what was stored is still known.
ALTER TABLE reading_seen ALTER COLUMN mark TYPE bigint
    USING ('x' || left(replace(mark::text, '-', ''), 16))::bit(64)::bigint;
