"""The vault's named queries, loaded once."""

from __future__ import annotations

from troth.db import queries

QUERIES = queries("troth.vault")
