"""What people and programs do to a stack beside building it."""
