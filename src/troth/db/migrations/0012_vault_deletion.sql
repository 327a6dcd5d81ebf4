-- When something was deleted whose key still lies under a live epoch: the epoch has to end. Says not whose or what.
CREATE TABLE vault_deletion (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL
);
