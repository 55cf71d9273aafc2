"""Rules for grants and default privileges."""
