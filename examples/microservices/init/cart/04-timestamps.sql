-- "Automatic timestamp updates": the database sets updated_at, whatever the client sends.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END $$;

CREATE TRIGGER carts_touch BEFORE UPDATE ON carts FOR EACH ROW EXECUTE FUNCTION touch();

CREATE FUNCTION refresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.refreshed_at = now();
    RETURN NEW;
END $$;

CREATE TRIGGER cart_view_refresh BEFORE UPDATE ON cart_view FOR EACH ROW EXECUTE FUNCTION refresh();
