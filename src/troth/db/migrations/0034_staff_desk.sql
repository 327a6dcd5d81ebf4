-- The staff's own doors: invitations, passkeys, sessions. No names: an opaque id, and what proves it.

-- A one-time setup code, as a hash: 100 random bits need no slow one. Used up when it is taken.
CREATE TABLE staff_invite (
    code_hash bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
    role text NOT NULL,
    made timestamptz NOT NULL,
    expires timestamptz NOT NULL CHECK (expires > made)
);

-- What an authenticator keeps the other half of. The count goes up with each use, where it counts at all.
CREATE TABLE staff_passkey (
    credential bytea PRIMARY KEY CHECK (octet_length(credential) BETWEEN 1 AND 1023),
    staff uuid NOT NULL REFERENCES staff,
    public_key bytea NOT NULL,
    uses bigint NOT NULL CHECK (uses >= 0),
    site text NOT NULL,
    added timestamptz NOT NULL
);
CREATE INDEX staff_passkey_staff ON staff_passkey (staff);

CREATE TABLE staff_session (
    staff uuid NOT NULL REFERENCES staff,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    started timestamptz NOT NULL,
    expires timestamptz NOT NULL CHECK (expires > started),
    PRIMARY KEY (staff, token_hash)
);
