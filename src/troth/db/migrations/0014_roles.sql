-- One role for each kind of work. What each may do with each table is data (troth/db/grants.py), brought about
-- after the migrations; from here on no migration grants anything. On a server of your own the roles can be
-- made beforehand, by whoever may (docs/howto/database.md).
DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['troth_app', 'troth_ingest', 'troth_eraser', 'troth_keeper', 'troth_sequencer'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = one) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', one);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this server was first
            END;
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', one);
    END LOOP;
END
$$;

-- To lock a row one needs the right to update a column of it. This one is there for that and holds nothing.
ALTER TABLE subject ADD COLUMN door boolean CHECK (door IS NULL);

-- An act rests on an entry about the same subject, one act on each: no entry, no act. (Entries are append-only,
-- so whoever adds an act leaves evidence that cannot be taken back.)
ALTER TABLE act ADD CONSTRAINT act_entry_once UNIQUE (subject, entry);
ALTER TABLE act ADD CONSTRAINT act_rests_on_an_entry
    FOREIGN KEY (subject, entry) REFERENCES ledger_opening (subject, entry) NOT VALID;
-- Where an older version let an act in without its entry, `troth ledger verify` names it; all others are held.
DO $$
BEGIN
    ALTER TABLE act VALIDATE CONSTRAINT act_rests_on_an_entry;
EXCEPTION WHEN foreign_key_violation THEN
    NULL;
END
$$;
