-- A partition of marks is of one day, so within it a subject's mark is unique without the day; a block's id is random,
-- so it needs no function to be unique. Narrower indexes: a third less for each reading that is stored.
ALTER TABLE reading_seen DROP CONSTRAINT reading_seen_pkey;
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits
                 WHERE inhparent = 'reading_seen'::regclass AND inhrelid <> 'reading_seen_rest'::regclass
    LOOP
        EXECUTE format('CREATE UNIQUE INDEX ON %s (subject, mark)', part);
    END LOOP;
END
$$;
CREATE UNIQUE INDEX ON reading_seen_rest (subject, at_day, mark);   -- of many days

ALTER TABLE event_block DROP CONSTRAINT event_block_pkey;
ALTER TABLE event_block ADD PRIMARY KEY (subject, class, at_day, block);
