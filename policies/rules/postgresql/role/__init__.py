"""Rules for roles and memberships."""
