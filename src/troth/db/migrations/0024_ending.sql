-- What has an end that was announced: a function of a policy, or all of it (''). From then on nothing comes in.
CREATE TABLE function_ending (
    policy   text        NOT NULL,
    function text        NOT NULL,
    at       timestamptz NOT NULL,
    clause   text,
    PRIMARY KEY (policy, function)
);
