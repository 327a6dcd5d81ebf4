"""The copy on PostgreSQL: everything the vault holds is in it, and nothing of anyone else."""

from __future__ import annotations

import json

import pytest

from tests.fakes.people import FLOW, GUARD, PASSWORD, POLICY
from tests.flow.rights_rig import Desk, quick_hashes  # noqa: F401
from tests.flow.test_subjects_choices import SHOP
from troth.devices.identifiers import Told
from troth.ledger.receipts import verify_receipt
from troth.rights.desk import Asked
from troth.subjects.asking import Asking
from troth.subjects.names import REGISTER
from troth.subjects.store import link_store
from troth.terms import Denied, Reason, Verb
from troth.vault import Erased


@pytest.fixture
async def desk(database, tmp_path):
    async with Desk(database, tmp_path) as one:
        yield one


async def shop_owner(desk, phone="+8613912345678", serial="SN0001"):
    """Someone with a bound camera, a shop, readings of two functions, a request."""
    people = desk.people
    subject = await people.member(phone=phone, email=f"{serial}@example.com")
    async with people.tx() as tx:
        await desk.devices.stock(tx, serial, "Store Sense Camera", "let-me-in")
    told = Told(model="Store Sense Camera", mac="00:11:22:33:44:55", serial=serial, ip="192.0.2.7")
    async with people.tx() as tx:
        await desk.devices.bind(tx, subject, POLICY, "let-me-in", told)
    for function in (FLOW, GUARD):
        await people.choose(subject, function)
    async with people.tx() as tx:
        await link_store(people.parts, tx, subject, POLICY, shop=SHOP)
    crossings = [{"direction": "in", "line": serial}] * 30
    await people.readings(subject, FLOW, "line_crossing", "count_on_camera", *crossings)
    await people.readings(subject, GUARD, "motion_event", "watch_on_camera", {"zone": serial})
    async with people.tx() as tx:
        asked = Asked("correct", "privacy_page", "my shop has moved")
        await desk.requests.receive(tx, subject, POLICY, asked)
    return subject


async def in_the_vault(desk, subject):
    people = desk.people
    asking = Asking(subject, POLICY, people.parts.region, people.clock.now())
    items = people.compiled.functions[REGISTER].items
    async with people.tx() as tx:
        permit = await people.parts.gate.admit(tx, asking.by_right(Verb.USE, REGISTER, items))
        return [held async for held in people.parts.vault.everything(tx, permit)]


def of(lines, *kinds):
    return [line for line in lines if line["line"] in kinds]


async def test_the_copy_has_all_that_the_vault_holds(desk):
    subject = await shop_owner(desk)
    await shop_owner(desk, phone="+8613900139000", serial="SN0002")
    held = await in_the_vault(desk, subject)
    lines = await desk.copy(subject)
    copied = of(lines, "document", "event")
    assert len(held) > 35
    assert {(c["line"], c["id"], c["item"], c["at"]) for c in copied} == {
        (h.form.value, str(h.id), h.item, h.at.isoformat()) for h in held
    }
    values = {c["id"]: c["value"] for c in copied if c["item"] != "password"}
    assert values == {str(h.id): dict(h.value) for h in held if h.item != "password"}
    assert "SN0002" not in json.dumps(lines)


async def test_every_table_about_a_person_is_in_the_copy(desk):
    subject = await shop_owner(desk)
    lines = await desk.copy(subject)
    async with desk.people.tx() as tx:
        one = {"subject": subject}
        acts = await tx.value("SELECT count(*) FROM act WHERE subject = %(subject)s", one)
        entries = await tx.value("SELECT count(*) FROM ledger_opening WHERE subject = %(subject)s", one)
        devices = await tx.value("SELECT count(*) FROM device WHERE subject = %(subject)s", one)
    assert len(of(lines, "act")) == acts
    assert len(of(lines, "entry")) == entries
    assert [d["model"] for d in of(lines, "device")] == ["Store Sense Camera"] * devices
    assert sorted(r["kind"] for r in of(lines, "receipt")) == ["accepted", "chosen", "chosen"]
    for line in of(lines, "receipt"):
        assert verify_receipt(line["receipt"], desk.people.parts.signer.public).entry == line["entry"]
    assert [(r["kind"], r["said"]) for r in of(lines, "request")] == [("correct", "my shop has moved")]


async def test_the_copy_says_where_it_begins_and_ends(desk):
    subject = await desk.people.member()
    lines = await desk.copy(subject)
    assert (lines[0]["line"], lines[0]["about"], lines[0]["policy"]) == ("copy", str(subject), POLICY)
    assert lines[-1]["line"] == "end"
    assert lines[-1]["lines"] == len(lines) - 1
    assert json.loads(json.dumps(lines)) == lines


async def test_the_copy_lets_nobody_try_passwords(desk):
    subject = await desk.people.member()
    lines = await desk.copy(subject)
    (password,) = [line for line in lines if line.get("item") == "password" and line["line"] == "document"]
    assert password["value"].keys() == {"withheld"}
    assert "$argon2id$" not in json.dumps(lines)
    assert PASSWORD not in json.dumps(lines)


async def test_a_copy_is_on_record_and_in_the_next_copy(desk):
    subject = await desk.people.member()
    await desk.copy(subject)
    entries = of(await desk.copy(subject), "entry")
    assert [e["text"]["kind"] for e in entries].count("copied") == 2


async def test_who_ended_the_agreement_gets_a_copy(desk):
    subject = await shop_owner(desk)
    async with desk.people.tx() as tx:
        await desk.people.choices.end(tx, subject, POLICY)
    assert len(of(await desk.copy(subject), "event")) == 31


async def test_who_cancelled_gets_none(desk):
    subject = await desk.people.member()
    await desk.cancel(subject)
    with pytest.raises(Denied) as refused:
        await desk.copy(subject)
    assert refused.value.decision.reason is Reason.CANCELLED


async def test_a_copy_that_an_erasure_cuts_short_has_no_end(desk):
    subject = await shop_owner(desk)
    stream = await desk.copies.of(subject, POLICY)
    lines = [await anext(stream) for _ in range(3)]
    await desk.cancel(subject)
    with pytest.raises(Erased):
        lines += [line async for line in stream]
    assert "end" not in {line["line"] for line in lines}


async def test_a_slow_reader_holds_nothing_back(desk):
    subject = await shop_owner(desk)
    stream = await desk.copies.of(subject, POLICY)
    await anext(stream)
    await desk.people.withdraw(subject, FLOW)
    rest = [line async for line in stream]
    assert rest[-1]["line"] == "end"
