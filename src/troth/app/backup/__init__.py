"""Backups: data, keys and the ledger's tail apart, and a restore that repeats what was erased since.

Decides what a whole backup is and in which order a restore goes. What an erasure is stays the vault's; what
the log is, the ledger's.
"""
