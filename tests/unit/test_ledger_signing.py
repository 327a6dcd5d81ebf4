"""Keys, signed notes and heads: known answers, and nothing bent passes."""

import base64
import threading
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from troth.ledger import checkpoint
from troth.ledger.checkpoint import Head
from troth.ledger.signing import TIMED, BadKeyFile, NotGenuine, PublicKey, Signer

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
SIGNER = Signer("troth/test", KEY)
HEAD = Head("troth/test", 20852163, b"\7" * 32, datetime(2026, 3, 1, 9, 0, 30, tzinfo=UTC))
SIGNED = checkpoint.sign(HEAD, SIGNER)

# The example of Go's note package, the origin of the format.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAYING = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
PETERS = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_a_known_key_and_note_of_another_implementation():

    key = PublicKey.parse(PETER)
    raw = base64.b64decode(PETERS)
    assert raw[:4] == key.key_id() == bytes.fromhex("c74f20a3")
    assert key.verifies(raw[4:], SAYING.encode())
    assert not key.verifies(raw[4:], SAYING.upper().encode())
    assert str(key) == PETER


def test_a_head_reads_back_and_is_in_the_published_form():
    assert checkpoint.read(SIGNED, SIGNER.public) == HEAD
    lines = SIGNED.split("\n")
    assert lines[:2] == ["troth/test", "20852163"]
    assert lines[3] == ""
    assert [line[:13] for line in lines[4:6]] == ["— troth/test "] * 2
    assert lines[6:] == [""]


def test_a_witness_may_sign_beside_us():
    other = Signer("witness.example/w1", Ed25519PrivateKey.generate())
    line = checkpoint.sign(Head("witness.example/w1", 1, b"\0" * 32, HEAD.at), other).rpartition("\n\n")[2]
    assert checkpoint.read(SIGNED + line, SIGNER.public) == HEAD
    with pytest.raises(NotGenuine):
        checkpoint.read(SIGNED.split("— ")[0] + line, SIGNER.public)


@given(st.integers(0, len(SIGNED) - 1), st.characters(codec="utf-8"))
def test_no_character_of_a_head_can_be_changed(at, other):
    bent = SIGNED[:at] + other + SIGNED[at + 1 :]
    if bent == SIGNED:
        return
    try:
        read = checkpoint.read(bent, SIGNER.public)
    except NotGenuine:
        return
    # Base64 has spare bits at its end; the same bytes are the same signature.
    assert read == HEAD


@given(st.text())
def test_what_is_no_head_is_refused_not_crashed_on(text):
    for each in (text, f"troth/test\n{text}\n\n— troth/test {text}\n", SIGNED[: len(text)]):
        with pytest.raises(NotGenuine):
            checkpoint.read(each, SIGNER.public)


@pytest.mark.parametrize(
    "text",
    [
        "troth/other\n1\n{root}\n",
        "troth/test\n01\n{root}\n",
        "troth/test\n-1\n{root}\n",
        "troth/test\n1\n????\n",
        "troth/test\n1\nAAAA\n",
        "troth/test\n1\n{root}\nmore\n",
        "troth/test\n1\n",
    ],
)
def test_our_key_under_something_else_than_a_head_is_refused(text):

    text = text.format(root=base64.b64encode(HEAD.root).decode())
    timed = f"cosignature/v1\ntime 5\n{text}".encode()
    signed = (
        f"{text}\n{checkpoint.line(SIGNER.public, 1, KEY.sign(text.encode()))}"
        f"{checkpoint.line(SIGNER.public, TIMED, (5).to_bytes(8, 'big') + KEY.sign(timed))}"
    )
    with pytest.raises(NotGenuine, match="not a head of this log"):
        checkpoint.read(signed, SIGNER.public)


def test_a_head_needs_its_time_signed_too():
    plain = SIGNED[: SIGNED.rindex("— ")]
    with pytest.raises(NotGenuine, match="time"):
        checkpoint.read(plain, SIGNER.public)
    later = Head(HEAD.origin, HEAD.size, HEAD.root, datetime(2027, 1, 1, tzinfo=UTC))
    assert checkpoint.read(checkpoint.sign(later, SIGNER), SIGNER.public) == later


def test_a_log_signs_its_own_heads_only():
    with pytest.raises(ValueError, match="own heads"):
        checkpoint.sign(Head("troth/other", 1, b"\0" * 32, HEAD.at), SIGNER)


def test_a_document_reads_back_as_its_kind_only():
    token = SIGNER.token({"a": [1, "x"]}, "troth-certificate+jws")
    assert SIGNER.public.read(token, "troth-certificate+jws") == {"a": [1, "x"]}
    with pytest.raises(NotGenuine, match="not as a troth-receipt"):
        SIGNER.public.read(token, "troth-receipt+jws")
    with pytest.raises(NotGenuine):
        Signer("troth/test", Ed25519PrivateKey.generate()).public.read(token, "troth-certificate+jws")
    with pytest.raises(ValueError, match="could not be read back"):
        SIGNER.token({"a": "x" * 200_000}, "troth-receipt+jws")


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "eyJhbGciOiJub25lIn0.e30.", "王.小.明"])
def test_what_is_no_document_is_refused(token):
    with pytest.raises(NotGenuine):
        SIGNER.public.read(token, "troth-receipt+jws")


@pytest.mark.parametrize("payload", [b"[]", b"1", b"{", b"\xff", b""])
def test_a_document_is_an_object(payload):

    header = {"alg": "Ed25519", "typ": "troth-receipt+jws"}
    token = jws.serialize_compact(header, payload, SIGNER._jwk, algorithms=["Ed25519"])
    with pytest.raises(NotGenuine):
        SIGNER.public.read(token, "troth-receipt+jws")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "troth/test",
        "a+b+c",
        "troth/test+00000000+" + PETER.rpartition("+")[2],
        PETER[:-4] + "AAAA",
        PETER[:-8],
    ],
)
def test_what_is_no_key_is_refused(line):
    with pytest.raises(NotGenuine):
        PublicKey.parse(line)


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "商米"])
def test_a_ledgers_name_is_one_word(name):
    with pytest.raises(ValueError, match="name"):
        PublicKey(name, SIGNER.public.raw)


def test_a_key_file_is_made_once_and_for_its_owner_only(tmp_path):
    folder = tmp_path / "keyring" / "sign"
    made = Signer.load(folder, "troth/test")
    assert Signer.load(folder, "troth/test").public == made.public
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(f.name, f.stat().st_mode & 0o777) for f in folder.iterdir()] == [("ledger.pem", 0o600)]
    assert made.public.verifies(made.sign(b"x"), b"x")


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    found = []
    gate = threading.Barrier(8)

    def load():
        gate.wait()
        found.append(Signer.load(tmp_path, "troth/test").public)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [f.name for f in tmp_path.iterdir()] == ["ledger.pem"]


def test_a_key_that_others_can_read_is_refused(tmp_path):
    Signer.load(tmp_path, "troth/test")
    (tmp_path / "ledger.pem").chmod(0o640)
    with pytest.raises(BadKeyFile, match="chmod 600"):
        Signer.load(tmp_path, "troth/test")


@pytest.mark.parametrize("content", [b"", b"not a key"])
def test_a_broken_key_file_is_refused(tmp_path, content):
    Signer.load(tmp_path, "troth/test")
    (tmp_path / "ledger.pem").write_bytes(content)
    with pytest.raises(BadKeyFile, match="restore it"):
        Signer.load(tmp_path, "troth/test")


def test_a_key_of_another_kind_is_refused(tmp_path):
    Signer.load(tmp_path, "troth/test")
    other = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "ledger.pem").write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(BadKeyFile, match="not an Ed25519 key"):
        Signer.load(tmp_path, "troth/test")
