"""What a person, or a machine with --json, sees of a run. The forms are the CLI's."""
