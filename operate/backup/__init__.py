"""Copies of single apps: taken, proven, listed and restored. `command` is what people call."""
