-- A restore knows that somebody took something back and not who: everybody's is then due, unless they say by then that
-- it was not theirs, by choosing again. What is due because its person said so is not presumed.
ALTER TABLE retention_due ADD COLUMN presumed boolean NOT NULL DEFAULT false;
