-- Core tenancy tables, as in the document: unqualified there, so in public, the first schema of the search path.
-- Ours is NOT NULL at vector_store.tenant_id: under row-level security nobody would see a row without a tenant.
CREATE TABLE public.tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    slug varchar(100) UNIQUE NOT NULL,
    domain varchar(255),
    status varchar(50) DEFAULT 'active',
    subscription_tier varchar(50),
    created_at timestamp DEFAULT now(),
    updated_at timestamp DEFAULT now()
);

CREATE TABLE public.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid REFERENCES public.tenants (id),
    email varchar(255) UNIQUE NOT NULL,
    password_hash varchar(255),
    role varchar(50) DEFAULT 'user',
    is_active boolean DEFAULT true,
    created_at timestamp DEFAULT now()
);

CREATE TABLE public.vector_store (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES public.tenants (id),
    content text,
    embedding vector(384),
    metadata jsonb,
    created_at timestamp DEFAULT now()
);
