"""Rules about images, wherever one is named."""
