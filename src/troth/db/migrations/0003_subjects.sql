-- Accounts and what hangs on them. No personal data: phone number, e-mail and password hash are vault documents,
-- found by keyed tags. Every table but the counts of tries and the staff carries the subject as distribution key.

CREATE TABLE account (
    subject uuid PRIMARY KEY REFERENCES subject,
    policy text NOT NULL,
    language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    state text NOT NULL DEFAULT 'unverified' CHECK (state IN ('unverified', 'verified')),
    since timestamptz NOT NULL,
    verify_by timestamptz NOT NULL
);
CREATE INDEX account_unverified ON account (verify_by) WHERE state = 'unverified';

CREATE TABLE session (
    subject uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    started timestamptz NOT NULL,
    expires timestamptz NOT NULL CHECK (expires > started),
    PRIMARY KEY (subject, token_hash)
);
CREATE INDEX session_expires ON session (expires);

-- The hash is keyed outside the database: six digits are a small dictionary.
CREATE TABLE code (
    subject uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('verify')),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    expires timestamptz NOT NULL,
    tries integer NOT NULL CHECK (tries BETWEEN 0 AND 5),
    PRIMARY KEY (subject, purpose)
);

-- Letters to people. The address is not here: it is opened from the vault, with a permit, when the letter goes.
-- What the letter says is sealed; a letter that has ended is deleted.
CREATE TABLE outbox (
    subject uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    letter uuid NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('sms', 'email')),
    sealed bytea,
    written timestamptz NOT NULL,
    due timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (subject, letter)
);
CREATE INDEX outbox_due ON outbox (due);

-- Tries by keyed tag: of a login, a subject, a number being registered.
CREATE TABLE try_count (
    tag bytea PRIMARY KEY CHECK (octet_length(tag) = 32),
    started timestamptz NOT NULL,
    n integer NOT NULL CHECK (n > 0)
);

-- The controller's people, by opaque id.
CREATE TABLE staff (
    staff uuid PRIMARY KEY,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    role text NOT NULL CHECK (role IN ('admin', 'privacy', 'support', 'audit', 'maker')),
    since timestamptz NOT NULL,
    ended timestamptz
);

GRANT SELECT, INSERT, DELETE, UPDATE (state, language) ON account TO troth_app;
GRANT SELECT, INSERT, DELETE ON session TO troth_app;
GRANT SELECT, INSERT, DELETE, UPDATE ON code, try_count TO troth_app;
GRANT SELECT, INSERT, DELETE, UPDATE (due, tries) ON outbox TO troth_app;
GRANT SELECT, INSERT, UPDATE (token_hash, ended) ON staff TO troth_app;
