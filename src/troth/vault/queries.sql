-- :door
-- Whether a subject is live, holding back every act and the erasure of this subject until commit.
SELECT state FROM subject WHERE subject = %(subject)s FOR NO KEY UPDATE

-- :doors
-- The same for several subjects, locked in the order of their ids: how many of them are live.
WITH held AS (
    SELECT state FROM subject WHERE subject = ANY(%(subjects)s::uuid[]) ORDER BY subject FOR NO KEY UPDATE
)
SELECT count(*)::int FROM held WHERE state = 'live'

-- :state
-- Whether a subject is live, as far as committed.
SELECT state FROM subject WHERE subject = %(subject)s

-- :share_epochs
-- Keep the epochs from turning until commit: whoever wraps a key or makes a tag holds this.
SELECT pg_advisory_xact_lock_shared(7421)

-- :turn_epochs
-- Wait until nobody wraps or tags, and keep them out until commit.
SELECT pg_advisory_xact_lock(7421)

-- :key
-- The wrapped key of a subject's function, retention class and ownership epoch.
SELECT key, kek_epoch, wrapped FROM vault_key
 WHERE subject = %(subject)s AND function = %(function)s AND class = %(class)s AND owner_epoch = %(owner_epoch)s

-- :keys
-- The same for several subjects. One table: a join with what is asked for would be planned as if it were a row.
SELECT uuid_send(subject) AS subject, key, kek_epoch, wrapped FROM vault_key
 WHERE subject = ANY(%(subjects)s::uuid[]) AND function = %(function)s AND class = %(class)s
   AND owner_epoch = %(owner_epoch)s

-- :add_key
-- A new key; nothing when another transaction was first.
INSERT INTO vault_key (subject, key, function, class, owner_epoch, kek_epoch, wrapped)
VALUES (%(subject)s, %(key)s, %(function)s, %(class)s, %(owner_epoch)s, %(kek_epoch)s, %(wrapped)s)
    ON CONFLICT (subject, function, class, owner_epoch) DO NOTHING

-- :document
-- A subject's document of an item, whoever it is held for.
SELECT record, version, policy_version, at_day, sealed FROM document
 WHERE subject = %(subject)s AND item = %(item)s AND NOT several

-- :document_of
-- A document by its record.
SELECT record, version, policy_version, at_day, sealed FROM document
 WHERE subject = %(subject)s AND item = %(item)s AND record = %(record)s

-- :document_for
-- A subject's document of an item (or the one of that record) with the wrap of one function, never of a hold.
SELECT d.record, d.version, d.policy_version, d.at_day, d.sealed, w.function, w.class AS retention, w.kek_epoch,
       w.wrapped
  FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s AND w.class <> 'hold'
   AND CASE WHEN %(record)s::uuid IS NULL THEN NOT d.several ELSE d.record = %(record)s END
 ORDER BY w.class LIMIT 1

-- :documents_for
-- Every document of an item that one function holds, oldest first.
SELECT d.record, d.at_day FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s AND w.class <> 'hold'
 ORDER BY d.at_day, d.record

-- :keys_to_hold
-- The records of some items that a function holds, each with the function's wrap.
SELECT d.record, d.item, w.function, w.class AS retention, w.kek_epoch, w.wrapped
  FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.item = ANY(%(items)s) AND w.function = %(function)s AND w.class <> 'hold'
 ORDER BY d.record

-- :wraps
-- Every wrap of a record's key, in a fixed order.
SELECT function, class AS retention, kek_epoch, wrapped FROM document_wrap
 WHERE subject = %(subject)s AND record = %(record)s ORDER BY function, class

-- :add_document
-- A new document in its first version.
INSERT INTO document (subject, record, item, several, version, policy_version, at_day, sealed)
VALUES (%(subject)s, %(record)s, %(item)s, %(several)s, %(version)s, %(policy_version)s, %(at_day)s, %(sealed)s)

-- :keep_version
-- The version before this one, where the policy keeps it.
INSERT INTO document_past (subject, record, version, policy_version, at_day, sealed)
SELECT subject, record, version, policy_version, at_day, sealed FROM document
 WHERE subject = %(subject)s AND record = %(record)s

-- :past
-- The earlier versions of a document, oldest first.
SELECT record, version, policy_version, at_day, sealed FROM document_past
 WHERE subject = %(subject)s AND record = %(record)s ORDER BY version

-- :reseal_past
-- An earlier version under the document's new key.
UPDATE document_past SET sealed = %(sealed)s
 WHERE subject = %(subject)s AND record = %(record)s AND version = %(version)s

-- :set_apart
-- A held document is no longer the one of its item: what replaces it is another.
UPDATE document SET several = true WHERE subject = %(subject)s AND record = %(record)s

-- :drop_record_wraps
-- Every function lets go of a record; a hold does not.
DELETE FROM document_wrap WHERE subject = %(subject)s AND record = %(record)s AND class <> 'hold'

-- :replace_document
-- The next version in place of the last.
UPDATE document SET version = %(version)s, policy_version = %(policy_version)s, at_day = %(at_day)s, sealed = %(sealed)s
 WHERE subject = %(subject)s AND record = %(record)s

-- :add_wrap
-- One more function holds this record.
INSERT INTO document_wrap (subject, record, function, class, kek_epoch, wrapped)
VALUES (%(subject)s, %(record)s, %(function)s, %(class)s, %(kek_epoch)s, %(wrapped)s)

-- :drop_wrap
-- A function lets go of an item.
DELETE FROM document_wrap w USING document d
 WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.subject = d.subject AND w.record = d.record
   AND w.function = %(function)s AND w.class <> 'hold'

-- :drop_wrap_of
-- A function lets go of one record.
DELETE FROM document_wrap
 WHERE subject = %(subject)s AND record = %(record)s AND function = %(function)s AND class <> 'hold'

-- :drop_wraps
-- A function lets go of everything it had of a subject; a law's hold stays.
DELETE FROM document_wrap WHERE subject = %(subject)s AND function = %(function)s AND class <> 'hold'

-- :drop_unwrapped
-- A document dies with its last wrap.
DELETE FROM document d WHERE d.subject = %(subject)s
   AND NOT EXISTS (SELECT FROM document_wrap w WHERE w.subject = d.subject AND w.record = d.record)

-- :drop_past
-- Earlier versions go with their document.
DELETE FROM document_past p WHERE p.subject = %(subject)s
   AND NOT EXISTS (SELECT FROM document d WHERE d.subject = p.subject AND d.record = p.record)

-- :drop_keys
-- A function's keys of a subject: what they sealed opens no more.
DELETE FROM vault_key WHERE subject = %(subject)s AND function = %(function)s

-- :drop_blocks
-- A function's event blocks of a subject.
DELETE FROM event_block WHERE subject = %(subject)s AND function = %(function)s

-- :drop_tags_of
-- A function's look-up tag of one item; returns the key that sealed its value.
DELETE FROM blind_index WHERE subject = %(subject)s AND function = %(function)s AND field = %(item)s RETURNING key

-- :drop_tags
-- A function's look-up tags of a subject.
DELETE FROM blind_index WHERE subject = %(subject)s AND function = %(function)s

-- :see
-- Mark readings as stored; returns those that were not marked before, waiting for whoever marks the same.
INSERT INTO reading_seen (subject, at_day, mark)
SELECT subject, day, mark
  FROM unnest(%(subjects)s::uuid[], %(days)s::date[], %(marks)s::bigint[]) AS new (subject, day, mark)
 ORDER BY subject, day, mark
    ON CONFLICT DO NOTHING RETURNING at_day, mark

-- :store
-- Marks, all of them or none, and the blocks of what they mark, with neither where one is there already. Binary, so
-- that no value can stand in an error's text.
SAVEPOINT store;
COPY reading_seen (subject, at_day, mark) FROM STDIN (FORMAT binary);
COPY event_block (subject, function, class, at_day, block, key, version, policy_version, sealed)
FROM STDIN (FORMAT binary);
RELEASE SAVEPOINT store

-- :unstore
-- After neither.
ROLLBACK TO SAVEPOINT store

-- :copy_marks
-- Mark readings as stored, all of them or none.
COPY reading_seen (subject, at_day, mark) FROM STDIN (FORMAT binary)

-- :copy_blocks
-- Event blocks by binary COPY, so that no value can stand in an error's text.
COPY event_block (subject, function, class, at_day, block, key, version, policy_version, sealed)
FROM STDIN (FORMAT binary)

-- :blocks
-- A page of a function's blocks by day, each with its key as it is now (none: dropped meanwhile).
SELECT b.function, b.class AS retention, b.at_day, b.block, b.key, b.version, b.policy_version, b.sealed,
       k.owner_epoch, k.kek_epoch, k.wrapped
  FROM event_block b LEFT JOIN vault_key k ON k.subject = b.subject AND k.key = b.key
 WHERE b.subject = %(subject)s AND b.function = %(function)s AND b.class = %(class)s
   AND b.at_day BETWEEN %(since)s AND %(until)s
   AND (b.at_day, b.block) > (%(after_day)s, %(after_block)s)
 ORDER BY b.at_day, b.block LIMIT %(page)s

-- :reseal_block
-- The next version of a block in place of the last.
UPDATE event_block SET version = %(version)s, sealed = %(sealed)s
 WHERE subject = %(subject)s AND function = %(function)s AND class = %(class)s AND at_day = %(at_day)s
   AND block = %(block)s AND version = %(version)s - 1

-- :drop_block
-- A block without readings.
DELETE FROM event_block WHERE subject = %(subject)s AND function = %(function)s AND class = %(class)s
   AND at_day = %(at_day)s AND block = %(block)s

-- :oldest_of_function
-- The oldest of each kind that a function holds of a subject: if anything of it is in a backup, that is.
SELECT (SELECT block FROM event_block WHERE subject = %(subject)s AND function = %(function)s
         ORDER BY at_day, block LIMIT 1) AS block,
       NULL::text AS reading,
       (SELECT d.record FROM document d JOIN document_wrap w USING (subject, record)
         WHERE d.subject = %(subject)s AND w.function = %(function)s AND w.class <> 'hold'
         ORDER BY d.at_day, d.record LIMIT 1) AS record,
       (SELECT object FROM media WHERE subject = %(subject)s AND function = %(function)s AND state = 'ready'
         ORDER BY at_day, object LIMIT 1) AS media

-- :pieces_of_item
-- Every document and object of an item that a function holds of a subject.
SELECT NULL::uuid AS block, NULL::text AS reading, d.record AS record, NULL::uuid AS media
  FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s AND w.class <> 'hold'
 UNION
SELECT NULL, NULL, NULL, object FROM media
 WHERE subject = %(subject)s AND item = %(item)s AND function = %(function)s AND state = 'ready' AND of IS NULL

-- :outdated
-- Who holds a document that is older than this version, and of which item it is; a hold is none of them.
SELECT w.function, d.item FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.record = %(record)s AND d.version < %(version)s AND w.class <> 'hold'
 ORDER BY w.function

-- :owners_of
-- Whose rows have one of these ids. Reads whole tables: for a restore.
SELECT block AS id, subject FROM event_block WHERE block = ANY(%(ids)s)
 UNION ALL
SELECT record, subject FROM document WHERE record = ANY(%(ids)s)
 UNION ALL
SELECT object, subject FROM media WHERE object = ANY(%(ids)s)

-- :owe_rekey
-- A key has to end before its time; owed once.
INSERT INTO rekey_due (subject, key, due) VALUES (%(subject)s, %(key)s, %(at)s) ON CONFLICT (subject, key) DO NOTHING

-- :next_rekey
-- The key that is owed an end longest.
SELECT subject, key, at_day, block FROM rekey_due WHERE due <= %(now)s ORDER BY due, subject, key LIMIT 1

-- :rekey
-- How far that has come, as far as committed.
SELECT subject, key, at_day, block FROM rekey_due WHERE subject = %(subject)s AND key = %(key)s

-- :rekey_before
-- Of an owner of keys, the one that waits for its end.
SELECT r.subject, r.key, r.at_day, r.block FROM rekey_due r JOIN vault_key k USING (subject, key)
 WHERE k.subject = %(subject)s AND k.function = %(function)s AND k.class = %(class)s
   AND k.owner_epoch = %(owner_epoch)s

-- :rekey_later
-- It is gone on with then.
UPDATE rekey_due SET due = %(at)s WHERE subject = %(subject)s AND key = %(key)s

-- :rekeyed_up_to
-- Its blocks are sealed anew up to there.
UPDATE rekey_due SET at_day = %(at_day)s, block = %(block)s WHERE subject = %(subject)s AND key = %(key)s

-- :end_rekey
-- It is gone.
DELETE FROM rekey_due WHERE subject = %(subject)s AND key = %(key)s

-- :key_of_rekey
-- A key by its id, with what it is for.
SELECT key, kek_epoch, wrapped, function, class AS retention, owner_epoch FROM vault_key
 WHERE subject = %(subject)s AND key = %(key)s

-- :drop_key
-- One key: what it sealed opens no more.
DELETE FROM vault_key WHERE subject = %(subject)s AND key = %(key)s

-- :tags_of_key
-- The look-up tags whose values a key seals.
SELECT field, policy_version, sealed FROM blind_index WHERE subject = %(subject)s AND key = %(key)s

-- :rekey_tag
-- The value beside a tag under another key.
UPDATE blind_index SET key = %(key)s, sealed = %(sealed)s WHERE subject = %(subject)s AND field = %(field)s

-- :blocks_of_key
-- A page of the blocks that a key seals, by day.
SELECT at_day, block, version, policy_version, sealed FROM event_block
 WHERE subject = %(subject)s AND class = %(class)s AND key = %(key)s
   AND (at_day, block) > (%(after_day)s, %(after_block)s)
 ORDER BY at_day, block LIMIT %(page)s

-- :rekey_block
-- The next version of a block, under another key.
UPDATE event_block SET key = %(key)s, version = %(version)s, sealed = %(sealed)s
 WHERE subject = %(subject)s AND class = %(class)s AND at_day = %(at_day)s AND block = %(block)s
   AND version = %(version)s - 1

-- :classes
-- The retention classes in which a function holds events of a subject.
SELECT DISTINCT class FROM vault_key WHERE subject = %(subject)s AND function = %(function)s ORDER BY class

-- :all_documents
-- Every document of a subject, with the first of its wraps and the names of all that have it; not what only a
-- hold keeps.
SELECT DISTINCT ON (d.record) d.record, d.item, d.version, d.policy_version, d.at_day, d.sealed,
       w.function, w.class AS retention, w.kek_epoch, w.wrapped,
       array_agg(w.function) OVER (PARTITION BY d.record) AS functions
  FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.record > %(after)s AND w.class <> 'hold'
 ORDER BY d.record, w.function, w.class LIMIT %(page)s

-- :streams
-- Which functions hold events of a subject.
SELECT DISTINCT function FROM vault_key WHERE subject = %(subject)s ORDER BY function

-- :find
-- Whose value of a field this is, by its tags of every epoch.
SELECT subject FROM blind_index
 WHERE field = %(field)s AND (epoch, tag) IN (SELECT * FROM unnest(%(epochs)s::int[], %(tags)s::bytea[])) LIMIT 1

-- :taken
-- Which of these tags of a field lead to somebody.
SELECT tag FROM blind_index
 WHERE field = %(field)s AND (epoch, tag) IN (SELECT * FROM unnest(%(epochs)s::int[], %(tags)s::bytea[]))

-- :copy_keys
-- Keys of subjects who have none yet.
COPY vault_key (subject, key, function, class, kek_epoch, wrapped) FROM STDIN (FORMAT binary)

-- :copy_documents
-- Documents in their first version, of subjects who have none yet.
COPY document (subject, record, item, version, policy_version, at_day, sealed) FROM STDIN (FORMAT binary)

-- :copy_wraps
-- Who holds them.
COPY document_wrap (subject, record, function, class, kek_epoch, wrapped) FROM STDIN (FORMAT binary)

-- :copy_tags
-- What they are found by. The primary key lets one subject have a value.
COPY blind_index (field, epoch, tag, subject, key, function, class, policy_version, sealed)
FROM STDIN (FORMAT binary)

-- :claim
-- Make a value findable; nothing when it is claimed already.
INSERT INTO blind_index (field, epoch, tag, subject, key, function, class, policy_version, sealed)
VALUES (%(field)s, %(epoch)s, %(tag)s, %(subject)s, %(key)s, %(function)s, %(class)s, %(policy_version)s, %(sealed)s)
    ON CONFLICT (field, epoch, tag) DO NOTHING

-- :release
-- A subject's value of a field is no longer findable; returns the key that sealed it.
DELETE FROM blind_index WHERE subject = %(subject)s AND field = %(field)s RETURNING key

-- :old_keys_skip
-- A page of data keys wrapped before an epoch, that nobody holds.
SELECT subject, key, function, class AS retention, owner_epoch, kek_epoch, wrapped FROM vault_key
 WHERE (subject, key) > (%(subject)s, %(id)s) AND kek_epoch < %(epoch)s
 ORDER BY subject, key LIMIT %(page)s FOR UPDATE SKIP LOCKED

-- :old_wraps_skip
-- A page of documents' wraps from before an epoch, that nobody holds.
SELECT subject, record, function, class AS retention, kek_epoch, wrapped FROM document_wrap
 WHERE (subject, record, function, class) > (%(subject)s, %(id)s, %(first)s, %(second)s) AND kek_epoch < %(epoch)s
 ORDER BY subject, record, function, class LIMIT %(page)s FOR UPDATE SKIP LOCKED

-- :old_tags_skip
-- A page of tags from before an epoch with their keys, that nobody holds.
SELECT b.subject, b.key, b.function, b.class AS retention, k.owner_epoch, k.kek_epoch, k.wrapped, b.field,
       b.policy_version, b.sealed
  FROM blind_index b JOIN vault_key k ON k.subject = b.subject AND k.key = b.key
 WHERE (b.subject, b.field) > (%(subject)s, %(first)s) AND b.epoch < %(epoch)s
 ORDER BY b.subject, b.field LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED

-- :old_keys_wait
-- A page of data keys wrapped before an epoch, waiting for whoever holds one.
SELECT subject, key, function, class AS retention, owner_epoch, kek_epoch, wrapped FROM vault_key
 WHERE (subject, key) > (%(subject)s, %(id)s) AND kek_epoch < %(epoch)s
 ORDER BY subject, key LIMIT %(page)s FOR UPDATE

-- :old_wraps_wait
-- A page of documents' wraps from before an epoch, waiting for whoever holds one.
SELECT subject, record, function, class AS retention, kek_epoch, wrapped FROM document_wrap
 WHERE (subject, record, function, class) > (%(subject)s, %(id)s, %(first)s, %(second)s) AND kek_epoch < %(epoch)s
 ORDER BY subject, record, function, class LIMIT %(page)s FOR UPDATE

-- :old_tags_wait
-- A page of tags from before an epoch with their keys, waiting for whoever holds one.
SELECT b.subject, b.key, b.function, b.class AS retention, k.owner_epoch, k.kek_epoch, k.wrapped, b.field,
       b.policy_version, b.sealed
  FROM blind_index b JOIN vault_key k ON k.subject = b.subject AND k.key = b.key
 WHERE (b.subject, b.field) > (%(subject)s, %(first)s) AND b.epoch < %(epoch)s
 ORDER BY b.subject, b.field LIMIT %(page)s FOR UPDATE OF b

-- :rewrap_keys
-- Data keys under the new epoch.
UPDATE vault_key k SET wrapped = n.moved, kek_epoch = %(epoch)s
  FROM unnest(%(subjects)s::uuid[], %(ids)s::uuid[], %(moved)s::bytea[]) AS n (subject, key, moved)
 WHERE k.subject = n.subject AND k.key = n.key

-- :rewrap_wraps
-- Documents' wraps under the new epoch.
UPDATE document_wrap w SET wrapped = n.moved, kek_epoch = %(epoch)s
  FROM unnest(%(subjects)s::uuid[], %(ids)s::uuid[], %(firsts)s::text[], %(seconds)s::text[], %(moved)s::bytea[])
       AS n (subject, record, function, class, moved)
 WHERE w.subject = n.subject AND w.record = n.record AND w.function = n.function AND w.class = n.class

-- :retag
-- Tags under the new epoch.
UPDATE blind_index b SET tag = n.moved, epoch = %(epoch)s
  FROM unnest(%(subjects)s::uuid[], %(firsts)s::text[], %(moved)s::bytea[]) AS n (subject, field, moved)
 WHERE b.subject = n.subject AND b.field = n.field

-- :needs_kek
-- How many rows still need a key-encryption key from before an epoch.
SELECT (SELECT count(*) FROM vault_key WHERE kek_epoch < %(epoch)s)
     + (SELECT count(*) FROM document_wrap WHERE kek_epoch < %(epoch)s)
     + (SELECT count(*) FROM media WHERE kek_epoch < %(epoch)s AND wrapped IS NOT NULL)

-- :needs_index
-- How many rows are still found by an index key from before an epoch.
SELECT count(*) FROM blind_index WHERE epoch < %(epoch)s

-- :erase_vault_key
-- A subject's keys.
DELETE FROM vault_key WHERE subject = %(subject)s

-- :erase_document_wrap
-- Every function's wraps of a subject's documents; what a law holds, opens for that duty alone.
DELETE FROM document_wrap WHERE subject = %(subject)s AND class <> 'hold'

-- :erase_blind_index
-- Whatever finds a subject.
DELETE FROM blind_index WHERE subject = %(subject)s

-- :erase_document
-- A subject's sealed documents, without those that a law holds.
DELETE FROM document d WHERE d.subject = %(subject)s
   AND NOT EXISTS (SELECT FROM document_wrap w WHERE w.subject = d.subject AND w.record = d.record)

-- :erase_document_past
-- Their earlier versions, of held ones too.
DELETE FROM document_past WHERE subject = %(subject)s

-- :erase_rekey_due
-- Keys that had to end went with the others.
DELETE FROM rekey_due WHERE subject = %(subject)s

-- :erase_retention_due
-- What would have been over later.
DELETE FROM retention_due WHERE subject = %(subject)s

-- :left_document
-- Documents that nothing holds any more.
SELECT count(*) FROM document d WHERE d.subject = %(subject)s AND NOT EXISTS
       (SELECT FROM document_wrap w WHERE w.subject = d.subject AND w.record = d.record AND w.class = 'hold')

-- :left_document_wrap
-- Wraps that are not of a hold, or of a hold that is not on file.
SELECT count(*) FROM document_wrap w WHERE w.subject = %(subject)s AND (w.class <> 'hold' OR NOT EXISTS
       (SELECT FROM hold h WHERE h.subject = w.subject AND h.record = w.record))

-- :left_hold
-- Holds of nothing.
SELECT count(*) FROM hold h WHERE h.subject = %(subject)s AND NOT EXISTS
       (SELECT FROM document_wrap w WHERE w.subject = h.subject AND w.record = h.record AND w.class = 'hold')

-- :held
-- How many records of a subject a law holds, and until when the last.
SELECT count(DISTINCT record) AS records, max(until) AS until FROM hold WHERE subject = %(subject)s

-- :add_hold
-- A record is held; held again, the later end stands.
INSERT INTO hold (subject, record, clause, document, function, item, began, until)
VALUES (%(subject)s, %(record)s, %(clause)s, %(document)s, %(function)s, %(item)s, %(began)s, %(until)s)
    ON CONFLICT (subject, record, clause, document) DO UPDATE SET until = greatest(hold.until, excluded.until)

-- :held_for
-- The records that a hold keeps for a function, with its wrap.
SELECT d.record, d.item, d.version, d.policy_version, d.at_day, d.sealed, w.function, w.class AS retention,
       w.kek_epoch, w.wrapped, h.until
  FROM document d JOIN document_wrap w USING (subject, record)
  JOIN (SELECT subject, record, max(until) AS until FROM hold
         WHERE subject = %(subject)s GROUP BY subject, record) h USING (subject, record)
 WHERE d.subject = %(subject)s AND w.function = %(function)s AND w.class = 'hold' AND h.until > %(now)s
 ORDER BY d.at_day, d.record

-- :lift_holds
-- What an order keeps of a subject is over now; the next look for what is over ends it.
UPDATE hold SET until = greatest(%(now)s, began + interval '1 microsecond')
 WHERE subject = %(subject)s AND document = %(document)s AND until > %(now)s

-- :prolong_holds
-- What an order keeps of a subject is kept longer.
UPDATE hold SET until = %(until)s
 WHERE subject = %(subject)s AND document = %(document)s AND until > %(now)s AND until < %(until)s

-- :kept
-- What is held of a subject, by what it is and why.
SELECT function, item, clause, document, count(*) AS records, min(began) AS began, max(until) AS until
  FROM hold WHERE subject = %(subject)s AND until > %(now)s
 GROUP BY function, item, clause, document ORDER BY min(began), function, item, clause, document

-- :orders
-- The orders that stand, by whom they are about, the last to end last.
SELECT subject, function, clause, document, count(DISTINCT record) AS records, min(began) AS began,
       max(until) AS until
  FROM hold WHERE document <> %(none)s AND until > %(now)s
 GROUP BY subject, function, clause, document ORDER BY max(until), subject, function, document LIMIT %(page)s

-- :holds_over
-- Whose holds are over.
SELECT DISTINCT subject FROM hold WHERE until <= %(now)s ORDER BY subject LIMIT %(page)s

-- :end_holds
-- The holds of a subject that are over.
DELETE FROM hold WHERE subject = %(subject)s AND until <= %(now)s RETURNING record, clause

-- :drop_held_wraps
-- Of a record that nothing holds any more, the wraps that were a hold's.
DELETE FROM document_wrap w WHERE w.subject = %(subject)s AND w.class = 'hold' AND NOT EXISTS
       (SELECT FROM hold h WHERE h.subject = w.subject AND h.record = w.record)

-- :erase_event_block
-- A subject's sealed events.
DELETE FROM event_block WHERE subject = %(subject)s

-- :erase_reading_seen
-- The marks of a subject's readings.
DELETE FROM reading_seen WHERE subject = %(subject)s

-- :tables_of_subjects
-- Every table with a subject that this role may read; partitions are seen through their parent.
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE a.attname = 'subject' AND NOT a.attisdropped AND a.atttypid = 'uuid'::regtype
   AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
   AND has_table_privilege(c.oid, 'SELECT')
 ORDER BY c.relname

-- :plan_erasure
-- Stage 0.
INSERT INTO erasure (subject, erasure, stage, planned_at, plan, plan_ends, recipients, link_hash, evidence)
VALUES (%(subject)s, %(erasure)s, 0, %(at)s, %(plan)s, %(plan_ends)s, %(recipients)s, %(link_hash)s, %(evidence)s)

-- :renew_link
-- A new link for an erasure that was planned before.
UPDATE erasure SET link_hash = %(link_hash)s WHERE subject = %(subject)s RETURNING erasure

-- :erasure_subject
-- Whose erasure this is.
SELECT subject FROM erasure WHERE erasure = %(erasure)s

-- :door_erasing
-- Wait until nobody stores or adds evidence, and keep them out until commit.
SELECT FROM subject WHERE subject = %(subject)s FOR UPDATE

-- :erasure
-- An erasure as it stands.
SELECT erasure, subject, stage, planned_at, refused_at, unrecoverable_at, swept_at, told_at, certified_at, kek_epoch,
       index_epoch, plan, plan_ends, recipients, evidence, removed, checked, certificate, horizon, backups_at, addendum
  FROM erasure WHERE erasure = %(erasure)s

-- :erasing
-- An erasure as it stands, held until commit.
SELECT erasure, subject, stage, planned_at, refused_at, unrecoverable_at, swept_at, told_at, certified_at, kek_epoch,
       index_epoch, plan, plan_ends, recipients, evidence, removed, checked, certificate, horizon, backups_at, addendum
  FROM erasure WHERE subject = %(subject)s FOR UPDATE

-- :erasure_by_link
-- The erasure that an unspent link shows, as long as its plan lasts; and once more, for the addendum, in the time
-- after the horizon.
SELECT erasure, subject, stage, planned_at, refused_at, unrecoverable_at, swept_at, told_at, certified_at, kek_epoch,
       index_epoch, plan, plan_ends, recipients, evidence, removed, checked, certificate, horizon, backups_at, addendum
  FROM erasure WHERE (link_hash = %(link_hash)s AND plan_ends > %(at)s)
     OR (link_hash = %(once_more)s AND greatest(plan_ends, horizon + %(lasts)s) > %(at)s) FOR UPDATE

-- :certificate_handed_out
-- Whether a link brought the certificate before, and waits for the addendum.
SELECT link_hash = %(once_more)s FROM erasure WHERE subject = %(subject)s

-- :spend_link
-- What a link was for was handed out: with what comes after, it opens that alone.
UPDATE erasure SET link_hash = %(link_hash)s WHERE subject = %(subject)s

-- :due_erasures
-- Erasures with a step before them, or a plan left to destroy. The last step waits for the horizon, and until every
-- copy of an epoch's key that could open a backup is gone: it needs epochs before the oldest that is still kept.
SELECT erasure FROM erasure
 WHERE stage < %(stage)s OR plan IS NOT NULL
    OR stage = %(stage)s AND horizon <= %(now)s AND kek_epoch < %(kek_kept)s AND index_epoch < %(index_kept)s
 ORDER BY planned_at, erasure

-- :reach_refused
-- Stage 1.
UPDATE erasure SET stage = 1, refused_at = %(at)s, evidence = evidence || %(evidence)s, removed = %(removed)s,
       kek_epoch = %(kek_epoch)s, index_epoch = %(index_epoch)s
 WHERE subject = %(subject)s AND stage = 0

-- :reach_unrecoverable
-- Stage 2.
UPDATE erasure SET stage = 2, unrecoverable_at = %(at)s, evidence = evidence || %(evidence)s
 WHERE subject = %(subject)s AND stage = 1

-- :reach_swept
-- Stage 3.
UPDATE erasure SET stage = 3, swept_at = %(at)s, evidence = evidence || %(evidence)s, removed = %(removed)s,
       checked = %(checked)s
 WHERE subject = %(subject)s AND stage = 2

-- :reach_told
-- Stage 4.
UPDATE erasure SET stage = 4, told_at = %(at)s, evidence = evidence || %(evidence)s
 WHERE subject = %(subject)s AND stage = 3

-- :reach_certified
-- Stage 5.
UPDATE erasure SET stage = 5, certified_at = %(at)s, evidence = evidence || %(evidence)s, certificate = %(certificate)s,
       horizon = %(horizon)s
 WHERE subject = %(subject)s AND stage = 4

-- :reach_backups
-- Stage 6.
UPDATE erasure SET stage = 6, backups_at = %(at)s, evidence = evidence || %(evidence)s, addendum = %(addendum)s
 WHERE subject = %(subject)s AND stage = 5

-- :note_told
-- A recipient is told.
INSERT INTO erasure_told (subject, recipient, told_at) VALUES (%(subject)s, %(recipient)s, %(at)s)

-- :acknowledge
-- A recipient acknowledged.
UPDATE erasure_told t SET acknowledged_at = coalesce(acknowledged_at, %(at)s)
  FROM erasure e WHERE e.erasure = %(erasure)s AND t.subject = e.subject AND t.recipient = %(recipient)s

-- :told
-- Who was told and acknowledged when.
SELECT recipient, acknowledged_at FROM erasure_told WHERE subject = %(subject)s ORDER BY recipient

-- :tellings
-- Who was asked to delete what they had of someone who is gone, those who owe it first.
SELECT e.erasure, t.recipient, t.told_at, t.acknowledged_at
  FROM erasure_told t JOIN erasure e USING (subject)
 ORDER BY t.acknowledged_at IS NOT NULL, t.told_at DESC, e.erasure, t.recipient LIMIT %(limit)s

-- :end_plan
-- The farewell is said, or its time is over.
UPDATE erasure SET plan = NULL WHERE subject = %(subject)s

-- :planned
-- The erasures whose plan's key is needed.
SELECT erasure FROM erasure WHERE plan IS NOT NULL

-- :epoch_rows
-- How many rows depend on an epoch's key.
SELECT (SELECT count(*) FROM vault_key) + (SELECT count(*) FROM document_wrap) + (SELECT count(*) FROM blind_index)
     + (SELECT count(*) FROM media WHERE wrapped IS NOT NULL)

-- :settle_function
-- What a function held is gone, so nothing of it is due.
DELETE FROM retention_due WHERE subject = %(subject)s AND function = %(function)s

-- :owe_whole
-- When all that a function holds is over, or all of one item: the earliest end stands, and one that is known before
-- one that is presumed.
INSERT INTO retention_due (subject, function, record, item, at, outcome, presumed)
VALUES (%(subject)s, %(function)s, %(record)s, %(item)s, %(at)s, %(outcome)s, %(presumed)s)
    ON CONFLICT (subject, function, record) DO UPDATE
       SET at = excluded.at, outcome = excluded.outcome, presumed = excluded.presumed
     WHERE (excluded.presumed, excluded.at, excluded.outcome <> 'delete')
         < (retention_due.presumed, retention_due.at, retention_due.outcome <> 'delete')

-- :not_over
-- What was presumed to be over is not.
DELETE FROM retention_due
 WHERE subject = %(subject)s AND function = %(function)s AND record = %(record)s AND presumed

-- :owe_record
-- When one document is over: counted from its last version.
INSERT INTO retention_due (subject, function, record, at, outcome)
VALUES (%(subject)s, %(function)s, %(record)s, %(at)s, %(outcome)s)
    ON CONFLICT (subject, function, record) DO UPDATE SET at = excluded.at, outcome = excluded.outcome

-- :due_now
-- What is over by now, the oldest first.
SELECT subject, function, record, item, outcome FROM retention_due WHERE at <= %(now)s
 ORDER BY at, subject, function, record LIMIT %(page)s

-- :due_of
-- Everything of a function, or all of one item, that is due, now or later.
SELECT subject, function, record, item, outcome FROM retention_due
 WHERE subject = %(subject)s AND function = %(function)s AND record = %(record)s

-- :settle
-- One of them is done, unless its end was moved meanwhile.
DELETE FROM retention_due
 WHERE subject = %(subject)s AND function = %(function)s AND record = %(record)s AND at <= %(now)s

-- :item_of
-- Of what item a document, or an object of media, is, and of which day.
SELECT item, at_day FROM document WHERE subject = %(subject)s AND record = %(record)s
UNION ALL
SELECT item, at_day FROM media WHERE subject = %(subject)s AND object = %(record)s

-- :more_of
-- Whether a function holds anything else of an item, document or media.
SELECT EXISTS (SELECT FROM document d JOIN document_wrap w USING (subject, record)
                WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s
                  AND w.class <> 'hold')
    OR EXISTS (SELECT FROM media
                WHERE subject = %(subject)s AND item = %(item)s AND function = %(function)s AND state = 'ready')

-- :items_for
-- Of what items a function holds documents, and how many of each.
SELECT d.item, d.at_day FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND w.function = %(function)s AND w.class <> 'hold'

-- :items_of_one
-- The same of one item.
SELECT d.item, d.at_day FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s AND w.class <> 'hold'

-- :count_anonymous
-- More readings of a month, without whose they were.
INSERT INTO anonymous AS a (function, item, month, readings)
VALUES (%(function)s, %(item)s, %(month)s, %(readings)s)
    ON CONFLICT (function, item, month) DO UPDATE SET readings = a.readings + excluded.readings

-- :blocks_over
-- Whose blocks of a class are over altogether.
SELECT DISTINCT subject, function FROM event_block
 WHERE class = %(class)s AND at_day < %(before)s ORDER BY subject, function LIMIT %(page)s

-- :drop_blocks_before
-- A function's blocks of a class that are over altogether.
DELETE FROM event_block WHERE subject = %(subject)s AND function = %(function)s AND class = %(class)s
   AND at_day < %(before)s

-- :note_deletion
-- Keys were deleted: their epoch has to end.
INSERT INTO vault_deletion (at) VALUES (%(at)s)

-- :deletions_waiting
-- All deletions, when the oldest of them waits since then; NULL otherwise.
SELECT array_agg(id) FROM vault_deletion HAVING min(at) <= %(before)s

-- :deletions_done
-- The epoch that these waited for is over.
DELETE FROM vault_deletion WHERE id = ANY(%(ids)s)

-- :holders_after
-- Those of whom something is held for one of these functions, in the order of their ids.
SELECT subject FROM (
    SELECT subject FROM vault_key WHERE function = ANY(%(functions)s) AND subject > %(after)s
    UNION
    SELECT subject FROM document_wrap WHERE function = ANY(%(functions)s) AND subject > %(after)s
    UNION
    SELECT subject FROM media WHERE function = ANY(%(functions)s) AND subject > %(after)s AND state <> 'gone'
) AS held
 ORDER BY subject LIMIT %(limit)s

-- :begin_media
-- An upload begins: its key exists before its first byte.
INSERT INTO media (subject, object, function, class, item, of, state, began, at_day, policy_version, kek_epoch, wrapped)
VALUES (%(subject)s, %(object)s, %(function)s, %(class)s, %(item)s, %(of)s, 'uploading', %(began)s, %(at_day)s,
        %(policy_version)s, %(kek_epoch)s, %(wrapped)s)

-- :finish_media
-- An upload is whole and in time, and nothing it belongs to was forgotten meanwhile.
UPDATE media m SET state = 'ready', settled = true, size = %(size)s, told = %(told)s
 WHERE m.subject = %(subject)s AND m.object = %(object)s AND m.state = 'uploading' AND m.began > %(since)s
   AND (m.of IS NULL OR EXISTS (SELECT FROM media o WHERE o.subject = m.subject AND o.object = m.of
                                   AND o.state = 'ready'))

-- :media
-- An object that a function holds.
SELECT subject, object, function, class AS retention, item, state, at_day, policy_version, size, told, kek_epoch, wrapped
  FROM media WHERE subject = %(subject)s AND object = %(object)s AND function = %(function)s

-- :media_of
-- A page of what is held of a subject's media that came on a day or later, for every function.
SELECT subject, object, function, class AS retention, item, state, at_day, policy_version, size, told, kek_epoch, wrapped
  FROM media
 WHERE subject = %(subject)s AND state = 'ready' AND object > %(after)s AND at_day >= %(since)s
 ORDER BY object LIMIT %(page)s

-- :media_days
-- On which days a subject's media came, the newest first.
SELECT DISTINCT at_day FROM media WHERE subject = %(subject)s AND state = 'ready' ORDER BY at_day DESC

-- :one_of_media
-- One object of a subject, for whichever function.
SELECT subject, object, function, class AS retention, item, state, at_day, policy_version, size, told, kek_epoch, wrapped
  FROM media WHERE subject = %(subject)s AND object = %(object)s AND state = 'ready'

-- :uploads_of
-- How many uploads of a subject are under way.
SELECT count(*) FROM media WHERE subject = %(subject)s AND state = 'uploading' AND began > %(since)s

-- :media_size
-- How much media of a subject there is, in bytes.
SELECT coalesce(sum(size), 0)::bigint FROM media WHERE subject = %(subject)s AND state = 'ready'

-- :give_up_media
-- An upload that will not be finished, and that nobody writes to any more.
UPDATE media SET state = 'gone', settled = true, wrapped = NULL
 WHERE subject = %(subject)s AND object = %(object)s AND state <> 'ready'

-- :media_state
-- Whether an object is there, as far as committed.
SELECT state FROM media WHERE subject = %(subject)s AND object = %(object)s

-- :forget_media
-- An object and its thumbnails open no more.
UPDATE media SET state = 'gone', wrapped = NULL
 WHERE subject = %(subject)s AND function = %(function)s AND %(record)s IN (object, of) AND state <> 'gone'

-- :close_media
-- What a function holds of media opens no more.
UPDATE media SET state = 'gone', wrapped = NULL
 WHERE subject = %(subject)s AND function = %(function)s AND state <> 'gone'

-- :close_media_of
-- What a function holds of one item of media opens no more, with what belongs to it.
UPDATE media m SET state = 'gone', wrapped = NULL
 WHERE m.subject = %(subject)s AND m.function = %(function)s AND m.state <> 'gone'
   AND (m.item = %(item)s OR EXISTS (SELECT FROM media o WHERE o.subject = m.subject AND o.object = m.of
                                        AND o.item = %(item)s))

-- :erase_media
-- A subject's media opens no more.
UPDATE media SET state = 'gone', wrapped = NULL WHERE subject = %(subject)s AND state <> 'gone'

-- :lapse_media
-- Uploads that nobody finished in time.
UPDATE media SET state = 'gone', wrapped = NULL WHERE state = 'uploading' AND began <= %(since)s

-- :gone_media
-- Objects whose bytes are to be deleted and that nobody can be writing to.
SELECT subject, object FROM media WHERE state = 'gone' AND (settled OR began <= %(since)s)
 ORDER BY began LIMIT %(page)s FOR UPDATE SKIP LOCKED

-- :drop_media
-- The bytes of this one are deleted.
DELETE FROM media WHERE subject = %(subject)s AND object = %(object)s

-- :media_left
-- How many objects of a subject are still to be swept.
SELECT count(*) FROM media WHERE subject = %(subject)s

-- :old_media_skip
-- A page of objects' wraps from before an epoch, that nobody holds.
SELECT subject, object, function, class AS retention, kek_epoch, wrapped FROM media
 WHERE (subject, object) > (%(subject)s, %(id)s) AND kek_epoch < %(epoch)s AND wrapped IS NOT NULL
 ORDER BY subject, object LIMIT %(page)s FOR UPDATE SKIP LOCKED

-- :old_media_wait
-- A page of objects' wraps from before an epoch, waiting for whoever holds one.
SELECT subject, object, function, class AS retention, kek_epoch, wrapped FROM media
 WHERE (subject, object) > (%(subject)s, %(id)s) AND kek_epoch < %(epoch)s AND wrapped IS NOT NULL
 ORDER BY subject, object LIMIT %(page)s FOR UPDATE

-- :rewrap_media
-- Objects' wraps under the new epoch.
UPDATE media m SET wrapped = n.moved, kek_epoch = %(epoch)s
  FROM unnest(%(subjects)s::uuid[], %(ids)s::uuid[], %(moved)s::bytea[]) AS n (subject, object, moved)
 WHERE m.subject = n.subject AND m.object = n.object AND m.wrapped IS NOT NULL

-- :newest_day
-- The newest day up to one with anything collected of a subject.
SELECT max(day) FROM (
  SELECT max(at_day) AS day FROM event_block WHERE subject = %(subject)s AND at_day <= %(until)s
  UNION ALL
  SELECT max(d.at_day) FROM document d JOIN document_wrap w USING (subject, record)
   WHERE d.subject = %(subject)s AND w.class <> 'hold' AND d.at_day <= %(until)s
  UNION ALL
  SELECT max(at_day) FROM media WHERE subject = %(subject)s AND state = 'ready' AND at_day <= %(until)s
) AS days

-- :marks_of_days
-- What lies on some days of a subject, by function; of events without their items, which are sealed.
SELECT at_day AS day, 'events' AS trace, function, '' AS item FROM event_block
 WHERE subject = %(subject)s AND at_day BETWEEN %(since)s AND %(until)s GROUP BY at_day, function
 UNION ALL
SELECT d.at_day, 'document', w.function, d.item FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND w.class <> 'hold' AND d.at_day BETWEEN %(since)s AND %(until)s
 UNION ALL
SELECT at_day, 'media', function, item FROM media
 WHERE subject = %(subject)s AND state = 'ready' AND of IS NULL AND at_day BETWEEN %(since)s AND %(until)s
 ORDER BY day DESC, trace, function, item
