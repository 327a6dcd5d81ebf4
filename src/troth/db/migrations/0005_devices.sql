-- Devices: the maker's stock, who is bound to what, and the token by which a device is known to the broker.
-- Plain in here, and nothing else: opaque ids, keyed tags, hashes, policy and model names, days. Serial number,
-- MAC and IP address of a bound device lie sealed in the vault.

-- What left the factory. "tag" is a keyed hash of the serial number, "code_tag" one of serial number and code.
CREATE TABLE device_stock (
    epoch    integer NOT NULL CHECK (epoch > 0),   -- of the index key that made the tags
    tag      bytea   NOT NULL CHECK (octet_length(tag) = 32),
    code_tag bytea   NOT NULL CHECK (octet_length(code_tag) = 32),
    model    text    NOT NULL CHECK (octet_length(model) <= 120),
    bound    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (epoch, tag)
);

-- A bound device. "token" is renewed with every binding; "stock_epoch", "stock_tag" find the stock row again.
CREATE TABLE device (
    subject     uuid  NOT NULL,
    device      uuid  NOT NULL,
    policy      text  NOT NULL,
    token       text  NOT NULL CHECK (token ~ '^[0-9a-f]{32}$'),
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    stock_epoch integer NOT NULL,
    stock_tag   bytea NOT NULL,
    bound_day   date  NOT NULL,
    PRIMARY KEY (subject, device)
);

-- From the token that a device shows to its owner's shard. A reference table: small, unique over everybody.
CREATE TABLE device_token (
    token   text PRIMARY KEY,
    subject uuid NOT NULL,
    device  uuid NOT NULL
);
CREATE INDEX device_token_subject ON device_token (subject);

ALTER TABLE device_stock ALTER COLUMN tag SET STATISTICS 0, ALTER COLUMN code_tag SET STATISTICS 0;
ALTER TABLE device ALTER COLUMN stock_tag SET STATISTICS 0, ALTER COLUMN secret_hash SET STATISTICS 0;

GRANT SELECT, INSERT, DELETE, UPDATE (bound) ON device_stock TO troth_app;
GRANT SELECT, INSERT, DELETE ON device, device_token TO troth_app;
