-- An index under vector_cosine_ops serves ORDER BY embedding <=> ... only. The document searches by <->, which is
-- Euclidean distance and leaves the index unused. It names the same index twice; one is enough. Its lists are chosen
-- from the rows that are there, none yet: REINDEX INDEX idx_vector_store_embedding once the table is filled.
CREATE INDEX idx_vector_store_embedding ON public.vector_store
    USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100);
CREATE INDEX idx_campaigns_tenant_id ON public.campaigns (tenant_id);
CREATE INDEX idx_leads_tenant_created ON public.leads (tenant_id, created_at DESC);
CREATE INDEX idx_content_search ON public.content USING gin (to_tsvector('english', content));
