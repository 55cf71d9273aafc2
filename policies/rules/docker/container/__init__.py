"""Rules about Docker containers."""
