-- Promotion codes and who used them. Columns are ours; the document names the tables only.
CREATE TABLE promotion_campaigns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (ends_at > starts_at)
);

CREATE TABLE promo_codes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    discount_percent numeric(5, 2) NOT NULL CHECK (discount_percent > 0 AND discount_percent <= 100),
    max_uses integer CHECK (max_uses > 0),
    is_active boolean NOT NULL DEFAULT true,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE campaign_promo_codes (
    campaign_id bigint NOT NULL REFERENCES promotion_campaigns ON DELETE CASCADE,
    promo_code_id bigint NOT NULL REFERENCES promo_codes ON DELETE CASCADE,
    PRIMARY KEY (campaign_id, promo_code_id)
);

CREATE TABLE promo_usage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    promo_code_id bigint NOT NULL REFERENCES promo_codes,
    user_ref bigint NOT NULL,
    order_ref bigint NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (promo_code_id, order_ref)
);

CREATE TABLE user_promo_eligibility (
    user_ref bigint NOT NULL,
    promo_code_id bigint NOT NULL REFERENCES promo_codes ON DELETE CASCADE,
    is_eligible boolean NOT NULL DEFAULT true,
    PRIMARY KEY (user_ref, promo_code_id)
);

CREATE TABLE promo_analytics (
    promo_code_id bigint NOT NULL REFERENCES promo_codes ON DELETE CASCADE,
    day date NOT NULL,
    uses integer NOT NULL DEFAULT 0,
    discount_cents bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (promo_code_id, day)
);

CREATE TABLE promo_suggestions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cart_ref uuid NOT NULL,
    promo_code_id bigint NOT NULL REFERENCES promo_codes ON DELETE CASCADE,
    score real NOT NULL,
    suggested_at timestamptz NOT NULL DEFAULT now()
);
