"""A stack rebuilt on a host that has nothing of it: the kit that is kept elsewhere, and what is made from it."""
