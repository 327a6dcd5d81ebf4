"""Giving to recipients, and telling them to delete; comes after the first issues."""
