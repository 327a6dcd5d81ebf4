"""A permit is worth something only as it was made, where it was made, and for a minute."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from msgspec import Struct, structs

from troth.gate import Forged, Lapsed, NoSuchPolicy, Policies, _mint, genuine
from troth.policy.compiled import Compiled
from troth.terms import (
    Actor,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Dropped,
    Permit,
    Reason,
    Reference,
    Role,
    Verb,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASK = Ask(
    verb=Verb.USE,
    policy="pol",
    function="flow",
    items=frozenset({"a", "b"}),
    purpose="show",
    subject=UUID(int=1),
    actor=Actor(ActorKind.STAFF, "s"),
    region="CN",
    at=NOW,
    measured=NOW,
    device=UUID(int=2),
    basis=Basis.OWN_RIGHT,
    reference=Reference("request", "doc"),
    recipient="agent",
)
ALLOW = Allow(
    frozenset({"a"}),
    frozenset({Dropped("b", Reason.ITEM_NOT_CHOSEN, "pol/b")}),
    frozenset({"pol/a"}),
    frozenset({"a"}),
)
OTHER = {
    str: "other",
    int: 2,
    UUID: UUID(int=9),
    datetime: NOW + timedelta(microseconds=1),
    frozenset: frozenset({"c"}),
    bytes: b"0" * 32,
    type(None): "something",
    Verb: Verb.COLLECT,
    ActorKind: ActorKind.SERVICE,
    Role: Role.GUEST,
    Basis: Basis.CONTRACT,
    Reason: Reason.ITEM_UNDECLARED,
}


ENTRY = UUID(int=3)


def made(entry: UUID | None = ENTRY) -> Permit:
    return _mint.mint(ASK, ALLOW, 1, NOW, entry)


def changed(value):
    """Every way to change one field of ``value``, however deep."""
    with_, names = ways_of(value)
    for name in names:
        old = getattr(value, name)
        if isinstance(old, Struct) or is_dataclass(old):
            yield from (with_(value, **{name: new}) for new in changed(old))
            continue
        if name == "dropped":
            yield with_(value, dropped=frozenset())
            (drop,) = old
            yield from (with_(value, dropped=frozenset({new})) for new in changed(drop))
            continue
        yield with_(value, **{name: OTHER[type(old)]})
        if name in ("entry", "measured", "device", "basis", "recipient"):
            yield with_(value, **{name: None})


def ways_of(value):
    """How to make such a value anew, and the names of its fields."""
    if isinstance(value, Struct):
        return structs.replace, value.__struct_fields__
    return replace, [field.name for field in fields(value)]


def test_a_permit_is_genuine_for_a_minute():
    permit = made()
    genuine(permit, NOW)
    genuine(permit, NOW + timedelta(seconds=59, microseconds=999_999))
    with pytest.raises(Lapsed):
        genuine(permit, NOW + timedelta(seconds=60))


def test_any_changed_field_is_found_out():
    permit = made()
    ways = list(changed(permit))
    assert len(ways) > 25
    for forged in ways:
        assert forged != permit
        with pytest.raises(Forged):
            genuine(forged, NOW)


def test_a_permit_without_optional_fields_is_told_apart_from_one_with_them():
    bare = structs.replace(ASK, measured=None, device=None, basis=None, reference=None, recipient=None)
    permit = _mint.mint(bare, ALLOW, 1, NOW, None)
    genuine(permit, NOW)
    for field, value in {
        "measured": NOW,
        "device": UUID(int=2),
        "basis": Basis.CONTRACT,
        "reference": ASK.reference,
        "recipient": "None",
    }.items():
        with pytest.raises(Forged):
            genuine(structs.replace(permit, ask=structs.replace(bare, **{field: value})), NOW)
    with pytest.raises(Forged):
        genuine(structs.replace(permit, entry=UUID(int=3)), NOW)


def test_longer_life_is_found_out():
    permit = made()
    with pytest.raises(Forged):
        genuine(structs.replace(permit, lapses=permit.lapses + timedelta(days=1)), NOW + timedelta(hours=1))


def test_the_tag_of_one_permit_does_not_fit_another():
    with pytest.raises(Forged):
        genuine(structs.replace(made(), tag=made(None).tag), NOW)


def test_joined_names_are_not_the_same_as_split_ones():
    joined = Allow(frozenset({"a, b"}), frozenset(), frozenset())
    split = Allow(frozenset({"a", "b"}), frozenset(), frozenset())
    permit = _mint.mint(ASK, joined, 1, NOW, None)
    with pytest.raises(Forged):
        genuine(structs.replace(permit, allow=split), NOW)


@pytest.mark.parametrize("junk", [None, object(), "permit", 7])
def test_what_is_no_permit_is_forged(junk):
    with pytest.raises(Forged):
        genuine(junk, NOW)


@pytest.mark.parametrize("tag", [b"", None, "x", 3])
def test_a_tag_of_another_kind_is_forged(tag):
    with pytest.raises(Forged):
        genuine(structs.replace(made(), tag=tag), NOW)


def test_an_equal_copy_is_as_good():
    genuine(copy.deepcopy(made()), NOW)
    elsewhere = structs.replace(made(), lapses=made().lapses.astimezone(timezone(timedelta(hours=8))))
    genuine(elsewhere, NOW)


def test_a_permit_of_another_process_is_forged():
    script = (
        "import pickle, sys; from troth.gate import _mint\n"
        "ask, allow, now = pickle.load(sys.stdin.buffer)\n"
        "sys.stdout.buffer.write(pickle.dumps(_mint.mint(ask, allow, 1, now, None)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps((ASK, ALLOW, NOW)),
        capture_output=True,
        check=True,
        timeout=60,
    )
    permit = pickle.loads(said.stdout)  # noqa: S301
    assert structs.replace(permit, tag=b"") == structs.replace(made(None), tag=b"")
    with pytest.raises(Forged):
        genuine(permit, NOW)


def test_a_fork_draws_a_key_of_its_own():
    permit = made()
    code = (
        "import os, sys; from troth.gate import _mint\n"
        "before = _mint._KEY.bytes\n"
        "child = os.fork()\n"
        "if not child: os._exit(_mint._KEY.bytes == before)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    genuine(permit, NOW)


def test_a_permit_never_shows_its_tag():
    assert made().tag.hex() not in repr(made())
    assert repr(made().tag) not in repr(made())


def policies(*versions: int) -> Policies:
    def fake(version: int) -> Compiled:
        class Fake:
            policy = type("P", (), {"name": "pol", "version": version})

        return Fake()

    return Policies({"pol": {version: fake(version) for version in versions}, "none": {}})


def test_the_current_version_is_the_latest():
    assert policies(1, 3, 2).current("pol").policy.version == 3
    assert "pol" in policies(1)


def test_a_version_is_found_by_number():
    assert policies(1, 2).version("pol", 1).policy.version == 1


@pytest.mark.parametrize("name", ["none", "other"])
def test_a_policy_without_versions_is_none(name):
    with pytest.raises(NoSuchPolicy):
        policies(1).current(name)
    with pytest.raises(NoSuchPolicy):
        policies(1).version(name, 1)


def test_a_version_filed_under_another_number_is_not_believed():
    wrong = Policies({"pol": {2: policies(1).version("pol", 1)}, "other": {1: policies(1).version("pol", 1)}})
    for name, version in (("pol", 2), ("other", 1), ("pol", 3)):
        with pytest.raises(NoSuchPolicy):
            wrong.version(name, version)
