-- The ledger: append-only evidence, the tree over it, and the acts from which a standing is read.

-- One row per subject, opaque. Whoever reads a standing to decide, or adds an act, locks it
-- (FOR NO KEY UPDATE, so that evidence about the subject can still be appended by another transaction);
-- forgetting locks it FOR UPDATE, which also holds that evidence back.
CREATE TABLE subject (
    subject uuid PRIMARY KEY,
    state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'erased'))
);

-- What a subject did to their own standing, in the order of the lock on their row.
CREATE TABLE act (
    subject uuid NOT NULL REFERENCES subject,
    seq bigint NOT NULL CHECK (seq > 0),
    kind text NOT NULL CHECK (kind IN (
        'shown', 'accepted', 'ended', 'chosen', 'withdrawn', 'switched_on', 'switched_off',
        'declared_adult', 'found_minor', 'supplied', 'removed', 'cancelled')),
    policy text NOT NULL,
    at timestamptz NOT NULL,
    version integer,
    function text,
    item text,
    switch text,
    device uuid,
    need text,
    separate boolean NOT NULL DEFAULT false,
    language text,
    text_hash text,
    entry uuid NOT NULL,
    PRIMARY KEY (subject, seq)
);

-- The evidence itself: canonical JSON without personal data. Insert only.
CREATE TABLE ledger_entry (
    entry uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    body bytea NOT NULL CHECK (octet_length(body) <= 16384)
);

-- Committed entries that have no number yet. "place" orders what became visible together.
CREATE TABLE ledger_queue (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry uuid NOT NULL
);

-- The number of each entry and its leaf hash. Insert only; the sequencer alone writes it.
CREATE TABLE ledger_leaf (
    leaf bigint PRIMARY KEY CHECK (leaf >= 0),
    entry uuid NOT NULL UNIQUE REFERENCES ledger_entry,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- Hashes of complete subtrees of 2^level leaves; level 0 is ledger_leaf. Insert only.
CREATE TABLE ledger_node (
    level integer NOT NULL CHECK (level > 0),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, index)
);

-- Signed heads, as C2SP checkpoints. Insert only.
CREATE TABLE ledger_head (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    signed text NOT NULL,
    at timestamptz NOT NULL
);

-- What opens the commitment of an entry to its subject. Deleted at erasure: the entry stays, the person doesn't.
CREATE TABLE ledger_opening (
    subject uuid NOT NULL,
    entry uuid NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 32),
    PRIMARY KEY (subject, entry)
);

-- Decisions too many to keep one by one. "slot" spreads one minute's row over connections, so that
-- transactions don't queue behind each other; readers add the slots up.
CREATE TABLE decision_count (
    policy text NOT NULL,
    function text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('allow', 'deny')),
    reason text NOT NULL,
    minute timestamptz NOT NULL,
    slot integer NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (policy, function, outcome, reason, minute, slot)
);

GRANT SELECT, INSERT, UPDATE (state) ON subject TO troth_app;
GRANT SELECT, INSERT, DELETE ON act, ledger_opening, ledger_queue TO troth_app;
GRANT SELECT, INSERT ON ledger_entry, ledger_leaf, ledger_node, ledger_head TO troth_app;
GRANT SELECT, INSERT, UPDATE (n) ON decision_count TO troth_app;
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entry, ledger_leaf, ledger_node, ledger_head FROM troth_app, PUBLIC;
