-- Media: one row per object, with a key of its own; the sealed bytes lie in an object store.
-- Plain in here: opaque ids, function and item names, the size, the day. An object's name is its id.

CREATE TABLE media (
    subject        uuid        NOT NULL,
    object         uuid        NOT NULL,
    function       text        NOT NULL,          -- policy/function
    class          text        NOT NULL,
    item           text        NOT NULL,
    of             uuid,                          -- the object that this is a thumbnail of
    state          text        NOT NULL CHECK (state IN ('uploading', 'ready', 'gone')),
    settled        boolean     NOT NULL DEFAULT false,   -- nobody writes to it any more
    began          timestamptz NOT NULL,
    at_day         date        NOT NULL,
    policy_version integer     NOT NULL CHECK (policy_version > 0),
    size           bigint      CHECK (size >= 0),
    kek_epoch      integer     NOT NULL CHECK (kek_epoch > 0),
    wrapped        bytea       CHECK (octet_length(wrapped) = 60),
    PRIMARY KEY (subject, object),
    CHECK ((state = 'gone') = (wrapped IS NULL)),
    CHECK (state <> 'ready' OR (settled AND size IS NOT NULL))
);
CREATE INDEX media_gone ON media (began) WHERE state <> 'ready';
CREATE INDEX media_of ON media (subject, of) WHERE of IS NOT NULL;
ALTER TABLE media ALTER COLUMN wrapped SET STATISTICS 0;
