"""The named queries of accounts, sessions, codes, letters and staff, loaded once."""

from __future__ import annotations

from troth.db import queries

QUERIES = queries("troth.subjects")
