"""How long things are kept: what ends when, by the policy, and that it is carried out."""

from troth.retention.retention import Retention, off_file

__all__ = ["Retention", "off_file"]
