-- "Automatic timestamp updates": the database sets updated_at, whatever the client sends.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END $$;

CREATE TRIGGER products_touch BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER product_inventory_touch BEFORE UPDATE ON product_inventory FOR EACH ROW EXECUTE FUNCTION touch();
