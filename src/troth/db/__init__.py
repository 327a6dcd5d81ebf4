"""PostgreSQL: pool, transactions, named queries, migrations. Knows no word of the domain."""

from troth.db.migrate import migrate
from troth.db.pool import Database, NothingCommitted, Tx
from troth.db.queries import queries

__all__ = ["Database", "NothingCommitted", "Tx", "migrate", "queries"]
