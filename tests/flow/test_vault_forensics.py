"""What a thief of the disk finds: nothing that was planted through any entrance of the vault, in any form.

With sealing put out of action the same scan finds every one of them: the control.
"""

from __future__ import annotations

import shutil
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from msgspec import structs

from tests.conftest import Dsns
from tests.contract.test_vault_media import upload
from tests.fakes.vault import ANYTHING, START, Bench, reading
from tests.servers.embedded import let_all_in
from troth.app.embedded.postgres import Postgres
from troth.db import migrate
from troth.policy.keeping import Held
from troth.prove.scan import scan
from troth.terms import ClauseId, FunctionName, ItemName, PolicyName, Verb
from troth.vault import (
    Claimed,
    EpochKind,
    FolderKeyring,
    NotStorable,
    Unsealable,
    blocks,
    cipher,
    documents,
    events,
    keys,
)
from troth.vault.farewell import Farewell
from troth.vault.label import Kind, Label
from troth.vault.media import Media
from troth.vault.objects import Objects

ENTRANCES = (
    *("document", "replaced", "event", "corrected", "noted", "looked_up", "farewell", "unstorable"),
    *("claimed_twice", "media", "held", "held_event"),
    *("filmed", "told_of_film", "broken_off"),
)


@pytest.fixture
def server(services, tmp_path_factory):
    """A server of its own, so that the scan reads this test's files only."""
    one = Postgres(tmp_path_factory.mktemp("pg"), settings={"fsync": "off"})
    services.start(one.child)
    services.run(migrate(one.owner_dsn))
    let_all_in(one)
    return one


@pytest.fixture
async def bench(server, tmp_path):
    async with Bench(Dsns(server, "troth"), tmp_path) as one:
        objects = Objects.folder(tmp_path / "media")
        one.media = Media(one.db, one.keyring, one.clock, objects, values=ANYTHING)
        yield one


async def film(bench, subject, content, told, *, whole):
    """Upload an object, or stop before its end."""
    media = bench.media
    permit = bench.permit(subject, Verb.COLLECT, "cloud", "film")
    async with bench.tx() as tx:
        upload = await media.begin(tx, permit, ItemName("film"), told=told)
    await upload.write(content.encode() * 20_000)
    await upload.close()
    if whole:
        async with bench.tx() as tx:
            await media.finish(tx, permit, upload)


async def keep_for_the_law(bench, subject, markers):
    """Hold a document, and a copy of a reading."""
    order, holds = ItemName("order"), (Held(START + timedelta(days=9), ClauseId("p/legal_holds/orders")),)
    of = (PolicyName("sunmi-camera"), FunctionName("shop"), 1)
    await bench.append(subject, [reading("order", value={"v": markers["held_event"]})], function="shop")
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "shop", "order")
        record = await bench.vault.add(tx, permit, order, {"v": markers["held"]})
        await bench.vault.holds.begin(tx, permit, order, record, holds)
        assert await bench.vault.holds.begin_all(tx, subject, of, {order: holds}) == 2


async def plant(bench, database):
    """Put a marker through every entrance; return them, what was said along the way, and for whom."""
    markers = {name: f"{name}-{uuid4().hex}-尚米" for name in ENTRANCES}
    said = []

    async def refused(kind, work):
        with pytest.raises(kind) as caught:
            await work
        said.append("".join(traceback.format_exception(caught.value)))
        said.append(repr(caught.value))

    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS outside (sealed bytea)")
        owner.execute("GRANT INSERT ON outside TO PUBLIC")
    subject, other = await bench.subject(), await bench.subject()
    await bench.put(subject, "name", {"v": markers["replaced"]})
    await bench.put(subject, "name", {"v": markers["document"], "more": "x" * 3000})
    sent = reading("motion", value={"plate": markers["event"]})
    await bench.append(subject, [sent, *(reading("motion", at=START) for _ in range(20))])
    await bench.append(subject, [sent])
    await bench.correct(subject, replace(sent, value={"plate": markers["corrected"]}))
    await keep_for_the_law(bench, subject, markers)
    await upload(bench, subject, markers["media"].encode())
    phone = ItemName("phone")

    async def note():
        async with bench.tx() as tx:
            permit = bench.permit(subject, Verb.COLLECT, "register", "phone")
            sealed = await bench.vault.seal(tx, permit, phone, uuid4(), {"to": markers["noted"]})
            await tx.run("INSERT INTO outside VALUES (%(s)s)", {"s": sealed})

    async def claim(who, value):
        async with bench.tx() as tx:
            permit = bench.permit(who, Verb.COLLECT, "register", "phone")
            await bench.vault.lookup.claim(tx, permit, phone, value)

    async def look(value):
        async with bench.tx() as tx:
            await bench.vault.lookup.find(tx, phone, value)

    await film(bench, subject, markers["filmed"], {"zone": markers["told_of_film"]}, whole=True)
    await film(bench, subject, markers["broken_off"], {}, whole=False)
    await note()
    await claim(subject, markers["looked_up"])
    await look(markers["looked_up"])
    await claim(other, markers["claimed_twice"])
    await refused(Claimed, claim(subject, markers["claimed_twice"]))
    await refused(NotStorable, bench.put(subject, "name", {"v": [markers["unstorable"], object()]}))
    await refused(NotStorable, bench.append(subject, [reading(value={markers["unstorable"]: {1: 2}})]))
    begun = await bench.begin(other, Farewell(return_address=markers["farewell"]))
    assert len(await bench.everything(subject)) == 24
    await bench.turn()
    await bench.advance(begun.erasure)
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("ANALYZE")
        owner.execute("CHECKPOINT")
    return markers, said, subject


async def test_no_marker_lies_in_any_file_or_word(bench, server, tmp_path):
    markers, said, subject = await plant(bench, Dsns(server, "troth"))
    async with bench.tx() as tx:
        await tx.run("UPDATE document SET version = version + 1")
    with pytest.raises(Unsealable) as caught:
        await bench.everything(subject)
    said.append("".join(traceback.format_exception(caught.value)))
    assert scan([server._directory, tmp_path], markers.values()) == frozenset()
    for marker in markers.values():
        assert not any(marker in text for text in said)


async def test_with_sealing_out_of_action_the_scan_finds_each_marker(bench, server, tmp_path, monkeypatch):
    monkeypatch.setattr(cipher, "seal", lambda _key, _aad, plaintext: plaintext)
    monkeypatch.setattr(cipher, "unseal", lambda _key, _aad, sealed: sealed)
    monkeypatch.setattr(cipher, "seal_chunk", lambda *args, **_more: bytes(args[-1]) + bytes(16))
    markers, *_ = await plant(bench, Dsns(server, "troth"))
    seen = {sighting.marker for sighting in scan([server._directory, tmp_path], markers.values())}
    never_stored = {"unstorable"}
    assert {name for name, marker in markers.items() if marker in seen} == set(ENTRANCES) - never_stored


async def test_the_statistics_of_the_server_hold_no_ciphertext(bench, server):
    await plant(bench, Dsns(server, "troth"))
    with psycopg.connect(Dsns(server, "troth").owner) as owner:
        measured = owner.execute(
            "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public' "
            "AND attname IN ('sealed', 'wrapped', 'tag', 'plan', 'link_hash')"
        ).fetchall()
    assert [row for row in measured if row[0] != "outside"] == []


_BLOCK = """
SELECT b.function, b.class AS retention, b.at_day, b.block, b.key, b.version, b.policy_version, b.sealed,
       k.owner_epoch, k.kek_epoch, k.wrapped
  FROM event_block b JOIN vault_key k USING (subject, key) WHERE b.subject = %(subject)s
"""
_WRAP = b"\x7b"
"""How PostgreSQL begins a value of 60 bytes: what follows may be a wrapped key."""


def everywhere(folder):
    """Return the content of every file."""
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


def keys_left(files, keyring, labels):
    """Return every key that some 60 bytes of ``files`` are the wrap of, under any key of the keyring."""
    keks = [
        (key, label(epoch).aad())
        for epoch in keyring.epochs(EpochKind.KEK)
        for key in [keyring.key(EpochKind.KEK, epoch)]
        for label in labels
    ]
    found = set()
    for text in files:
        at = text.find(_WRAP)
        while at >= 0:
            for kek, aad in keks:
                with suppress(Unsealable):
                    found.add(cipher.unwrap(kek, aad, text[at + 1 : at + 61]))
            at = text.find(_WRAP, at + 1)
    return found


async def test_a_corrected_reading_is_opened_by_nothing_once_its_key_and_its_epoch_have_ended(bench, server):
    """A thief has every file of the database, and the keyring of today or of the day before."""
    subject, sent = await bench.subject(), reading("motion", value={"plate": "old"})
    await bench.append(subject, [sent])
    async with bench.tx() as tx:
        old = await tx.row(events.Block, _BLOCK, {"subject": subject})
    await bench.append(subject, [other := reading("motion", value={"plate": "kept"})])
    await bench.correct(subject, corrected := replace(sent, value={"plate": "new"}))

    def labels_of(epoch):
        owner = events.owner_of(subject, old)
        return [keys.key_label(structs.replace(owner, owner_epoch=n), old.key, epoch) for n in (0, -1)]

    labels = [lambda epoch, n=n: labels_of(epoch)[n] for n in (0, 1)]

    def thief(keyring):
        with psycopg.connect(Dsns(server, "troth").owner, autocommit=True) as owner:
            owner.execute("CHECKPOINT")
        files = everywhere(server._directory)
        assert any(bytes(old.sealed) in text for text in files)  # nobody overwrites it
        return [opened_by(old, key, subject) for key in keys_left(files, keyring, labels)]

    assert thief(bench.keyring) == [[sent]]
    await bench.rekey()
    assert thief(bench.keyring) == [[sent]]  # deleted from the rows; not yet from the dead ones
    shutil.copytree(bench.folder / "keyring", yesterday := bench.folder / "yesterday")
    await bench.turn()
    assert thief(bench.keyring) == []
    assert thief(FolderKeyring.create(yesterday)) == [[sent]]  # until no copy of it is left
    assert await bench.events(subject) == sorted([corrected, other], key=lambda one: one.id)


def opened_by(row, secret, subject):
    aad = events.labels(events.owner_of(subject, row)).aad(
        row.block.bytes, events.of_block(row.at_day, row.version, row.policy_version)
    )
    return blocks.decode(cipher.unseal(secret, aad, bytes(row.sealed)))


async def test_a_replaced_document_is_opened_by_nothing_once_its_epoch_has_ended(bench, server):
    subject = await bench.subject()
    record = await bench.put(subject, "name", {"v": "old"})
    async with bench.tx() as tx:
        sealed = await tx.value("SELECT sealed FROM document WHERE subject = %(s)s", {"s": subject})
    await bench.put(subject, "name", {"v": "new"})

    def label(epoch):
        return documents.wrap_label(subject, record, "sunmi-camera/register", "purpose", epoch)

    aad = Label(
        kind=Kind.DOCUMENT, subject=subject, record=record, name="name", version=1, policy_version=1
    ).aad()

    def thief():
        with psycopg.connect(Dsns(server, "troth").owner, autocommit=True) as owner:
            owner.execute("CHECKPOINT")
        files, found = everywhere(server._directory), []
        assert any(bytes(sealed) in text for text in files)
        for key in keys_left(files, bench.keyring, [label]):
            with suppress(Unsealable):
                found.append(blocks.decode_value(cipher.unseal(key, aad, bytes(sealed))))
        return found

    assert thief() == [{"v": "old"}]
    await bench.turn()
    assert thief() == []
    assert await bench.open(subject, "name") == {"v": "new"}
