-- :stock
-- Put a device into the maker's stock, once.
INSERT INTO device_stock (epoch, tag, code_tag, model, supplier)
VALUES (%(epoch)s, %(tag)s, %(code_tag)s, %(model)s, %(supplier)s)
    ON CONFLICT DO NOTHING

-- :stocked
-- The stock row of a serial number under any live index epoch, held until commit.
SELECT s.epoch, s.tag, s.code_tag, s.model, s.bound, s.supplier
  FROM unnest(%(epochs)s::integer[], %(tags)s::bytea[]) AS k (epoch, tag)
  JOIN device_stock s ON s.epoch = k.epoch AND s.tag = k.tag
   FOR UPDATE OF s

-- :take
-- A stocked device finds an owner.
UPDATE device_stock SET bound = true WHERE epoch = %(epoch)s AND tag = %(tag)s

-- :free
-- It lost its owner.
UPDATE device_stock SET bound = false WHERE epoch = %(epoch)s AND tag = %(tag)s

-- :bind
-- A device of a subject.
INSERT INTO device (subject, device, policy, token, secret_hash, stock_epoch, stock_tag, bound_day,
                    kind, seen_by)
VALUES (%(subject)s, %(device)s, %(policy)s, %(token)s, %(secret_hash)s, %(stock_epoch)s, %(stock_tag)s,
        %(bound_day)s, %(kind)s, %(seen_by)s)

-- :name_token
-- Where the token leads.
INSERT INTO device_token (token, subject, device) VALUES (%(token)s, %(subject)s, %(device)s)

-- :of_token
-- Whose device shows this token.
SELECT d.subject, d.device, d.policy, d.token, d.secret_hash, d.stock_epoch, d.stock_tag, d.bound_day,
       d.kind, d.seen_by
  FROM device_token t JOIN device d ON d.subject = t.subject AND d.device = t.device
 WHERE t.token = %(token)s AND d.token = t.token

-- :led
-- Whom these tokens lead to.
SELECT token, subject FROM device_token WHERE token = ANY(%(tokens)s::text[])

-- :of_tokens
-- Which devices show these tokens.
SELECT d.subject, d.device, d.policy, d.token, d.kind
  FROM device_token t JOIN device d ON d.subject = t.subject AND d.device = t.device
 WHERE t.token = ANY(%(tokens)s::text[]) AND d.token = t.token

-- :of_subject
-- A subject's devices, in the order they came.
SELECT d.subject, d.device, d.policy, d.token, d.secret_hash, d.stock_epoch, d.stock_tag, d.bound_day,
       d.kind, d.seen_by
  FROM device d WHERE d.subject = %(subject)s ORDER BY d.bound_day, d.device

-- :model
-- The model that the maker stocked.
SELECT model FROM device_stock WHERE epoch = %(epoch)s AND tag = %(tag)s

-- :supplier
-- Who supplied a device, as the maker stocked it.
SELECT supplier FROM device_stock WHERE epoch = %(epoch)s AND tag = %(tag)s

-- :one
-- One device of a subject.
SELECT subject, device, policy, token, secret_hash, stock_epoch, stock_tag, bound_day, kind, seen_by
  FROM device WHERE subject = %(subject)s AND device = %(device)s

-- :see
-- Which camera has a device in view.
UPDATE device SET seen_by = %(seen_by)s WHERE subject = %(subject)s AND device = %(device)s

-- :out_of_view
-- A camera that leaves has nothing in view any more.
UPDATE device SET seen_by = NULL WHERE subject = %(subject)s AND seen_by = %(device)s

-- :drop_device
-- A device leaves its owner.
DELETE FROM device WHERE subject = %(subject)s AND device = %(device)s

-- :drop_token
-- Its token leads nowhere any more.
DELETE FROM device_token WHERE token = %(token)s

-- :note_due
-- A function has something new to look at.
INSERT INTO function_due (subject, policy, function, at)
VALUES (%(subject)s, %(policy)s, %(function)s, %(at)s)
    ON CONFLICT DO NOTHING

-- :first_due
-- Who waits longest for a look.
SELECT subject, policy, function, at FROM function_due ORDER BY at LIMIT %(limit)s

-- :done_due
-- It was looked at.
DELETE FROM function_due WHERE subject = %(subject)s AND policy = %(policy)s AND function = %(function)s

-- :forget_due
-- Nothing is looked at for who is gone.
DELETE FROM function_due WHERE subject = %(subject)s
