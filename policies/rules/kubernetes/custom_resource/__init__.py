"""Rules on custom resources, from which operators make other objects."""
