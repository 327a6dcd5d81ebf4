-- Requests with all that the policy's clauses need to be kept: how one came in, what has happened (each event
-- may start a clock), which clause set the deadline, when it takes effect, how it ended and on what ground.
-- What a person wrote and what they were told is sealed under their own key; the rest is ids and closed words.

CREATE TABLE request (
    subject           uuid        NOT NULL,
    request           uuid        NOT NULL,
    kind              text        NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    policy            text        NOT NULL,
    version           integer     NOT NULL CHECK (version > 0),
    channel           text        NOT NULL CHECK (channel ~ '^[a-z_]{1,40}$'),
    state             text        NOT NULL CHECK (state IN
                        ('received', 'open', 'asked', 'quoted', 'applied', 'met', 'refused', 'revoked')),
    received          timestamptz NOT NULL,
    identity_verified timestamptz,
    checked           timestamptz,
    applied           timestamptz,
    at                timestamptz,            -- by when it is answered; null while no clock runs
    clause            text,                   -- which clause set that
    takes_effect      timestamptz,            -- until when it can be taken back, and when it then happens
    fee               integer     CHECK (fee > 0),   -- in fen, as quoted
    about             uuid,                   -- the request whose answer is complained about
    done              timestamptz,
    ground            text,                   -- of a refusal
    said              bytea,                  -- what the person asks, sealed
    reply             bytea,                  -- what they were told last, sealed
    PRIMARY KEY (subject, request),
    CHECK (at >= received),
    CHECK ((done IS NULL) = (state IN ('received', 'open', 'asked', 'quoted', 'applied'))),
    CHECK ((state = 'refused') = (ground IS NOT NULL)),
    CHECK ((state = 'applied') <= (takes_effect IS NOT NULL))
);
CREATE INDEX request_id ON request (request);
CREATE INDEX request_at ON request (at) WHERE done IS NULL;
CREATE INDEX request_takes_effect ON request (takes_effect) WHERE state = 'applied';
ALTER TABLE request ALTER COLUMN said SET STORAGE EXTERNAL, ALTER COLUMN said SET STATISTICS 0,
    ALTER COLUMN reply SET STORAGE EXTERNAL, ALTER COLUMN reply SET STATISTICS 0;

INSERT INTO request (subject, request, kind, policy, version, channel, state, received, identity_verified, at,
                     done, ground)
SELECT subject, due, kind, policy, 1, 'privacy_page',
       CASE outcome WHEN 'met' THEN 'met' WHEN 'refused' THEN 'refused' ELSE 'open' END,
       received, received, at, done, CASE outcome WHEN 'refused' THEN 'unknown' END
  FROM due;
DROP TABLE due;

GRANT SELECT, INSERT, UPDATE, DELETE ON request TO troth_app;

-- A letter that goes on a person's own right names the request it answers, and who of the staff wrote it.
ALTER TABLE outbox ADD COLUMN request uuid, ADD COLUMN ground text, ADD COLUMN staff uuid,
    ADD CHECK ((request IS NULL) = (ground IS NULL));

-- What is still to be said when there is no account any more: to the person (whose address lies in the sealed
-- farewell plan and nowhere else) and to those who were given something of theirs.
CREATE TABLE farewell_word (
    erasure   uuid        NOT NULL,
    word      uuid        NOT NULL,
    kind      text        NOT NULL CHECK (kind IN ('cancelled', 'certified', 'recipient')),
    recipient text        CHECK ((recipient IS NOT NULL) = (kind = 'recipient')),
    due       timestamptz NOT NULL,
    tries     integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (erasure, word)
);
CREATE INDEX farewell_word_due ON farewell_word (due);
GRANT SELECT, INSERT, DELETE, UPDATE (due, tries) ON farewell_word TO troth_app;

-- Under which policy an erasure was asked for: it says who need not delete.
ALTER TABLE erasure_due ADD COLUMN policy text;
