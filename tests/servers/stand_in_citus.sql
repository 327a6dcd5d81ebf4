-- A stand-in for Citus on a plain server: keeps its list of tables, and refuses what Citus refuses of their shapes.
-- Spreads nothing. Made in template1, so that every new database has it.
CREATE TABLE public.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char" NOT NULL);
GRANT SELECT ON public.pg_dist_partition TO troth_owner;

CREATE FUNCTION public.create_distributed_table(
    wanted regclass, by_column text, colocate_with text DEFAULT 'default') RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = wanted) THEN
        RAISE EXCEPTION 'table % is already distributed', wanted;
    END IF;
    IF colocate_with <> 'default'
       AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass) THEN
        RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = wanted AND i.indisunique AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = wanted AND a.attname = by_column
               AND a.attnum = ANY (i.indkey))) THEN
        RAISE EXCEPTION 'a unique key of % lacks %', wanted, by_column;
    END IF;
    IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND wanted IN (conrelid, confrelid)) THEN
        RAISE EXCEPTION 'foreign keys of % were declared before it was distributed', wanted;
    END IF;
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = wanted AND NOT tgisinternal) THEN
        RAISE EXCEPTION '% has triggers', wanted;
    END IF;
    INSERT INTO pg_dist_partition VALUES (wanted, 'h');
END $$;

CREATE FUNCTION public.create_reference_table(wanted regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = wanted) THEN
        RAISE EXCEPTION 'table % is already distributed', wanted;
    END IF;
    INSERT INTO pg_dist_partition VALUES (wanted, 'n');
END $$;
