-- What a recipient is asked when a part of what a person gave is deleted, in opaque ids, until it is carried.
-- Null: the whole of it, as the erasure says.
ALTER TABLE farewell_word ADD COLUMN said text;
