"""Rules for PostgreSQL: roles, what they own and what they are granted."""
