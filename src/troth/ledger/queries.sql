-- :new_subject
-- A subject nobody knows anything about yet.
INSERT INTO subject (subject) VALUES (%(subject)s)

-- :put_back_subject
-- A subject whom only the roll of erasures knows; whoever is known already stays as they are.
INSERT INTO subject (subject) VALUES (%(subject)s) ON CONFLICT DO NOTHING

-- :state
-- Whether a subject is live or erased.
SELECT state FROM subject WHERE subject = %(subject)s

-- :state_locked
-- The same, holding every other reader-to-decide and every act of this subject back until commit.
SELECT state FROM subject WHERE subject = %(subject)s FOR NO KEY UPDATE

-- :acts
-- A subject's standing as a history, oldest first.
SELECT kind, policy, at, version, function, item, switch, device, need, separate, language, text_hash,
       age, until
  FROM act WHERE subject = %(subject)s ORDER BY seq

-- :hold
-- Several subjects' rows, locked in the order of their ids, so that nobody waits in a ring; each as it is once
-- the lock is there, whatever was committed during the wait.
SELECT uuid_send(subject) AS subject, state, uuid_send(generation) AS generation
  FROM subject WHERE subject = ANY(%(subjects)s::uuid[]) ORDER BY subject.subject FOR NO KEY UPDATE

-- :acts_of
-- Several subjects' standings as a history, each oldest first.
SELECT subject, kind, policy, at, version, function, item, switch, device, need, separate, language, text_hash,
       age, until
  FROM act WHERE subject = ANY(%(subjects)s::uuid[]) ORDER BY subject, seq

-- :act
-- The next act of a subject whose row the transaction has locked; the standing is of a new generation.
WITH s AS (
    UPDATE subject SET generation = gen_random_uuid(), told = false WHERE subject = %(subject)s
)
INSERT INTO act (subject, seq, kind, policy, at, version, function, item, switch, device, need, separate,
                 language, text_hash, age, until, entry)
SELECT %(subject)s, coalesce(max(seq), 0) + 1, %(kind)s, %(policy)s, %(at)s, %(version)s, %(function)s,
       %(item)s, %(switch)s, %(device)s, %(need)s, %(separate)s, %(language)s, %(text_hash)s, %(age)s,
       %(until)s, %(entry)s
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
-- Add to this minute's count of a decision. The slot is this server process, so that nobody ever waits for another.
INSERT INTO decision_count AS c (policy, function, outcome, reason, minute, slot, n)
VALUES (%(policy)s, %(function)s, %(outcome)s, %(reason)s, %(minute)s, pg_backend_pid(), %(n)s)
    ON CONFLICT (policy, function, outcome, reason, minute, slot) DO UPDATE SET n = c.n + excluded.n

-- :count_all
-- The same for several decisions of one minute, in an order that is the same for everybody.
INSERT INTO decision_count AS c (policy, function, outcome, reason, minute, slot, n)
SELECT policy, function, outcome, reason, %(minute)s, pg_backend_pid(), n
  FROM unnest(%(policies)s::text[], %(functions)s::text[], %(outcomes)s::text[], %(reasons)s::text[],
              %(ns)s::bigint[]) AS new (policy, function, outcome, reason, n)
 ORDER BY policy, function, outcome, reason
    ON CONFLICT (policy, function, outcome, reason, minute, slot) DO UPDATE SET n = c.n + excluded.n

-- :counts
-- Counted decisions of a span, slots added up.
SELECT policy, function, outcome, reason, minute, sum(n)::bigint AS n
  FROM decision_count WHERE minute >= %(since)s AND minute < %(until)s
 GROUP BY policy, function, outcome, reason, minute
 ORDER BY minute, policy, function, outcome, reason

-- :about
-- Every entry about a subject, or those of some kinds, as long as its opening is there.
SELECT e.entry, e.at, e.kind, e.body
  FROM ledger_opening o JOIN ledger_entry e USING (entry)
 WHERE o.subject = %(subject)s AND (%(kinds)s::text[] IS NULL OR e.kind = ANY(%(kinds)s::text[]))
 ORDER BY e.at, e.entry

-- :given_lately
-- What was given away, the newest first; about whom, as long as they are here.
SELECT e.entry, e.at, e.kind, e.body, o.subject
  FROM ledger_entry e LEFT JOIN ledger_opening o USING (entry)
 WHERE e.kind IN ('shared', 'disclosed') ORDER BY e.at DESC, e.entry LIMIT %(limit)s

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
-- Nobody lives here: a standing asked for is None from now on, and whoever knew one is to be told.
UPDATE subject SET state = 'erased', generation = gen_random_uuid(), told = false WHERE subject = %(subject)s

-- :latest
-- The generation of a subject's standing, as far as committed.
SELECT subject, generation FROM subject WHERE subject = %(subject)s

-- :one_teller
-- Whether this transaction may tell; at most one does.
SELECT pg_try_advisory_xact_lock(7424)

-- :untold
-- Whose standing changed and was not told yet.
SELECT subject, generation FROM subject WHERE NOT told ORDER BY subject LIMIT %(most)s

-- :told
-- These changes were told, but for those whose rows somebody holds: they are told again, which is harmless.
WITH free AS (
    SELECT s.subject
      FROM unnest(%(subjects)s::uuid[], %(generations)s::uuid[]) AS t (subject, generation)
      JOIN subject s ON s.subject = t.subject AND s.generation = t.generation
     ORDER BY s.subject FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE subject s SET told = true FROM free WHERE s.subject = free.subject

-- :lead
-- Whether this transaction may number entries; at most one may.
SELECT pg_try_advisory_xact_lock(7430)

-- :lead_waiting
-- The same, waiting for whoever numbers now.
SELECT pg_advisory_xact_lock(7430)

-- :reigns
-- The keys of this ledger, in order.
SELECT number, key, since, handover FROM ledger_key ORDER BY number

-- :add_key
-- The next key. The primary key lets one process be the first.
INSERT INTO ledger_key (number, key, since, handover)
VALUES (%(number)s, %(key)s, %(since)s, %(handover)s)

-- :dequeue_entries
-- They have been seen to, wherever they stood.
DELETE FROM ledger_queue WHERE entry = ANY(%(entries)s)

-- :size
-- How many entries have a number.
SELECT coalesce(max(leaf) + 1, 0) FROM ledger_leaf

-- :latest_head
-- The newest signed head.
SELECT signed FROM ledger_head ORDER BY size DESC LIMIT 1

-- :waiting
-- What waits for a number, in the order of insertion. (Read step by step, each by its key: one large join
-- goes wrong when a backlog has grown faster than the planner's statistics.)
SELECT place, entry FROM ledger_queue WHERE place > %(after)s ORDER BY place LIMIT %(most)s

-- :numbered
-- Which of these entries have a number already.
SELECT entry FROM ledger_leaf WHERE entry = ANY(%(entries)s)

-- :texts
-- Entries with their text.
SELECT entry, at, kind, body FROM ledger_entry WHERE entry = ANY(%(entries)s)

-- :dequeue
-- They have been seen to.
DELETE FROM ledger_queue WHERE place = ANY(%(places)s)

-- :add_leaves
-- Numbered entries. The primary key makes a fork impossible.
INSERT INTO ledger_leaf (leaf, entry, hash)
SELECT * FROM unnest(%(leaves)s::bigint[], %(entries)s::uuid[], %(hashes)s::bytea[])

-- :add_nodes
-- Subtrees that these leaves completed.
INSERT INTO ledger_node (level, index, hash)
SELECT * FROM unnest(%(levels)s::integer[], %(numbers)s::bigint[], %(hashes)s::bytea[])

-- :add_head
-- The head over them.
INSERT INTO ledger_head (size, root, signed, at) VALUES (%(size)s, %(root)s, %(signed)s, %(at)s)

-- :nodes
-- The stored hashes at these addresses.
SELECT w.level, w.number, coalesce(n.hash, l.hash) AS hash
  FROM unnest(%(levels)s::integer[], %(numbers)s::bigint[]) AS w (level, number)
  LEFT JOIN ledger_node n ON n.level = w.level AND n.index = w.number
  LEFT JOIN ledger_leaf l ON w.level = 0 AND l.leaf = w.number
 WHERE n.hash IS NOT NULL OR l.hash IS NOT NULL

-- :place
-- Where an entry stands under the newest head.
SELECT l.leaf, h.size, h.signed
  FROM ledger_leaf l, (SELECT size, signed FROM ledger_head ORDER BY size DESC LIMIT 1) h
 WHERE l.entry = %(entry)s

-- :leaf
-- The number of an entry.
SELECT leaf FROM ledger_leaf WHERE entry = %(entry)s

-- :opened
-- An entry with the salt that opens it to its subject.
SELECT e.body, o.salt FROM ledger_opening o JOIN ledger_entry e USING (entry)
 WHERE o.subject = %(subject)s AND o.entry = %(entry)s

-- :one_view
-- Everything that follows reads the database at one moment.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ

-- :leaves
-- Numbered entries from one number on.
SELECT leaf, entry, hash FROM ledger_leaf WHERE leaf >= %(first)s ORDER BY leaf LIMIT %(most)s

-- :heads
-- Signed heads from one size on.
SELECT size, root, signed, at FROM ledger_head WHERE size >= %(first)s ORDER BY size LIMIT %(most)s

-- :signed
-- Signed heads from one size on, as they were handed out.
SELECT size, signed FROM ledger_head WHERE size >= %(first)s ORDER BY size LIMIT %(most)s

-- :leaf_entries
-- Which entries have the numbers from one up to, not including, another.
SELECT leaf, entry FROM ledger_leaf WHERE leaf >= %(first)s AND leaf < %(end)s ORDER BY leaf

-- :totals
-- How much there is of everything; heads above a size.
SELECT (SELECT count(*) FROM ledger_leaf) AS leaves, (SELECT count(*) FROM ledger_node) AS nodes,
       (SELECT count(*) FROM ledger_head WHERE size > %(first)s OR %(first)s = 0) AS heads, (SELECT count(*) FROM ledger_queue) AS queued

-- :lost
-- An entry that neither has a number nor waits for one.
SELECT entry FROM ledger_entry e
 WHERE NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.entry = e.entry)
   AND NOT EXISTS (SELECT FROM ledger_queue q WHERE q.entry = e.entry) LIMIT 1

-- :emptied
-- An entry that waits for a number and has no text.
SELECT entry FROM ledger_queue q
 WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.entry = q.entry) LIMIT 1

-- :openings
-- Openings with the text they open, and whether an act rests on it; in pages. Those of entries below a number
-- are passed over.
SELECT o.subject, o.entry, o.salt, e.body,
       EXISTS (SELECT FROM act a WHERE a.subject = o.subject AND a.entry = o.entry) AS acted
  FROM ledger_opening o
  LEFT JOIN ledger_entry e USING (entry)
  LEFT JOIN ledger_leaf l USING (entry)
 WHERE (o.subject, o.entry) > (%(subject)s, %(entry)s) AND (l.leaf IS NULL OR l.leaf >= %(first)s)
 ORDER BY o.subject, o.entry LIMIT %(most)s

-- :proven_acts
-- Acts with the text and the opening of the entry that proves them, if they are there, and its number; in pages.
-- Those of entries below a number are passed over.
SELECT a.subject, a.seq, a.entry, o.salt, e.body, l.leaf, a.kind, a.policy, a.at, a.version, a.function, a.item,
       a.switch, a.device, a.need, a.separate, a.language, a.text_hash, a.age, a.until
  FROM act a
  LEFT JOIN ledger_opening o ON o.subject = a.subject AND o.entry = a.entry
  LEFT JOIN ledger_entry e ON e.entry = a.entry
  LEFT JOIN ledger_leaf l ON l.entry = a.entry
 WHERE (a.subject, a.seq) > (%(subject)s, %(seq)s) AND (l.leaf IS NULL OR l.leaf >= %(first)s)
 ORDER BY a.subject, a.seq LIMIT %(most)s

-- :half_erased
-- Someone who is said to be erased and of whom something is left.
SELECT s.subject FROM subject s
 WHERE s.state = 'erased' AND (EXISTS (SELECT FROM act a WHERE a.subject = s.subject)
       OR EXISTS (SELECT FROM ledger_opening o WHERE o.subject = s.subject)) LIMIT 1

-- :under_older
-- Those who accepted a policy, but no version of it from this one on.
SELECT DISTINCT a.subject FROM act a
 WHERE a.policy = %(policy)s AND a.kind = 'accepted' AND a.version < %(version)s AND a.subject > %(after)s
   AND NOT EXISTS (SELECT FROM act b WHERE b.subject = a.subject AND b.policy = a.policy
                      AND b.kind = 'accepted' AND b.version >= %(version)s)
 ORDER BY a.subject LIMIT %(limit)s

-- :stands_under
-- Whether somebody accepted this version and none after it.
SELECT EXISTS (
    SELECT FROM act a WHERE a.policy = %(policy)s AND a.kind = 'accepted' AND a.version = %(version)s
       AND NOT EXISTS (SELECT FROM act b WHERE b.subject = a.subject AND b.policy = a.policy
                          AND b.kind = 'accepted' AND b.seq > a.seq))

-- :endings
-- What has an end.
SELECT policy, function, at, clause FROM function_ending

-- :end_function
-- An end is announced; the first one stands.
INSERT INTO function_ending (policy, function, at, clause)
VALUES (%(policy)s, %(function)s, %(at)s, %(clause)s) ON CONFLICT DO NOTHING

-- :arrive
-- Subjects nobody knows anything about yet; their entries, to be numbered in this order; whom those are about; and the
-- acts that rest on them.
COPY subject (subject) FROM STDIN (FORMAT binary);
COPY ledger_entry (entry, at, kind, body) FROM STDIN (FORMAT binary);
COPY ledger_queue (entry) FROM STDIN (FORMAT binary);
COPY ledger_opening (subject, entry, salt) FROM STDIN (FORMAT binary);
COPY act (subject, seq, kind, policy, at, version, function, item, need, separate, language, text_hash, age, entry)
FROM STDIN (FORMAT binary)
