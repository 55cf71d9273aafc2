-- The document's tenant_isolation_policy, on every table of which each row has a tenant. Without a tenant a transaction sees
-- no rows, where the document's fails on a cast. users is left open: who logs in is found by email before his tenant is known.
SELECT data_tier.enable_row_level_security('public.campaigns'),
       data_tier.enable_row_level_security('public.leads'),
       data_tier.enable_row_level_security('public.content'),
       data_tier.enable_row_level_security('public.vector_store');
