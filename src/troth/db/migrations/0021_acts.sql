-- Ages that were declared, guardians, and going on under a newer version.
-- "until" ends a guardian's consent on the day the child comes of age; it goes with the standing at erasure.

ALTER TABLE act
    ADD COLUMN age integer CHECK (age BETWEEN 1 AND 150),
    ADD COLUMN until timestamptz,
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check CHECK (kind IN (
        'shown', 'accepted', 'ended', 'continued', 'chosen', 'withdrawn', 'switched_on', 'switched_off',
        'declared_adult', 'found_minor', 'guardian_verified', 'guardian_consented', 'guardian_withdrew',
        'supplied', 'removed', 'cancelled'));
