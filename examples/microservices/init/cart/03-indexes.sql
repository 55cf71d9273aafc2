CREATE INDEX carts_user_ref_idx ON carts (user_ref);
CREATE INDEX saved_carts_user_ref_idx ON saved_carts (user_ref);
CREATE INDEX wishlists_user_ref_idx ON wishlists (user_ref);
CREATE INDEX reference_validation_log_idx ON reference_validation_log (service, reference, checked_at DESC);
