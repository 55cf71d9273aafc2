-- The document lists cart_view among the tables and speaks of denormalised read models: a table that the service
-- writes when a cart changes, and reads without a join.
CREATE TABLE cart_view (
    cart_id uuid PRIMARY KEY REFERENCES carts ON DELETE CASCADE,
    user_ref bigint,
    items integer NOT NULL DEFAULT 0,
    total_cents bigint NOT NULL DEFAULT 0,
    refreshed_at timestamptz NOT NULL DEFAULT now()
);
