"""Rules on a stack as a whole."""
