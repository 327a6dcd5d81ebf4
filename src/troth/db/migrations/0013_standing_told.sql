-- A standing's generation, and whether its last change was told. A new random one with every act and at erasure:
-- whoever holds the row's lock and reads the generation they know, knows the standing. Never counted up, so that
-- a transaction that rolls back leaves none behind that could come again. "told" is false from the change until
-- the links to the devices have heard of it.
ALTER TABLE subject ADD COLUMN generation uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN told boolean NOT NULL DEFAULT true;
CREATE INDEX subject_untold ON subject (subject) WHERE NOT told;

GRANT UPDATE (generation, told) ON subject TO troth_app;
