"""The end of a function or of the service: told, refused from then on, erased in time."""
