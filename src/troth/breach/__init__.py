"""Telling people and authorities; comes after the first issues."""
