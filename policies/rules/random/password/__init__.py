"""Rules for generated passwords."""
