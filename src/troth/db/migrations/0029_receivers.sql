-- Who may be given data beyond the functions: each receiver of a policy, of which kind, for what, and its papers.
-- No personal data: receivers are companies and authorities, papers are opaque ids.
CREATE TABLE receiver (
    policy text NOT NULL,
    receiver text NOT NULL CHECK (receiver ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'),
    kind text NOT NULL,
    purpose text NOT NULL,
    items text[] NOT NULL,
    since timestamptz NOT NULL,
    ended timestamptz,
    PRIMARY KEY (policy, receiver)
);

-- What is on file about one: an agreement, instructions. Ended: no longer in force.
CREATE TABLE receiver_paper (
    policy text NOT NULL,
    receiver text NOT NULL,
    fact text NOT NULL,
    document uuid NOT NULL,
    since timestamptz NOT NULL,
    ended timestamptz,
    PRIMARY KEY (policy, receiver, fact),
    FOREIGN KEY (policy, receiver) REFERENCES receiver (policy, receiver)
);
