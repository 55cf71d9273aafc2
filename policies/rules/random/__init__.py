"""Rules for generated values."""
