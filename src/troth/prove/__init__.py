"""Trying to catch the system breaking its word: the story, sabotage, killing, the byte scan."""
