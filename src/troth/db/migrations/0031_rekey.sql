-- Data keys that have to end before their time, because one reading, or the value beside a look-up tag, that they
-- sealed is no longer held. The row stays until everything else that the key sealed lies under another one and the key
-- is gone, so that whoever goes on after a crash knows where. Says not what was deleted.
-- While a key is on its way out, its owner_epoch is -1 - n: n belongs to the key that stores from then on.
CREATE TABLE rekey_due (
    subject uuid        NOT NULL,
    key     uuid        NOT NULL,
    due     timestamptz NOT NULL,                      -- when it is to be gone on with
    at_day  date        NOT NULL DEFAULT '0001-01-01', -- up to where its blocks have been sealed anew
    block   uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    PRIMARY KEY (subject, key)
);
CREATE INDEX rekey_due_due ON rekey_due (due);
