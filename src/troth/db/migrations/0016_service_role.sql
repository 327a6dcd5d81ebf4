-- Programs of the maker's (shop, app backend) stand before doors of their own.
ALTER TABLE staff DROP CONSTRAINT staff_role_check;
ALTER TABLE staff ADD CONSTRAINT staff_role_check
    CHECK (role IN ('admin', 'privacy', 'support', 'audit', 'maker', 'service'));
