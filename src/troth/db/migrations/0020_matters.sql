-- Matters that people are told of: an incident, a next version of a policy, an end. Nothing about a person here:
-- ids, closed words, and texts that are written to be read by everybody.
CREATE TABLE matter (
    matter    uuid        PRIMARY KEY,
    kind      text        NOT NULL CHECK (kind IN ('breach', 'change', 'ending')),
    policy    text        NOT NULL,
    version   integer     NOT NULL CHECK (version > 0),
    functions text[]      NOT NULL DEFAULT '{}',   -- empty: everybody under the policy
    state     text        NOT NULL CHECK (state ~ '^[a-z_]{1,40}$'),
    began     timestamptz NOT NULL,                -- known, published, announced
    at        timestamptz,                         -- when it takes effect
    reached   uuid,                                -- up to whom those concerned were written down
    gathered  boolean     NOT NULL DEFAULT false,  -- all of them are
    announced timestamptz,                         -- since when it is public
    closed    timestamptz
);
CREATE INDEX matter_open ON matter (kind) WHERE closed IS NULL;

CREATE TABLE matter_text (
    matter   uuid NOT NULL REFERENCES matter,
    part     text NOT NULL CHECK (part ~ '^[a-z_]{1,40}$'),
    language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    said     text NOT NULL CHECK (said <> ''),
    PRIMARY KEY (matter, part, language)
);

-- What is to be done about a matter, by when, and the clause that says so.
CREATE TABLE matter_due (
    matter   uuid        NOT NULL REFERENCES matter,
    step     text        NOT NULL CHECK (step ~ '^[a-z_]{1,40}$'),
    at       timestamptz NOT NULL,
    clause   text,
    done     timestamptz,
    document uuid,
    PRIMARY KEY (matter, step)
);
CREATE INDEX matter_due_at ON matter_due (at) WHERE done IS NULL;

-- Whom a matter concerns, and how far telling them has come. "tried" counts the ways that did not reach them.
CREATE TABLE told (
    subject uuid     NOT NULL,
    matter  uuid     NOT NULL,
    state   text     NOT NULL DEFAULT 'waiting'
            CHECK (state IN ('waiting', 'written', 'carried', 'unreached', 'done')),
    tried   smallint NOT NULL DEFAULT 0,
    letter  uuid,
    seen    timestamptz,
    PRIMARY KEY (subject, matter)
);
CREATE INDEX told_waiting ON told (matter, subject) WHERE state = 'waiting';

-- A letter about a matter says what the matter's texts say.
ALTER TABLE outbox ADD COLUMN matter uuid;
ALTER TABLE outbox DROP CONSTRAINT outbox_channel_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_channel_check CHECK (channel IN ('sms', 'email', 'phone'));
