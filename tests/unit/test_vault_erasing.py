"""What an erasure leaves outside the database: the roll, the farewell plan, the certificate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from troth.ledger.signing import Signer
from troth.terms import SubjectId
from troth.vault import CertificateBroken, FolderKeyring, PlanLapsed, Unsealable, certificate, farewell
from troth.vault.farewell import Farewell
from troth.vault.roll import Erasure, Roll
from troth.vault.stages import EVIDENCE, NEXT, Erasing, Stage

AT = datetime(2026, 3, 2, 4, 5, tzinfo=UTC)
HELD = certificate.HeldBack(0, None)


def line():
    return Erasure(uuid4(), SubjectId(uuid4()), AT)


def test_every_stage_leads_to_the_next_and_leaves_evidence():
    assert [*NEXT.values()] == [*Stage][1:]
    assert [*NEXT] == [*Stage][:-1]
    assert set(EVIDENCE) == set(Stage)


def test_the_roll_reads_back_what_was_added_once_each(tmp_path):
    roll, lines = Roll(tmp_path / "erasures.log"), [line(), line()]
    assert roll.read() == ()
    for one in [*lines, lines[0]]:
        roll.add(one)
    assert roll.read() == tuple(lines)
    assert (tmp_path / "erasures.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 20, 50, 100])
def test_a_torn_line_harms_no_other(tmp_path, cut):
    path, lines = tmp_path / "erasures.log", [line(), line(), line()]
    roll = Roll(path)
    roll.add(lines[0])
    roll.add(lines[1])
    path.write_bytes(path.read_bytes()[:-cut])
    roll.add(lines[2])
    found = roll.read()
    assert found[0] == lines[0]
    assert found[-1] == lines[2]


@pytest.fixture
def ring(tmp_path):
    return FolderKeyring.create(tmp_path / "ring")


def test_a_plan_opens_with_its_key_only(ring):
    plan = Farewell(recipients=("courier",), return_address="a@example.com", objects=("o1",))
    subject, erasure = SubjectId(uuid4()), uuid4()
    sealed = farewell.seal(ring, subject, erasure, plan)
    assert b"example" not in sealed
    assert "example" not in repr(plan)
    assert farewell.unseal(ring, subject, erasure, sealed) == plan
    with pytest.raises(Unsealable):
        farewell.unseal(ring, SubjectId(uuid4()), erasure, sealed)
    ring.destroy_farewell(erasure)
    with pytest.raises(PlanLapsed):
        farewell.unseal(ring, subject, erasure, sealed)


@pytest.fixture
def signer(tmp_path):
    return Signer.load(tmp_path / "sign", "troth/test")


def row(**changed):
    dates = [AT + timedelta(hours=n) for n in range(5)]
    stages = [stage.name.lower() for stage in Stage if stage < Stage.CERTIFIED]
    base = Erasing(
        erasure=uuid4(),
        subject=SubjectId(uuid4()),
        stage=4,
        planned_at=dates[0],
        refused_at=dates[1],
        unrecoverable_at=dates[2],
        swept_at=dates[3],
        told_at=dates[4],
        certified_at=None,
        kek_epoch=3,
        index_epoch=2,
        plan=None,
        plan_ends=AT + timedelta(days=30),
        recipients=1,
        evidence={name: str(uuid4()) for name in stages},
        removed={"vault_key": 4},
        checked={"vault_key": 0, "document": 0},
        certificate=None,
    )
    return replace(base, **changed)


def test_a_certificate_says_what_was_done_and_when(signer):
    one, done = row(), AT + timedelta(hours=9)
    token = certificate.sign(signer, one, done, {"courier": AT}, head="head", held=HELD)
    found = certificate.verify(token, signer.public)
    assert (found.erasure, found.subject) == (one.erasure, one.subject)
    assert found.stages == {**one.dates(), "certified": done}
    assert found.epochs_destroyed == {"kek": 3, "index": 2}
    assert found.checked == {"vault_key": 0, "document": 0}
    assert found.recipients == {"courier": AT}
    assert found.head == "head"
    assert len(found.limits) == 2


def test_a_changed_certificate_is_found_out(signer, tmp_path):
    token = certificate.sign(signer, row(), AT, {}, head=None, held=HELD)
    head, body, signature = token.split(".")
    swapped = body[:-4] + ("AAAA" if not body.endswith("AAAA") else "BBBB")
    other = Signer.load(tmp_path / "other", "troth/test")
    for wrong in (
        f"{head}.{swapped}.{signature}",
        "nonsense",
        certificate.sign(other, row(), AT, {}, head=None, held=HELD),
    ):
        with pytest.raises(CertificateBroken):
            certificate.verify(wrong, signer.public)


@pytest.mark.parametrize(
    "payload",
    [{}, {"stages": {}}, {"erasure": "x"}],
)
def test_another_signed_text_is_no_certificate(signer, payload):
    for kind in (certificate.KIND, "troth-receipt+jws"):
        with pytest.raises(CertificateBroken):
            certificate.verify(signer.token(payload, kind), signer.public)


@pytest.mark.parametrize("changed", [{"checked": {"document": 3}}, {"swept_at": None}])
def test_a_certificate_of_a_half_done_erasure_does_not_verify(signer, changed):
    token = certificate.sign(signer, row(**changed), AT, {}, head=None, held=HELD)
    with pytest.raises(CertificateBroken, match="everything is gone"):
        certificate.verify(token, signer.public)
