-- Requests with their deadlines, and cancellations that were asked for and not yet confirmed.
-- Rows of a subject go with the subject; what an erasure still owes is kept by the erasure's id alone.

-- A request of a subject: "received" starts the time, "at" ends it, "done" is the answer.
CREATE TABLE due (
    subject uuid NOT NULL,
    due uuid NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    policy text NOT NULL,
    received timestamptz NOT NULL,
    at timestamptz NOT NULL CHECK (at >= received),
    done timestamptz,
    outcome text CHECK (outcome IN ('met', 'refused')),
    PRIMARY KEY (subject, due),
    CHECK ((done IS NULL) = (outcome IS NULL))
);
CREATE INDEX due_at ON due (at) WHERE done IS NULL;

-- The first of two steps: the person was warned and holds a token to confirm with.
CREATE TABLE cancellation (
    subject uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('asked', 'confirmed')),
    confirm_hash bytea NOT NULL CHECK (octet_length(confirm_hash) = 32),
    asked timestamptz NOT NULL,
    confirm_by timestamptz NOT NULL CHECK (confirm_by > asked)
);

-- By when an erasure has its certificate. No subject here: there is none any more.
CREATE TABLE erasure_due (
    erasure uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    done timestamptz
);
CREATE INDEX erasure_due_at ON erasure_due (at) WHERE done IS NULL;

GRANT SELECT, INSERT, DELETE, UPDATE (done, outcome) ON due TO troth_app;
GRANT SELECT, INSERT, DELETE, UPDATE ON cancellation TO troth_app;
GRANT SELECT, INSERT, UPDATE (done) ON erasure_due TO troth_app;
