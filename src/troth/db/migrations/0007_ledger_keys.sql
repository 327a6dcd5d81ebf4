-- The keys of the ledger, and the time of a head as it was signed.

-- Who signs from which size on, each key handed over by the one before. Insert only.
CREATE TABLE ledger_key (
    number integer PRIMARY KEY CHECK (number > 0),
    key text NOT NULL UNIQUE,
    since bigint NOT NULL CHECK (since >= 0),
    handover text NOT NULL
);

-- A head's time is signed in whole seconds; the row now says the same, so that it can be held to it.
UPDATE ledger_head SET at = date_trunc('second', at);
