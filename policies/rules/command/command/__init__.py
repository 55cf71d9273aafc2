"""Rules for commands on this host and on others."""
