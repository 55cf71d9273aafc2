"""The backup container's program, which it is given with the modules of `components` that it uses."""
