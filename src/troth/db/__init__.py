"""PostgreSQL: pool, transactions, named queries, migrations. Knows no word of the domain."""

from troth.db.each import for_each
from troth.db.migrate import migrate
from troth.db.pool import Database, Next, NothingCommitted, Tx
from troth.db.queries import queries
from troth.db.roles import Role, as_role

__all__ = ["Database", "Next", "NothingCommitted", "Role", "Tx", "as_role", "for_each", "migrate", "queries"]
