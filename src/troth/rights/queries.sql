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

-- :confirmed_spent
-- What was confirmed waits as a request now; the token is spent.
DELETE FROM cancellation WHERE subject = %(subject)s

-- :receive
-- A request begins to run.
INSERT INTO request (subject, request, kind, policy, version, channel, state, received, identity_verified,
                     at, clause, about, said)
VALUES (%(subject)s, %(request)s, %(kind)s, %(policy)s, %(version)s, %(channel)s, %(state)s, %(received)s,
        %(identity_verified)s, %(at)s, %(clause)s, %(about)s, %(said)s)

-- :request
-- One request, holding it back until commit.
SELECT subject, request, kind, policy, version, channel, state, received, identity_verified, checked, applied,
       at, clause, takes_effect, fee, about, done, ground, said, reply
  FROM request WHERE subject = %(subject)s AND request = %(request)s FOR NO KEY UPDATE

-- :step
-- It moved on. An ended one keeps its end.
UPDATE request
   SET state = %(state)s, identity_verified = %(identity_verified)s, checked = %(checked)s,
       applied = %(applied)s, at = %(at)s, clause = %(clause)s, takes_effect = %(takes_effect)s,
       fee = %(fee)s, done = %(done)s, ground = %(ground)s, said = %(said)s, reply = %(reply)s
 WHERE subject = %(subject)s AND request = %(request)s AND done IS NULL

-- :whose_request
-- Whom a request is of; its number alone is known at the desk.
SELECT subject FROM request WHERE request = %(request)s

-- :requests_of
-- Everything a subject asked for.
SELECT subject, request, kind, policy, version, channel, state, received, identity_verified, checked, applied,
       at, clause, takes_effect, fee, about, done, ground, said, reply
  FROM request WHERE subject = %(subject)s ORDER BY received, request

-- :answered_before
-- Whether they asked for the same before and were answered.
SELECT 1 FROM request
 WHERE subject = %(subject)s AND request <> %(request)s AND kind = %(kind)s AND received <= %(received)s
   AND state IN ('met', 'refused') LIMIT 1

-- :inbox
-- What waits for an answer, the most urgent first; what has no deadline yet comes last.
SELECT subject, request, kind, policy, version, channel, state, received, identity_verified, checked, applied,
       at, clause, takes_effect, fee, about, done, ground, said, reply
  FROM request WHERE done IS NULL ORDER BY at NULLS LAST, received, request LIMIT %(limit)s

-- :overdue
-- Requests whose time has run out. One that takes effect by itself is for `effective`.
SELECT request, at FROM request
 WHERE done IS NULL AND state <> 'applied' AND at <= %(now)s ORDER BY at, request

-- :effective
-- What takes effect now, oldest first: it was not taken back in time.
SELECT subject, request FROM request
 WHERE state = 'applied' AND takes_effect <= %(now)s ORDER BY takes_effect, request LIMIT %(limit)s

-- :owe
-- By when an erasure has its certificate, and under which policy it was asked for.
INSERT INTO erasure_due (erasure, at, policy) VALUES (%(erasure)s, %(at)s, %(policy)s) ON CONFLICT DO NOTHING

-- :owed
-- Erasures that should be certified by now.
SELECT erasure, at FROM erasure_due WHERE done IS NULL AND at <= %(now)s ORDER BY at, erasure

-- :owed_under
-- The policy an erasure was asked for under.
SELECT policy FROM erasure_due WHERE erasure = %(erasure)s

-- :owed_by
-- By when an erasure has its certificate.
SELECT at FROM erasure_due WHERE erasure = %(erasure)s

-- :settle
-- One of them is.
UPDATE erasure_due SET done = %(done)s WHERE erasure = %(erasure)s

-- :write_word
-- Something is still to be said after an erasure began; said once to each.
INSERT INTO farewell_word (erasure, word, kind, recipient, due, said)
VALUES (%(erasure)s, %(word)s, %(kind)s, %(recipient)s, %(now)s, %(said)s) ON CONFLICT DO NOTHING

-- :take_word
-- The word that waits longest and that no other worker holds.
SELECT erasure, word, kind, recipient, tries, said FROM farewell_word WHERE due <= %(now)s
 ORDER BY due LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED

-- :word_later
-- A worker has it, or the carrier did not take it: another try then.
UPDATE farewell_word SET due = %(again)s, tries = tries + 1 WHERE erasure = %(erasure)s AND word = %(word)s

-- :end_word
-- It was said, or nobody can be reached any more.
DELETE FROM farewell_word WHERE erasure = %(erasure)s AND word = %(word)s

-- :words_left
-- Whether the person is still to be written to, so that their address is needed.
SELECT 1 FROM farewell_word WHERE erasure = %(erasure)s AND kind <> 'recipient' LIMIT 1

-- :sweep_request
-- The requests of who was erased.
DELETE FROM request WHERE subject = %(subject)s

-- :sweep_cancellation
-- Nor is there anything left to confirm.
DELETE FROM cancellation WHERE subject = %(subject)s
