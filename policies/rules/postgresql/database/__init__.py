"""Rules for databases and schemas."""
