-- What is over of one item that a function holds, while the function goes on. The record is then made from the
-- item's name (vault/closing.py), so that an item is due once.
ALTER TABLE retention_due ADD COLUMN item text;
