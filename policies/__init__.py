"""What must never be built. The pack itself is `__main__`; each rule has a file under `rules`."""
