"""What the embedded PostgreSQL is told: its settings and who may connect, as text; starts nothing.

Decides what can leak: no TCP at all, and a log that never holds a statement, a parameter or a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from troth.db.roles import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PORT = 5432
"""Names the socket file only; nothing listens on a port."""

HBA = "".join(
    [
        "# Whoever can open the socket directory (0700) still needs the password of a role.\n",
        *(f"local all {role.value} scram-sha-256\n" for role in Role),
        "local all all reject\n",
    ]
)

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",  # one process less: nothing is replicated
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # DETAIL and STATEMENT carry values; so does every message below FATAL (constraint, cast, bad COPY line).
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "off",
    "log_disconnections": "off",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
    "logging_collector": "off",
    "log_line_prefix": "%m ",
}
_ASYNCHRONOUS_IO = 18


def settings_text(sockets: Path, major: int, more: Mapping[str, str]) -> str:
    """Return postgresql.conf for a server of version ``major``; ``more`` wins."""
    settings = {**_SETTINGS, "unix_socket_directories": str(sockets), **more}
    if major >= _ASYNCHRONOUS_IO:
        settings["io_method"] = "sync"  # three I/O workers less: this is one machine's server, not a big one
    quoted = {name: value.replace("'", "''") for name, value in settings.items()}
    return "".join(f"{name} = '{value}'\n" for name, value in quoted.items())


def dsn(sockets: Path, user: str, database: str, passfile: Path) -> str:
    """Return a libpq connection string, without the password itself."""
    return make_conninfo(host=str(sockets), port=PORT, user=user, dbname=database, passfile=str(passfile))
