"""The append-only, verifiable evidence of every decision that matters, and the standing read from it.

Never decides and never holds a value: entries are ids and closed words, about a salted commitment.
"""

from troth.ledger.arrivals import Arrival, Source, arrive, stranger
from troth.ledger.entries import Entry, EntryKind, NewEntry, UnfitEntry, entry_of
from troth.ledger.history import (
    NoSuchSubject,
    act,
    forget,
    new_subject,
    put_back_subject,
    record,
    standing,
)
from troth.ledger.log import Count, Counted, about, append, count, count_all, counts, given_lately
from troth.ledger.standings import Held, Standings

__all__ = [
    "Arrival",
    "Count",
    "Counted",
    "Entry",
    "EntryKind",
    "Held",
    "NewEntry",
    "NoSuchSubject",
    "Source",
    "Standings",
    "UnfitEntry",
    "about",
    "act",
    "append",
    "arrive",
    "count",
    "count_all",
    "counts",
    "entry_of",
    "forget",
    "given_lately",
    "new_subject",
    "put_back_subject",
    "record",
    "standing",
    "stranger",
]
