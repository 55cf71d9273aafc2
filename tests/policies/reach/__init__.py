"""Generated containers against an oracle of what can be reached from outside the host."""
