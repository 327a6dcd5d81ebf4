-- A device has a kind of the vocabulary; a till may name the camera of its owner's that has it in view. Both are
-- opaque words and ids.
ALTER TABLE device
    ADD COLUMN kind text NOT NULL DEFAULT 'camera' CHECK (kind ~ '^[a-z][a-z0-9_]{0,63}$'),
    ADD COLUMN seen_by uuid;

-- A function that watches has something new to look at. Taken away by whoever looks.
CREATE TABLE function_due (
    subject  uuid NOT NULL,
    policy   text NOT NULL,
    function text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (subject, policy, function)
);
