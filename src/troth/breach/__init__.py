"""What a breach sets in motion: who is told what, by when, by which channel. Nothing here yet."""
