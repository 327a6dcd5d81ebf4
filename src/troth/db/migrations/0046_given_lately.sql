-- What was given away, the newest first, without reading everything else that is on record.
CREATE INDEX ledger_entry_given ON ledger_entry (at) WHERE kind IN ('shared', 'disclosed');
