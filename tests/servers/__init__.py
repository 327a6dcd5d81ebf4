"""Servers of PostgreSQL that tests run on: ours from the wheel, Debian's over TLS, somebody's cluster.

Each gives ways in for every role and makes databases; `tests.conftest.Dsns` is one database of one of them.
"""
