"""Keeping no longer than promised; the workflow comes with the vault's next step."""
