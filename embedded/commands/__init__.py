"""The commands, a module each; every one adds itself to the command line."""
