"""The queries of this package."""

from __future__ import annotations

from troth.db import queries

QUERIES = queries("troth.app.backup")
