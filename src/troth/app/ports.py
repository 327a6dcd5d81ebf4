"""Ports to listen on: a free one, or a sentence about why the wanted one is not to be had."""

from __future__ import annotations

import socket

from troth.terms import TrothError


class PortInUse(TrothError):
    """another program listens on that port"""


def free_port(host: str) -> int:
    """Return a port of ``host`` that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def must_be_free(host: str, port: int, variable: str) -> None:
    """Raise `PortInUse`, with the ``variable`` to change, when ``port`` cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise PortInUse(
                f"port {port} is reserved for root: choose one above 1023 with {variable}"
            ) from error
        except OSError as error:
            raise PortInUse(
                f"port {port} on {host} is in use: stop what listens there, or choose another "
                f"with {variable} (0 takes a free one)"
            ) from error
