"""Rules for the type of a resource."""
