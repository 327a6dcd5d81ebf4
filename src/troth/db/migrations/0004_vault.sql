-- The vault: wrapped keys, sealed values, keyed look-up tags, the stages of erasure.
-- Plain in here, and nothing else: opaque ids, policy and function names, item names, days, versions, epochs.
-- Ciphertext is stored as it is (no compression) and keeps no column statistics.

CREATE TABLE vault_key (
    subject     uuid    NOT NULL,
    key         uuid    NOT NULL,
    function    text    NOT NULL,             -- policy/function
    class       text    NOT NULL,             -- retention class
    owner_epoch integer NOT NULL DEFAULT 0,   -- changes when a device changes hands
    kek_epoch   integer NOT NULL CHECK (kek_epoch > 0),
    wrapped     bytea   NOT NULL CHECK (octet_length(wrapped) = 60),
    PRIMARY KEY (subject, key),
    UNIQUE (subject, function, class, owner_epoch)
);

CREATE TABLE document (
    subject        uuid    NOT NULL,
    record         uuid    NOT NULL,
    item           text    NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    policy_version integer NOT NULL CHECK (policy_version > 0),
    at_day         date    NOT NULL,
    sealed         bytea   NOT NULL,
    PRIMARY KEY (subject, record),
    UNIQUE (subject, item)
);

CREATE TABLE document_wrap (
    subject   uuid    NOT NULL,
    record    uuid    NOT NULL,
    function  text    NOT NULL,
    class     text    NOT NULL,
    kek_epoch integer NOT NULL CHECK (kek_epoch > 0),
    wrapped   bytea   NOT NULL CHECK (octet_length(wrapped) = 60),
    PRIMARY KEY (subject, record, function, class)
);

CREATE TABLE event_block (
    subject        uuid    NOT NULL,
    function       text    NOT NULL,
    class          text    NOT NULL,
    at_day         date    NOT NULL,          -- the day (UTC) that its readings were measured
    block          uuid    NOT NULL,
    key            uuid    NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    policy_version integer NOT NULL CHECK (policy_version > 0),
    sealed         bytea   NOT NULL,
    PRIMARY KEY (subject, function, class, at_day, block)
) PARTITION BY LIST (class);
CREATE TABLE event_block_purpose PARTITION OF event_block FOR VALUES IN ('purpose') PARTITION BY RANGE (at_day);
CREATE TABLE event_block_purpose_rest PARTITION OF event_block_purpose DEFAULT;

-- One row per reading that was stored, so that a resend is known. mark: 16 bytes of a hash over the
-- function, the device and the sender's id of the reading.
CREATE TABLE reading_seen (
    subject uuid NOT NULL,
    at_day  date NOT NULL,
    mark    uuid NOT NULL,
    PRIMARY KEY (subject, at_day, mark)
) PARTITION BY RANGE (at_day);
CREATE TABLE reading_seen_rest PARTITION OF reading_seen DEFAULT;

CREATE TABLE blind_index (
    field          text    NOT NULL,
    epoch          integer NOT NULL CHECK (epoch > 0),
    tag            bytea   NOT NULL CHECK (octet_length(tag) = 32),
    subject        uuid    NOT NULL,
    key            uuid    NOT NULL,          -- seals the value, so that a new index epoch can tag it again
    function       text    NOT NULL,
    class          text    NOT NULL,
    policy_version integer NOT NULL CHECK (policy_version > 0),
    sealed         bytea   NOT NULL,
    PRIMARY KEY (field, epoch, tag),
    UNIQUE (subject, field)
);

CREATE TABLE erasure (
    subject          uuid        NOT NULL PRIMARY KEY,
    erasure          uuid        NOT NULL UNIQUE,
    stage            smallint    NOT NULL CHECK (stage BETWEEN 0 AND 5),
    planned_at       timestamptz NOT NULL,
    refused_at       timestamptz,
    unrecoverable_at timestamptz,
    swept_at         timestamptz,
    told_at          timestamptz,
    certified_at     timestamptz,
    kek_epoch        integer,                 -- the newest epochs that could open anything of this subject
    index_epoch      integer,
    plan             bytea,                   -- sealed under a one-off key; null once the farewell is said
    plan_ends        timestamptz NOT NULL,
    recipients       integer     NOT NULL CHECK (recipients >= 0),   -- how many the plan names
    link_hash        bytea       UNIQUE,      -- null once the certificate was fetched
    evidence         jsonb       NOT NULL DEFAULT '{}',   -- ledger entry of each stage
    removed          jsonb       NOT NULL DEFAULT '{}',
    checked          jsonb       NOT NULL DEFAULT '{}',
    certificate      text,
    CHECK ((stage >= 1) = (refused_at IS NOT NULL)),
    CHECK ((stage >= 2) = (unrecoverable_at IS NOT NULL)),
    CHECK ((stage >= 3) = (swept_at IS NOT NULL)),
    CHECK ((stage >= 4) = (told_at IS NOT NULL)),
    CHECK ((stage >= 5) = (certified_at IS NOT NULL)),
    CHECK ((stage >= 5) = (certificate IS NOT NULL)),
    CHECK (planned_at <= refused_at AND refused_at <= unrecoverable_at AND unrecoverable_at <= swept_at
           AND swept_at <= told_at AND told_at <= certified_at)
);

CREATE TABLE erasure_told (
    subject         uuid NOT NULL,
    recipient       text NOT NULL,
    told_at         timestamptz NOT NULL,
    acknowledged_at timestamptz,
    PRIMARY KEY (subject, recipient)
);

ALTER TABLE vault_key ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE document_wrap ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE document ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE event_block ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE event_block_purpose ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE event_block_purpose_rest ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE blind_index ALTER COLUMN tag SET STATISTICS 0,
    ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE erasure ALTER COLUMN plan SET STORAGE EXTERNAL, ALTER COLUMN plan SET STATISTICS 0,
    ALTER COLUMN link_hash SET STATISTICS 0;

GRANT SELECT, INSERT, UPDATE, DELETE ON vault_key, document, document_wrap, blind_index TO troth_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON event_block TO troth_app;
GRANT SELECT, INSERT, DELETE ON reading_seen TO troth_app;
GRANT SELECT, INSERT, UPDATE ON erasure, erasure_told TO troth_app;   -- an erasure is never taken back
