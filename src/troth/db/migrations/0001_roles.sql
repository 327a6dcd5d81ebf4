-- Two roles: the owner of the schema runs migrations; troth_app runs everything else and may only
-- do what a later migration grants, table by table.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'troth_app') THEN
        CREATE ROLE troth_app LOGIN;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO troth_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
