-- :register_receiver
-- Put a receiver on the register, or say anew what it is there for.
INSERT INTO receiver (policy, receiver, kind, purpose, items, since)
VALUES (%(policy)s, %(receiver)s, %(kind)s, %(purpose)s, %(items)s, %(now)s)
ON CONFLICT (policy, receiver) DO UPDATE
   SET kind = excluded.kind, purpose = excluded.purpose, items = excluded.items, since = excluded.since,
       ended = NULL

-- :end_receiver
-- Nothing goes there from here on.
UPDATE receiver SET ended = %(now)s WHERE policy = %(policy)s AND receiver = %(receiver)s AND ended IS NULL

-- :file_paper
-- Put a paper on file.
INSERT INTO receiver_paper (policy, receiver, fact, document, since)
VALUES (%(policy)s, %(receiver)s, %(fact)s, %(document)s, %(now)s)
ON CONFLICT (policy, receiver, fact) DO UPDATE
   SET document = excluded.document, since = excluded.since, ended = NULL

-- :end_paper
-- It is no longer in force.
UPDATE receiver_paper SET ended = %(now)s
 WHERE policy = %(policy)s AND receiver = %(receiver)s AND fact = %(fact)s AND ended IS NULL

-- :receivers
-- Those on the register, of every policy or of one, with what is in force of their papers.
SELECT r.policy, r.receiver, r.kind, r.purpose, r.items,
       coalesce(array_agg(p.fact ORDER BY p.fact) FILTER (WHERE p.fact IS NOT NULL), '{}') AS papers
  FROM receiver r
  LEFT JOIN receiver_paper p ON p.policy = r.policy AND p.receiver = r.receiver AND p.ended IS NULL
 WHERE r.ended IS NULL
   AND (%(policy)s::text IS NULL OR (r.policy = %(policy)s AND r.receiver = %(receiver)s))
 GROUP BY r.policy, r.receiver
 ORDER BY r.policy, r.receiver
