"""Rules for functions."""
