-- "Automatic timestamp updates": the database sets updated_at, whatever the client sends.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END $$;

CREATE TRIGGER promo_codes_touch BEFORE UPDATE ON promo_codes FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER promotion_campaigns_touch BEFORE UPDATE ON promotion_campaigns FOR EACH ROW EXECUTE FUNCTION touch();
