CREATE INDEX promo_usage_user_ref_idx ON promo_usage (user_ref);
CREATE INDEX promo_suggestions_cart_ref_idx ON promo_suggestions (cart_ref);
CREATE INDEX promo_analytics_day_idx ON promo_analytics (day);
