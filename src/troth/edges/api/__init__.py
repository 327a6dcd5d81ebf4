"""The HTTP API: bodies in, terms to a door, answers out."""
