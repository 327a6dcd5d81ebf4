"""Background loops: numbering, letters, erasures, epochs, purging. When each is due is not decided here."""

from troth.edges.worker.loops import serve

__all__ = ["serve"]
