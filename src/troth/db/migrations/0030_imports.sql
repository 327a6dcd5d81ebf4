-- People who come from another system, by file: how far each file has come, and which of its lines were not stored
-- as they stood. Lines and reasons only; nothing here leads from a line to a subject.
CREATE TABLE import_file (
    file    bytea       NOT NULL CHECK (octet_length(file) = 32),   -- SHA-256 of its bytes
    policy  text        NOT NULL,
    reached bigint      NOT NULL DEFAULT 0 CHECK (reached >= 0),    -- rows that were seen to
    stored  bigint      NOT NULL DEFAULT 0 CHECK (stored BETWEEN 0 AND reached),
    began   timestamptz NOT NULL,
    ended   timestamptz,
    PRIMARY KEY (file, policy)
);
CREATE TABLE import_line (
    file   bytea  NOT NULL,
    policy text   NOT NULL,
    line   bigint NOT NULL CHECK (line > 0),
    stored boolean NOT NULL,                                        -- the person is here, without this
    reason text   NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'),
    FOREIGN KEY (file, policy) REFERENCES import_file
);
CREATE INDEX import_line_of ON import_line (file, policy, line);

-- They have no password: a code signs them in.
ALTER TABLE code DROP CONSTRAINT code_purpose_check,
    ADD CONSTRAINT code_purpose_check CHECK (purpose IN ('verify', 'sign_in'));
