"""Rules on Services."""
