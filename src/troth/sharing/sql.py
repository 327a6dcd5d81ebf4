"""The named queries of the register of receivers, loaded once."""

from __future__ import annotations

from troth.db import queries

QUERIES = queries("troth.sharing")
