"""What a migration makes, how its app uses all of that, and the writes that a reader is refused.

Texts with `{schema}` and `{app}` to be filled in; who runs them is in readers_stack.py.
"""

MIGRATION = """
    CREATE TABLE {schema}.orders (id serial PRIMARY KEY, item text);
    INSERT INTO {schema}.orders (item) VALUES ('tea');
    CREATE VIEW {schema}.items AS SELECT item FROM {schema}.orders;
    CREATE MATERIALIZED VIEW {schema}.counted AS SELECT count(*) FROM {schema}.orders;
    CREATE SEQUENCE {schema}.numbers;
    CREATE TYPE {schema}.mood AS ENUM ('calm');
    CREATE DOMAIN {schema}.price AS int CHECK (VALUE >= 0);
    CREATE TABLE {schema}.parts (day date, m {schema}.mood, p {schema}.price) PARTITION BY RANGE (day);
    CREATE TABLE {schema}.part_1 PARTITION OF {schema}.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE FUNCTION {schema}.add(what text) RETURNS void LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog AS $$ INSERT INTO {schema}.orders (item) VALUES (what) $$;
"""
USE = """
    INSERT INTO {schema}.orders (item) VALUES ('coffee');
    UPDATE {schema}.orders SET item = 'cocoa' WHERE item = 'coffee';
    DELETE FROM {schema}.orders WHERE item = 'cocoa';
    SELECT nextval('{schema}.numbers'), {schema}.add('milk'), 'calm'::{schema}.mood, 1::{schema}.price;
    INSERT INTO {schema}.parts VALUES ('2026-05-05', 'calm', 2);
"""
# tried with read-only off: that it is on is a guard and no fence
WRITES = (
    "INSERT INTO {schema}.orders (item) VALUES ('x')",
    "UPDATE {schema}.orders SET item = 'x'",
    "DELETE FROM {schema}.orders",
    "TRUNCATE {schema}.orders",
    "COPY {schema}.orders (item) FROM STDIN",
    "SELECT * FROM {schema}.orders FOR UPDATE",
    "INSERT INTO {schema}.part_1 VALUES ('2026-05-05')",
    "DO $$ BEGIN LOCK TABLE {schema}.orders; END $$",
    "SELECT nextval('{schema}.numbers')",
    "SELECT setval('{schema}.numbers', 9)",
    "SELECT {schema}.add('x')",
    "REFRESH MATERIALIZED VIEW {schema}.counted",
    "CREATE TABLE {schema}.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION {schema}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE {schema}.orders ADD more int",
    "DROP TABLE {schema}.orders",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SET ROLE {app}",
    "SET ROLE {app}_owner",
    "SET ROLE admin",
    "ALTER ROLE analytics_ro_b PASSWORD 'mine'",
    "ALTER ROLE analytics_ro_a CONNECTION LIMIT -1",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('PG_VERSION')",
)
