"""A pull request's preview as one comment, the same in every CI."""
