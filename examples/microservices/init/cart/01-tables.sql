-- Carts and wish lists. Other services are named by reference ids: there are no foreign keys between databases.
CREATE TABLE carts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_ref bigint,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ordered', 'abandoned')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE cart_items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
    product_ref bigint NOT NULL,
    product_name text NOT NULL,
    price_cents bigint NOT NULL CHECK (price_cents >= 0),
    quantity integer NOT NULL CHECK (quantity > 0),
    UNIQUE (cart_id, product_ref)
);

CREATE TABLE saved_carts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_ref bigint NOT NULL,
    cart_id uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
    name text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE wishlists (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_ref bigint NOT NULL,
    name text NOT NULL
);

CREATE TABLE wishlist_items (
    wishlist_id bigint NOT NULL REFERENCES wishlists ON DELETE CASCADE,
    product_ref bigint NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (wishlist_id, product_ref)
);

CREATE TABLE reference_validation_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service text NOT NULL,
    reference bigint NOT NULL,
    is_valid boolean NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now()
);
