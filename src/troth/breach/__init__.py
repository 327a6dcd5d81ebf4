"""Handling an incident: people and authorities told as the policy promises, each step on record."""
