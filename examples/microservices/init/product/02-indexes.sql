CREATE INDEX products_category_id_idx ON products (category_id);
CREATE INDEX products_name_idx ON products (lower(name));
CREATE INDEX product_variants_product_id_idx ON product_variants (product_id);
CREATE INDEX product_images_product_id_idx ON product_images (product_id, position);
