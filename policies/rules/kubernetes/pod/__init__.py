"""Rules on pods, whichever object declares them."""
