-- What an object of media is, sealed under its own key: its type, when it was made, and the hash of its content.

ALTER TABLE media ADD COLUMN told bytea;
ALTER TABLE media ALTER COLUMN told SET STATISTICS 0;
