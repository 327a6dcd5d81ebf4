-- A hold that an order placed bears the number of its paper; one that an event began has none (nil), and both may
-- be on one record.
-- Plain in here besides what 0008 says: the opaque number of an authority's order.
ALTER TABLE hold ADD COLUMN document uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE hold DROP CONSTRAINT hold_pkey;
ALTER TABLE hold ADD PRIMARY KEY (subject, record, clause, document);
