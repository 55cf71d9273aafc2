-- The schemas of one tenant, by the document's names, tenant_<uuid>_data and so on; its migrations fill them. Called with the URL
-- for migrations: an app's login makes no schemas.
CREATE FUNCTION tenants.create_schemas(tenant uuid) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    part text;
BEGIN
    IF NOT EXISTS (SELECT FROM public.tenants WHERE id = tenant) THEN
        RAISE EXCEPTION 'there is no tenant %', tenant USING HINT = 'INSERT INTO tenants first.';
    END IF;
    FOREACH part IN ARRAY ARRAY['data', 'campaigns', 'analytics'] LOOP
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', format('tenant_%s_%s', tenant, part));
        RETURN NEXT format('tenant_%s_%s', tenant, part);
    END LOOP;
END
$body$;
REVOKE EXECUTE ON FUNCTION tenants.create_schemas(uuid) FROM PUBLIC;
