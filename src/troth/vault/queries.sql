-- :door
-- Whether a subject is live, holding back every act and the erasure of this subject until commit.
SELECT state FROM subject WHERE subject = %(subject)s FOR NO KEY UPDATE

-- :state
-- Whether a subject is live, as far as committed.
SELECT state FROM subject WHERE subject = %(subject)s

-- :share_epochs
-- Keep the epochs from turning until commit: whoever wraps a key or makes a tag holds this.
SELECT pg_advisory_xact_lock_shared(7421)

-- :turn_epochs
-- Wait until nobody wraps or tags, and keep them out until commit.
SELECT pg_advisory_xact_lock(7421)

-- :one_rotation
-- One rotation at a time; the others wait.
SELECT pg_advisory_xact_lock(7422)

-- :key
-- The wrapped key of a subject's function, retention class and ownership epoch.
SELECT key, kek_epoch, wrapped FROM vault_key
 WHERE subject = %(subject)s AND function = %(function)s AND class = %(class)s AND owner_epoch = %(owner_epoch)s

-- :key_by_id
-- The wrapped key that a sealed row names.
SELECT key, kek_epoch, wrapped FROM vault_key WHERE subject = %(subject)s AND key = %(key)s

-- :add_key
-- A new key; nothing when another transaction was first.
INSERT INTO vault_key (subject, key, function, class, owner_epoch, kek_epoch, wrapped)
VALUES (%(subject)s, %(key)s, %(function)s, %(class)s, %(owner_epoch)s, %(kek_epoch)s, %(wrapped)s)
    ON CONFLICT (subject, function, class, owner_epoch) DO NOTHING

-- :document
-- A subject's document of an item, whoever it is held for.
SELECT record, version, policy_version, sealed FROM document WHERE subject = %(subject)s AND item = %(item)s

-- :document_for
-- A subject's document of an item with the wrap of one function.
SELECT d.record, d.version, d.policy_version, d.sealed, w.function, w.class AS retention, w.kek_epoch, w.wrapped
  FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s
 ORDER BY w.class LIMIT 1

-- :wraps
-- Every wrap of a record's key, in a fixed order.
SELECT function, class AS retention, kek_epoch, wrapped FROM document_wrap
 WHERE subject = %(subject)s AND record = %(record)s ORDER BY function, class

-- :add_document
-- A new document in its first version.
INSERT INTO document (subject, record, item, version, policy_version, at_day, sealed)
VALUES (%(subject)s, %(record)s, %(item)s, %(version)s, %(policy_version)s, %(at_day)s, %(sealed)s)

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
   AND w.function = %(function)s

-- :drop_wraps
-- A function lets go of everything it held of a subject.
DELETE FROM document_wrap WHERE subject = %(subject)s AND function = %(function)s

-- :drop_unwrapped
-- A document dies with its last wrap.
DELETE FROM document d WHERE d.subject = %(subject)s
   AND NOT EXISTS (SELECT FROM document_wrap w WHERE w.subject = d.subject AND w.record = d.record)

-- :drop_keys
-- A function's keys of a subject: what they sealed opens no more.
DELETE FROM vault_key WHERE subject = %(subject)s AND function = %(function)s

-- :drop_blocks
-- A function's event blocks of a subject.
DELETE FROM event_block WHERE subject = %(subject)s AND function = %(function)s

-- :drop_tags
-- A function's look-up tags of a subject.
DELETE FROM blind_index WHERE subject = %(subject)s AND function = %(function)s

-- :see
-- Mark readings as stored; returns those that were not marked before, waiting for whoever marks the same.
INSERT INTO reading_seen (subject, at_day, mark)
SELECT %(subject)s, day, mark FROM unnest(%(days)s::date[], %(marks)s::uuid[]) AS new (day, mark)
 ORDER BY day, mark
    ON CONFLICT DO NOTHING RETURNING mark

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

-- :all_documents
-- Every document of a subject, with the first of its wraps and the names of all that hold it.
SELECT DISTINCT ON (d.record) d.record, d.item, d.version, d.policy_version, d.at_day, d.sealed,
       w.function, w.class AS retention, w.kek_epoch, w.wrapped,
       array_agg(w.function) OVER (PARTITION BY d.record) AS functions
  FROM document d JOIN document_wrap w USING (subject, record)
 WHERE d.subject = %(subject)s AND d.record > %(after)s
 ORDER BY d.record, w.function, w.class LIMIT %(page)s

-- :streams
-- Which functions and retention classes hold events of a subject.
SELECT DISTINCT function, class AS retention FROM vault_key WHERE subject = %(subject)s ORDER BY function, class

-- :find
-- Whose value of a field this is, by its tags of every epoch.
SELECT subject FROM blind_index
 WHERE field = %(field)s AND (epoch, tag) IN (SELECT * FROM unnest(%(epochs)s::int[], %(tags)s::bytea[])) LIMIT 1

-- :claim
-- Make a value findable; nothing when it is claimed already.
INSERT INTO blind_index (field, epoch, tag, subject, key, function, class, policy_version, sealed)
VALUES (%(field)s, %(epoch)s, %(tag)s, %(subject)s, %(key)s, %(function)s, %(class)s, %(policy_version)s, %(sealed)s)
    ON CONFLICT (field, epoch, tag) DO NOTHING

-- :release
-- A subject's value of a field is no longer findable.
DELETE FROM blind_index WHERE subject = %(subject)s AND field = %(field)s
