-- :new_subject
-- A subject nobody knows anything about yet.
INSERT INTO subject (subject) VALUES (%(subject)s)

-- :state
-- Whether a subject is live or erased.
SELECT state FROM subject WHERE subject = %(subject)s

-- :state_locked
-- The same, holding every other reader-to-decide and every act of this subject back until commit.
SELECT state FROM subject WHERE subject = %(subject)s FOR NO KEY UPDATE

-- :acts
-- A subject's standing as a history, oldest first.
SELECT kind, policy, at, version, function, item, switch, device, need, separate, language, text_hash
  FROM act WHERE subject = %(subject)s ORDER BY seq

-- :act
-- The next act of a subject whose row the transaction has locked.
INSERT INTO act (subject, seq, kind, policy, at, version, function, item, switch, device, need, separate,
                 language, text_hash, entry)
SELECT %(subject)s, coalesce(max(seq), 0) + 1, %(kind)s, %(policy)s, %(at)s, %(version)s, %(function)s,
       %(item)s, %(switch)s, %(device)s, %(need)s, %(separate)s, %(language)s, %(text_hash)s, %(entry)s
  FROM act WHERE subject = %(subject)s

-- :append
-- An entry about nobody, waiting for its number.
WITH e AS (
    INSERT INTO ledger_entry (entry, at, kind, body) VALUES (%(entry)s, %(at)s, %(kind)s, %(body)s)
)
INSERT INTO ledger_queue (entry) VALUES (%(entry)s)

-- :append_about
-- An entry about a subject. The opening is kept only while there is someone to open it for.
WITH e AS (
    INSERT INTO ledger_entry (entry, at, kind, body) VALUES (%(entry)s, %(at)s, %(kind)s, %(body)s)
), q AS (
    INSERT INTO ledger_queue (entry) VALUES (%(entry)s)
)
INSERT INTO ledger_opening (subject, entry, salt)
SELECT subject, %(entry)s, %(salt)s FROM subject
 WHERE subject = %(subject)s AND state = 'live' FOR KEY SHARE

-- :count
-- Add to this minute's count of a decision; one slot per connection.
INSERT INTO decision_count AS c (policy, function, outcome, reason, minute, slot, n)
VALUES (%(policy)s, %(function)s, %(outcome)s, %(reason)s, %(minute)s, pg_backend_pid() %% 64, %(n)s)
    ON CONFLICT (policy, function, outcome, reason, minute, slot) DO UPDATE SET n = c.n + excluded.n

-- :counts
-- Counted decisions of a span, slots added up.
SELECT policy, function, outcome, reason, minute, sum(n)::bigint AS n
  FROM decision_count WHERE minute >= %(since)s AND minute < %(until)s
 GROUP BY policy, function, outcome, reason, minute
 ORDER BY minute, policy, function, outcome, reason

-- :about
-- Every entry about a subject, as long as its opening is there.
SELECT e.entry, e.at, e.kind, e.body
  FROM ledger_opening o JOIN ledger_entry e USING (entry)
 WHERE o.subject = %(subject)s ORDER BY e.at, e.entry

-- :forget_lock
-- Hold back even evidence about this subject while they are forgotten.
SELECT state FROM subject WHERE subject = %(subject)s FOR UPDATE

-- :forget_acts
-- Standing gone.
DELETE FROM act WHERE subject = %(subject)s

-- :forget_openings
-- No entry leads to this subject any more.
DELETE FROM ledger_opening WHERE subject = %(subject)s

-- :forget_subject
-- Nobody lives here: a standing asked for is None from now on.
UPDATE subject SET state = 'erased' WHERE subject = %(subject)s
