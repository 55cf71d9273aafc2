"""The watchdog's program, which its container is given with `components.limits` beside it."""
