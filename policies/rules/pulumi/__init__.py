"""Rules for any resource."""
