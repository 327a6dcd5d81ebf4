-- :offer
-- A person was warned and may confirm; the last offer counts.
INSERT INTO cancellation (subject, state, confirm_hash, asked, confirm_by)
VALUES (%(subject)s, %(state)s, %(hash)s, %(now)s, %(confirm_by)s)
ON CONFLICT (subject) DO UPDATE
   SET state = excluded.state, confirm_hash = excluded.confirm_hash,
       asked = excluded.asked, confirm_by = excluded.confirm_by

-- :cancellation
-- Where a cancellation stands, holding it back until commit.
SELECT state, confirm_hash, confirm_by FROM cancellation WHERE subject = %(subject)s FOR NO KEY UPDATE

-- :confirm
-- It was confirmed.
UPDATE cancellation SET state = %(state)s WHERE subject = %(subject)s

-- :receive
-- A request begins to run.
INSERT INTO due (subject, due, kind, policy, received, at)
VALUES (%(subject)s, %(due)s, %(kind)s, %(policy)s, %(received)s, %(at)s)

-- :answer
-- A request has its answer; an answered one keeps its first.
UPDATE due SET done = %(now)s, outcome = %(outcome)s
 WHERE subject = %(subject)s AND due = %(due)s AND done IS NULL
RETURNING subject, due, kind, policy, received, at, done

-- :requests_of
-- Everything a subject asked for.
SELECT subject, due, kind, policy, received, at, done FROM due
 WHERE subject = %(subject)s ORDER BY received, due

-- :overdue
-- Requests whose time has run out.
SELECT subject, due, kind, policy, received, at, done FROM due
 WHERE done IS NULL AND at <= %(now)s ORDER BY at, due

-- :owe
-- By when an erasure has its certificate.
INSERT INTO erasure_due (erasure, at) VALUES (%(erasure)s, %(at)s) ON CONFLICT DO NOTHING

-- :owed
-- Erasures that should be certified by now.
SELECT erasure, at FROM erasure_due WHERE done IS NULL AND at <= %(now)s ORDER BY at, erasure

-- :settle
-- One of them is.
UPDATE erasure_due SET done = %(done)s WHERE erasure = %(erasure)s

-- :sweep_due
-- The requests of who was erased.
DELETE FROM due WHERE subject = %(subject)s

-- :sweep_cancellation
-- Nor is there anything left to confirm.
DELETE FROM cancellation WHERE subject = %(subject)s
