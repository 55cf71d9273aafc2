"""What can be built: settings, components and the platforms that carry them out."""
