-- :one_publisher
-- Only one process at a time looks which policy versions are on record.
SELECT pg_advisory_xact_lock(7422);

-- :published
-- What the ledger says of published policies.
SELECT body FROM ledger_entry WHERE kind = %(kind)s;

-- :clock
-- What the server's clock shows, to be held to ours. Nothing else may ask it: time is a parameter.
SELECT clock_timestamp()
