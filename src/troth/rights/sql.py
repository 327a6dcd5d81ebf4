"""The named queries of requests and cancellations, loaded once."""

from __future__ import annotations

from troth.db import queries

QUERIES = queries("troth.rights")
