-- The document has a policy and indexes on tables that it never creates: campaigns, leads and content are made here,
-- with the columns that the indexes need.
CREATE TABLE public.campaigns (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES public.tenants (id),
    name varchar(255) NOT NULL,
    created_at timestamp DEFAULT now()
);

CREATE TABLE public.leads (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES public.tenants (id),
    email varchar(255),
    created_at timestamp DEFAULT now()
);

CREATE TABLE public.content (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES public.tenants (id),
    content text NOT NULL
);
