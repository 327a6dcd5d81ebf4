"""What of the broker's output may be written down: events of the server, from a closed list.

nats-server names the address, client id and topic of whoever violates a permission, on every violation.
Decides line by line; a line that is not on the list is not written anywhere.
"""

from __future__ import annotations

import re

_STAMP = re.compile(r"^\[\d+\] \S+ \S+ \[(?P<level>[A-Z]+)\] (?P<text>.*)$")
_SAFE = (
    "Starting nats-server",
    "Version:",
    "Starting JetStream",
    "Encryption:",
    "Store Directory:",
    "Listening for",
    "Server is ready",
    "Trapped ",
    "Initiating ",
    "JetStream Shutdown",
    "Server Exiting",
    "JetStream out of",
    "JetStream resource limits",
    "JetStream cluster",
    "Healthcheck failed",
    "Error listening",
    "Address already in use",
)


def worth_keeping(line: str) -> str | None:
    """Return the line without its process id and time, or None when it must not reach the disk.

    A line without a stamp is a complaint about the configuration, made before anyone can connect.
    """
    found = _STAMP.match(line)
    if found is None:
        return line if line.startswith("nats-server: ") else None
    text = found["text"].strip()
    if found["level"] == "FTL" or text.startswith(_SAFE):
        return f"{found['level']} {text}"
    return None
