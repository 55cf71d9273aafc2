-- init-scripts/02-schema.sql of the document. Extensions come from the stack file: the document's 01-extensions.sql
-- asks for "pgvector", and the extension is called vector.
CREATE SCHEMA tenants;
CREATE SCHEMA auth;
CREATE SCHEMA analytics;

ALTER DATABASE bizosaas_platform SET search_path TO public, tenants, auth;
