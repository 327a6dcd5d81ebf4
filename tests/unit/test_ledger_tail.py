"""The ledger's tail, shortened while somebody adds to it: nothing that is still needed is lost."""

import threading

from troth.ledger.batches import Batch
from troth.ledger.batches import batch as read
from troth.ledger.tail import Tail

MANY = 200


def batch(first):
    return Batch(first, (b"{}",), "head")


def test_what_is_added_while_it_is_shortened_is_not_lost(tmp_path):
    path = tmp_path / "ledger.tail"
    Tail(path).add(batch(0))

    def add():
        for first in range(1, MANY):
            Tail(path).add(batch(first))

    adding = threading.Thread(target=add)
    adding.start()
    while adding.is_alive():
        last = Tail(path).last()
        Tail(path).forget(last.first)  # a backup of what was there just now
    adding.join()
    assert Tail(path).last() == batch(MANY - 1)
    lines = [line for line in path.read_text().splitlines() if line]
    assert len(lines) < MANY
    firsts = [one.first for one in map(read, lines)]
    assert firsts == list(range(firsts[0], MANY))


def test_it_is_shortened_to_what_leads_on_and_not_where_nothing_does(tmp_path):
    tail = Tail(tmp_path / "ledger.tail")
    tail.forget(3)
    assert tail.last() is None
    for first in range(6):
        tail.add(batch(first))
    tail.forget(4)
    assert [one.first for one in tail.after(4)] == [4, 5]
    assert tail.after(0) == ()
    tail.forget(9)  # no backup of this log
    assert [one.first for one in tail.after(4)] == [4, 5]
    tail.forget(6)
    assert tail.last() == batch(5)
