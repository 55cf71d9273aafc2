"""Rules by vendor and resource: one rule, one file."""
