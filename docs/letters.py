"""A message gateway for the tutorial: prints every letter that Troth hands over. Never for real people."""

from __future__ import annotations

import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from sys import argv, stdout


class Letters(BaseHTTPRequestHandler):
    """Takes `{"channel", "to", "text"}` and prints the text."""

    def do_POST(self) -> None:
        """Print one letter."""
        letter = json.loads(self.rfile.read(int(self.headers["content-length"])))
        stdout.write(f"{letter['text']}\n")
        stdout.flush()
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing else."""


if __name__ == "__main__":
    port = int(argv[1]) if argv[1:] else 8025
    try:
        server = HTTPServer(("127.0.0.1", port), Letters)
    except OSError:
        raise SystemExit(
            f"port {port} is in use: stop what listens there, or name another here and in TROTH_OUTBOX_URL"
        ) from None
    stdout.write(f"letters are awaited at http://127.0.0.1:{port}/; stop with Ctrl-C\n")
    stdout.flush()
    with suppress(KeyboardInterrupt):
        server.serve_forever()
