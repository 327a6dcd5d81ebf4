-- What a law wants kept, and what has its time: holds on single records, rows that say when something is over,
-- several documents of one item, earlier versions, and the last stage of an erasure.
-- Plain in here besides what 0004 says: clause ids, moments at which something ends.

-- A document is either the one of its item, or one of several (an order among orders).
ALTER TABLE document ADD COLUMN several boolean NOT NULL DEFAULT false;
ALTER TABLE document DROP CONSTRAINT document_subject_item_key;
CREATE UNIQUE INDEX document_one ON document (subject, item) WHERE NOT several;
CREATE INDEX document_item ON document (subject, item);

-- Earlier versions, where the policy keeps them. The document's key opens them, and they die with it.
CREATE TABLE document_past (
    subject        uuid    NOT NULL,
    record         uuid    NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    policy_version integer NOT NULL CHECK (policy_version > 0),
    at_day         date    NOT NULL,
    sealed         bytea   NOT NULL,
    PRIMARY KEY (subject, record, version)
);
ALTER TABLE document_past ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STATISTICS 0;

-- Why a record outlives its purpose, and until when. Its key has a wrap of class 'hold' as long as one stands.
CREATE TABLE hold (
    subject  uuid        NOT NULL,
    record   uuid        NOT NULL,
    clause   text        NOT NULL,
    function text        NOT NULL,           -- policy/function
    item     text        NOT NULL,
    began    timestamptz NOT NULL,
    until    timestamptz NOT NULL CHECK (until > began),
    PRIMARY KEY (subject, record, clause)
);
CREATE INDEX hold_until ON hold (until);

-- When something of a subject is over: all that a function holds (record: nil), or one document.
CREATE TABLE retention_due (
    subject  uuid        NOT NULL,
    function text        NOT NULL,           -- policy/function
    record   uuid        NOT NULL,
    at       timestamptz NOT NULL,
    outcome  text        NOT NULL CHECK (outcome IN ('delete', 'anonymise')),
    PRIMARY KEY (subject, function, record)
);
CREATE INDEX retention_due_at ON retention_due (at);

-- What is left where a policy makes anonymous: how many there were, by month. No subject, no value.
CREATE TABLE anonymous (
    function text   NOT NULL,
    item     text   NOT NULL,
    month    date   NOT NULL CHECK (extract(day FROM month) = 1),
    readings bigint NOT NULL CHECK (readings > 0),
    PRIMARY KEY (function, item, month)
);

-- Stage 6: the last key that could open a backup is gone.
ALTER TABLE erasure DROP CONSTRAINT erasure_stage_check;
ALTER TABLE erasure ADD CONSTRAINT erasure_stage_check CHECK (stage BETWEEN 0 AND 6);
ALTER TABLE erasure ADD COLUMN horizon timestamptz;      -- when backups with this subject are out of reach
ALTER TABLE erasure ADD COLUMN backups_at timestamptz;
ALTER TABLE erasure ADD COLUMN addendum text;            -- to the certificate, signed
ALTER TABLE erasure ADD CHECK ((stage >= 6) = (backups_at IS NOT NULL));
ALTER TABLE erasure ADD CHECK ((stage >= 6) = (addendum IS NOT NULL));
ALTER TABLE erasure ADD CHECK (certified_at <= backups_at AND horizon <= backups_at);
