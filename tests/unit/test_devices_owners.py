"""Whom tokens lead to, as one process remembers it: asked once, given up when it is over, never too much."""

import asyncio
from uuid import UUID

from troth.devices.owners import Owners


class Asked:
    """A transaction that knows where every token of digits leads, and what it was asked."""

    def __init__(self):
        self.tokens = []

    async def rows(self, kind, _query, params):
        tokens = [each.strip('"') for each in params["tokens"].strip("{}").split(",")]
        self.tokens.append(tokens)
        return [kind(token, UUID(int=int(token))) for token in tokens if token.isdigit()]


def of(owners, tx, *tokens):
    return {each.int for each in asyncio.run(owners.of(tx, tokens))}


def test_a_token_is_asked_about_once():
    tx, owners = Asked(), Owners()
    assert of(owners, tx, "1", "2") == {1, 2}
    assert of(owners, tx, "2", "3") == {2, 3}
    assert tx.tokens == [["1", "2"], ["3"]]


def test_one_that_leads_nowhere_is_asked_about_again():
    tx, owners = Asked(), Owners()
    assert of(owners, tx, "x") == set()
    assert of(owners, tx, "x") == set()
    assert tx.tokens == [["x"], ["x"]]


def test_what_no_device_shows_is_let_go():
    tx, owners = Asked(), Owners()
    of(owners, tx, "1", "2")
    owners.forget(("1", "2"), {"2": None})
    of(owners, tx, "1", "2")
    assert tx.tokens == [["1", "2"], ["1"]]


def test_the_longest_unused_makes_room():
    tx, owners = Asked(), Owners(most=2)
    of(owners, tx, "1", "2")
    of(owners, tx, "1", "3")
    of(owners, tx, "1")
    of(owners, tx, "2")
    assert tx.tokens == [["1", "2"], ["3"], ["2"]]
