"""Rules for extensions."""
