-- :spend_try
-- Pay for one try; no row when the window has none left. A window that is over starts anew.
INSERT INTO try_count AS t (tag, started, n) VALUES (%(tag)s, %(now)s, 1)
ON CONFLICT (tag) DO UPDATE
   SET started = CASE WHEN t.started <= %(expired)s THEN %(now)s ELSE t.started END,
       n = CASE WHEN t.started <= %(expired)s THEN 1 ELSE t.n + 1 END
 WHERE t.started <= %(expired)s OR t.n < %(limit)s
RETURNING started

-- :slow_try
-- Pay for one try of those that come back with time: `started` is when all are back. No row when none is left.
INSERT INTO try_count AS t (tag, started, n) VALUES (%(tag)s, %(now)s + %(every)s, 1)
ON CONFLICT (tag) DO UPDATE
   SET started = greatest(t.started, %(now)s) + %(every)s, n = least(t.n, 1000000) + 1
 WHERE t.started <= %(furthest)s
RETURNING started

-- :tries_started
-- When the window of a tag began.
SELECT started FROM try_count WHERE tag = %(tag)s

-- :hand_back_tries
-- A success: its tries no longer count.
DELETE FROM try_count WHERE tag = %(tag)s

-- :purge_tries
-- Windows that ended long ago.
DELETE FROM try_count WHERE started < %(before)s

-- :begin_session
-- Someone signed in.
INSERT INTO session (subject, token_hash, started, expires)
VALUES (%(subject)s, %(token_hash)s, %(now)s, %(expires)s)

-- :session
-- Whether this token is someone's who is signed in and whose account stands.
SELECT 1 FROM session s JOIN account a USING (subject)
 WHERE s.subject = %(subject)s AND s.token_hash = %(token_hash)s AND s.expires > %(now)s
   AND a.state = 'verified'

-- :sessions
-- Where someone is signed in, the newest first.
SELECT token_hash, started, expires FROM session
 WHERE subject = %(subject)s AND expires > %(now)s
 ORDER BY started DESC, token_hash

-- :end_session
-- Sign out here.
DELETE FROM session WHERE subject = %(subject)s AND token_hash = %(token_hash)s

-- :end_sessions
-- Sign out everywhere.
DELETE FROM session WHERE subject = %(subject)s

-- :purge_sessions
-- Sessions nobody can use any more.
DELETE FROM session WHERE expires <= %(now)s

-- :issue_code
-- One live code per subject and purpose.
INSERT INTO code (subject, purpose, hash, expires, tries)
VALUES (%(subject)s, %(purpose)s, %(hash)s, %(expires)s, 0)
ON CONFLICT (subject, purpose) DO UPDATE
   SET hash = excluded.hash, expires = excluded.expires, tries = 0

-- :try_code
-- Pay for one try at a code and see what it must match; no row when there is none to try.
UPDATE code SET tries = tries + 1
 WHERE subject = %(subject)s AND purpose = %(purpose)s AND expires > %(now)s AND tries < %(limit)s
RETURNING hash

-- :use_code
-- A code is good once; a newer one is left alone.
DELETE FROM code WHERE subject = %(subject)s AND purpose = %(purpose)s AND hash = %(hash)s

-- :write_letter
-- A letter that may go at once.
INSERT INTO outbox (subject, letter, kind, channel, sealed, written, due, expires, request, ground, staff,
                    matter)
VALUES (%(subject)s, %(letter)s, %(kind)s, %(channel)s, %(sealed)s, %(now)s, %(now)s, %(expires)s,
        %(request)s, %(ground)s, %(staff)s, %(matter)s)

-- :count_due_letters
-- How much waits.
SELECT count(*) FROM (
    SELECT 1 FROM outbox WHERE due <= %(now)s LIMIT %(limit)s
) AS waiting

-- :take_due_letter
-- The letter that waits longest and that no other worker holds.
SELECT o.subject, o.letter, o.kind, o.channel, o.sealed, o.expires, o.tries, o.request, o.ground, o.staff,
       o.matter, a.policy, a.language
  FROM outbox o JOIN account a USING (subject)
 WHERE o.due <= %(now)s
 ORDER BY o.due LIMIT 1
   FOR NO KEY UPDATE OF o SKIP LOCKED

-- :end_letter
-- The letter has ended, one way or another: nothing of it stays.
DELETE FROM outbox WHERE subject = %(subject)s AND letter = %(letter)s

-- :letter_taken
-- A worker carries it now; if that worker dies, another takes it then.
UPDATE outbox SET due = %(again)s, tries = tries + 1 WHERE subject = %(subject)s AND letter = %(letter)s

-- :letter_again
-- The carrier did not take it: later.
UPDATE outbox SET due = %(again)s WHERE subject = %(subject)s AND letter = %(letter)s

-- :add_account
-- An account that waits for its code.
INSERT INTO account (subject, policy, language, since, verify_by)
VALUES (%(subject)s, %(policy)s, %(language)s, %(now)s, %(verify_by)s)

-- :account
-- Which policy an account was opened under, and whether its holder proved to be reachable.
SELECT policy, language, state FROM account WHERE subject = %(subject)s

-- :account_policy
-- Which policy an account was opened under.
SELECT policy FROM account WHERE subject = %(subject)s

-- :account_language
-- In which language someone is written to.
SELECT language FROM account WHERE subject = %(subject)s

-- :verify_account
-- Its holder proved to be reachable.
UPDATE account SET state = 'verified'
 WHERE subject = %(subject)s AND state = 'unverified' AND verify_by > %(now)s

-- :unverified
-- Accounts nobody confirmed in time.
SELECT subject, policy FROM account WHERE state = 'unverified' AND verify_by <= %(now)s
 ORDER BY verify_by LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED

-- :drop_account
-- An account and what hangs on it: sessions, codes.
DELETE FROM account WHERE subject = %(subject)s

-- :add_staff
-- A member of staff, by opaque id.
INSERT INTO staff (staff, token_hash, role, since)
VALUES (%(staff)s, %(token_hash)s, %(role)s, %(now)s)

-- :staff
-- Whose token this is, as long as they belong to the staff.
SELECT staff, role FROM staff WHERE staff = %(staff)s AND token_hash = %(token_hash)s AND ended IS NULL

-- :all_staff
-- Everyone who belongs to the staff.
SELECT staff, role FROM staff WHERE ended IS NULL ORDER BY since, staff

-- :end_staff
-- No longer staff.
UPDATE staff SET ended = %(now)s WHERE staff = %(staff)s AND ended IS NULL
RETURNING role

-- :sweep_session
-- Nobody is signed in to what is erased.
DELETE FROM session WHERE subject = %(subject)s

-- :sweep_code
-- Nor can anyone confirm it.
DELETE FROM code WHERE subject = %(subject)s

-- :sweep_outbox
-- Nor is anyone written to.
DELETE FROM outbox WHERE subject = %(subject)s

-- :sweep_account
-- The account itself.
DELETE FROM account WHERE subject = %(subject)s

-- :sweep_told
-- Nor told of anything.
DELETE FROM told WHERE subject = %(subject)s

-- :open_matter
-- Something that people are told of; opened again, it stays as it is.
INSERT INTO matter (matter, kind, policy, version, functions, state, began, at)
VALUES (%(matter)s, %(kind)s, %(policy)s, %(version)s, %(functions)s, %(state)s, %(began)s, %(at)s)
ON CONFLICT DO NOTHING

-- :matter
-- One matter, held until commit.
SELECT matter, kind, policy, version, functions, state, began, at, reached, gathered, announced, closed
  FROM matter WHERE matter = %(matter)s FOR NO KEY UPDATE

-- :matters
-- All matters of a kind, the open ones first.
SELECT matter, kind, policy, version, functions, state, began, at, reached, gathered, announced, closed
  FROM matter WHERE kind = %(kind)s ORDER BY closed IS NOT NULL, began, matter

-- :move_matter
-- It goes on.
UPDATE matter SET state = %(state)s, closed = %(closed)s WHERE matter = %(matter)s

-- :announce_matter
-- From now on everybody can read it; announced again, the first moment stands.
UPDATE matter SET announced = %(now)s WHERE matter = %(matter)s AND announced IS NULL

-- :announced
-- What is public, the newest first; of one policy, or of all.
SELECT matter, kind, policy, version, functions, state, began, at, reached, gathered, announced, closed
  FROM matter WHERE announced <= %(now)s AND (%(policy)s::text IS NULL OR policy = %(policy)s)
 ORDER BY announced DESC, matter LIMIT %(limit)s

-- :say_part
-- What one part of the notice says, in one language.
INSERT INTO matter_text (matter, part, language, said)
VALUES (%(matter)s, %(part)s, %(language)s, %(said)s)
ON CONFLICT (matter, part, language) DO UPDATE SET said = excluded.said

-- :parts_said
-- What was written so far.
SELECT part, language, said FROM matter_text WHERE matter = %(matter)s ORDER BY part, language

-- :owe_step
-- Something to be done by then; noted again, the first date stands.
INSERT INTO matter_due (matter, step, at, clause)
VALUES (%(matter)s, %(step)s, %(at)s, %(clause)s) ON CONFLICT DO NOTHING

-- :steps_of
-- All that is to be done about a matter.
SELECT matter, step, at, clause, done, document FROM matter_due WHERE matter = %(matter)s ORDER BY at, step

-- :do_step
-- It is done; what was done before keeps its date.
UPDATE matter_due SET done = %(now)s, document = %(document)s
 WHERE matter = %(matter)s AND step = %(step)s AND done IS NULL

-- :late_steps
-- What should be done by now.
SELECT matter, step, at, clause, done, document FROM matter_due
 WHERE done IS NULL AND at <= %(now)s ORDER BY at, matter, step

-- :concern
-- Whom a matter concerns; written down again, nothing changes.
INSERT INTO told (subject, matter) SELECT unnest(%(subjects)s::uuid[]), %(matter)s ON CONFLICT DO NOTHING

-- :gathered_up_to
-- How far writing them down has come.
UPDATE matter SET reached = %(reached)s, gathered = %(gathered)s WHERE matter = %(matter)s

-- :to_be_told
-- Some of those who wait to be told.
SELECT subject FROM told WHERE matter = %(matter)s AND state = 'waiting' ORDER BY subject LIMIT %(limit)s

-- :matters_waited_for
-- The open matters of which someone has yet to be told.
SELECT array_agg(matter) FROM matter m WHERE closed IS NULL
   AND EXISTS (SELECT FROM told t WHERE t.matter = m.matter AND t.state = 'waiting')

-- :telling_of
-- How far telling one person has come, held until commit.
SELECT subject, matter, state, tried, seen FROM told
 WHERE subject = %(subject)s AND matter = %(matter)s FOR NO KEY UPDATE

-- :telling_goes_on
-- A letter is on its way, or nothing reaches them.
UPDATE told SET state = %(state)s, tried = %(tried)s, letter = %(letter)s
 WHERE subject = %(subject)s AND matter = %(matter)s

-- :letter_told
-- The letter has ended: it reached them, or the next way is tried.
UPDATE told SET state = %(state)s, tried = tried + %(failed)s
 WHERE subject = %(subject)s AND letter = %(letter)s AND state = 'written'

-- :tellings
-- How many were told how far.
SELECT state, count(*) AS n FROM told WHERE matter = %(matter)s GROUP BY state

-- :told_me
-- What one person is told of, the newest first.
SELECT m.matter, m.kind, m.policy, m.version, m.began, m.at, t.state, t.seen
  FROM told t JOIN matter m USING (matter) WHERE t.subject = %(subject)s AND m.state <> 'declared'
 ORDER BY m.began DESC, m.matter

-- :see_telling
-- They saw it.
UPDATE told SET seen = coalesce(seen, %(now)s) WHERE subject = %(subject)s AND matter = %(matter)s

-- :accounts_after
-- Accounts under a policy, in the order of their ids.
SELECT subject FROM account WHERE policy = %(policy)s AND state = 'verified' AND subject > %(after)s
 ORDER BY subject LIMIT %(limit)s

-- :end_every_session
-- Everybody signs in again.
DELETE FROM session

-- :renew_staff
-- Another token, for as long as they belong to the staff.
UPDATE staff SET token_hash = %(token_hash)s WHERE staff = %(staff)s AND ended IS NULL

-- :copy_accounts
-- Accounts of people who come from elsewhere, reachable as their maker says.
COPY account (subject, policy, language, state, since, verify_by) FROM STDIN (FORMAT binary)

-- :begin_import
-- A file is read for the first time, or once more.
INSERT INTO import_file (file, policy, began) VALUES (%(file)s, %(policy)s, %(now)s) ON CONFLICT DO NOTHING

-- :import
-- How far a file has come.
SELECT reached, stored, ended FROM import_file WHERE file = %(file)s AND policy = %(policy)s

-- :import_held
-- The same, holding back whoever reads the file at the same time.
SELECT reached, stored, ended FROM import_file WHERE file = %(file)s AND policy = %(policy)s FOR NO KEY UPDATE

-- :import_goes_on
-- These rows have been seen to.
UPDATE import_file SET reached = %(reached)s, stored = %(stored)s WHERE file = %(file)s AND policy = %(policy)s

-- :end_import
-- All of them have; the first end stands.
UPDATE import_file SET ended = coalesce(ended, %(now)s) WHERE file = %(file)s AND policy = %(policy)s

-- :copy_import_lines
-- Lines that were not stored as they stood.
COPY import_line (file, policy, line, stored, reason) FROM STDIN (FORMAT binary)

-- :import_lines
-- All of them, in the order of the file.
SELECT line, stored, reason FROM import_line WHERE file = %(file)s AND policy = %(policy)s
 ORDER BY line, reason

-- :staff_role
-- What someone is there for, as long as they belong to the staff.
SELECT role FROM staff WHERE staff = %(staff)s AND ended IS NULL

-- :at_desk
-- Whose session at the desk this is, as long as it lasts and they belong to the staff.
SELECT s.staff, s.role FROM staff_session AS d JOIN staff AS s USING (staff)
 WHERE d.staff = %(staff)s AND d.token_hash = %(token_hash)s AND d.expires > %(now)s AND s.ended IS NULL

-- :add_invite
-- Somebody is awaited.
INSERT INTO staff_invite (code_hash, role, made, expires)
VALUES (%(code_hash)s, %(role)s, %(now)s, %(expires)s)

-- :awaited
-- Whether somebody is, with this code.
SELECT role FROM staff_invite WHERE code_hash = %(code_hash)s AND expires > %(now)s

-- :take_invite
-- They have come, once.
DELETE FROM staff_invite WHERE code_hash = %(code_hash)s AND expires > %(now)s RETURNING role

-- :void_invites
-- Nobody is awaited in this role any more.
DELETE FROM staff_invite WHERE role = %(role)s

-- :purge_invites
-- Who has not come by now is not awaited.
DELETE FROM staff_invite WHERE expires <= %(now)s

-- :any_passkey
-- Whether anybody can come to the desk.
SELECT EXISTS (SELECT FROM staff_passkey)

-- :add_passkey
-- What the other half of is in an authenticator.
INSERT INTO staff_passkey (credential, staff, public_key, uses, site, added)
VALUES (%(credential)s, %(staff)s, %(public_key)s, %(uses)s, %(site)s, %(now)s)

-- :passkey
-- One passkey, at the site that it was made for.
SELECT credential, staff, public_key, uses, site FROM staff_passkey
 WHERE credential = %(credential)s AND site = %(site)s FOR UPDATE

-- :use_passkey
-- It was used.
UPDATE staff_passkey SET uses = %(uses)s WHERE credential = %(credential)s

-- :end_passkeys
-- They open nothing any more.
DELETE FROM staff_passkey WHERE staff = %(staff)s

-- :begin_staff_session
-- Somebody comes to the desk.
INSERT INTO staff_session (staff, token_hash, started, expires)
VALUES (%(staff)s, %(token_hash)s, %(now)s, %(expires)s)

-- :end_staff_session
-- And leaves it.
DELETE FROM staff_session WHERE staff = %(staff)s AND token_hash = %(token_hash)s

-- :end_staff_sessions
-- And leaves it everywhere; only whose session this is can say so.
DELETE FROM staff_session WHERE staff = %(staff)s AND EXISTS (
    SELECT FROM staff_session WHERE staff = %(staff)s AND token_hash = %(token_hash)s)

-- :turn_out_staff
-- They leave it everywhere.
DELETE FROM staff_session WHERE staff = %(staff)s

-- :purge_staff_sessions
-- What has lapsed.
DELETE FROM staff_session WHERE expires <= %(now)s
