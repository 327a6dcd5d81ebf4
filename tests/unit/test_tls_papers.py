"""Our own authority: tight files, renewed in time, for the names that others use; what may be set of TLS."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from troth.app import tls
from troth.app.embedded import authority
from troth.app.settings import BadSetting, Settings

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
NAMES = ("localhost", "127.0.0.1")
EVERYWHERE = "0.0.0.0"  # noqa: S104


def shown(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority.ensure(tmp_path / "tls", NAMES, NOW)
    return tmp_path / "tls"


def test_only_this_user_can_read_what_is_made(folder: Path):
    assert {path.name for path in folder.iterdir()} == {"ca.pem", "ca.key", "server.pem", "server.key"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_authority_signs_servers_and_no_other_authority(folder: Path):
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    limits = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)
    leaf = shown(folder)
    leaf.verify_directly_issued_by(ca)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_what_stands_is_kept_and_what_ends_soon_is_replaced_under_the_same_authority(folder: Path):
    first, ca = shown(folder), (folder / "ca.pem").read_bytes()
    due = NOW + authority.LASTS - authority.RENEWED
    authority.ensure(folder, NAMES, due - timedelta(days=1))
    assert shown(folder) == first
    authority.ensure(folder, NAMES, due)
    assert shown(folder) != first
    assert shown(folder).not_valid_after_utc == due + authority.LASTS
    assert (folder / "ca.pem").read_bytes() == ca


def test_other_names_make_another_certificate(folder: Path):
    first = shown(folder)
    authority.ensure(folder, (*NAMES, "devices.example.com"), NOW)
    assert shown(folder) != first
    authority.ensure(folder, (*NAMES, "devices.example.com"), NOW)
    said = shown(folder).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "devices.example.com" in said.get_values_for_type(x509.DNSName)


def test_a_lost_key_or_half_a_pair_is_mended(folder: Path):
    (folder / "server.key").unlink()
    tls.listening(authority.ensure(folder, NAMES, NOW))
    authority.renew_authority(folder)
    tls.listening(authority.ensure(folder, NAMES, NOW))
    shown(folder).verify_directly_issued_by(x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()))


def test_listening_everywhere_is_reached_by_the_machines_name():
    assert authority.names((), ("127.0.0.1", "127.0.0.1")) == ("localhost", "127.0.0.1", "::1")
    everywhere = authority.names(("a.example.com",), (EVERYWHERE, "192.0.2.1"))
    assert {"192.0.2.1", "a.example.com", "localhost"} < set(everywhere)
    assert EVERYWHERE not in everywhere


def test_a_listener_takes_no_old_tls(folder: Path):
    context = tls.listening(tls.own(folder))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert all("GCM" in c["name"] or "POLY1305" in c["name"] for c in context.get_ciphers())


def test_files_that_are_no_pair_are_refused_by_name(folder: Path):
    with pytest.raises(tls.UnfitTls, match="name two PEM files"):
        tls.listening(tls.Papers(folder / "server.pem", folder / "ca.key"))


HOME = {"HOME": "/home/wang"}
GIVEN = {"TROTH_TLS_CERT": "/etc/a.pem", "TROTH_TLS_KEY": "/etc/a.key"}


def test_tls_is_on_and_the_papers_are_ours_unless_others_are_named():
    got = Settings.from_environ(HOME)
    assert got.papers == tls.own(got.data / "tls")
    given = Settings.from_environ(HOME | GIVEN).papers
    assert given == tls.Papers(Path("/etc/a.pem"), Path("/etc/a.key"), None)
    plain = Settings.from_environ(HOME, tls="off")
    assert (plain.papers, plain.mqtt_port) == (None, 1883)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"TROTH_TLS": "maybe"}, "TROTH_TLS is 'maybe'"),
        ({"TROTH_TLS": "off", "TROTH_HTTP_HOST": EVERYWHERE}, "TROTH_HTTP_HOST can be reached"),
        ({"TROTH_TLS": "off", "TROTH_MQTT_HOST": "192.0.2.1"}, "TROTH_MQTT_HOST can be reached"),
        ({"TROTH_TLS": "off", **GIVEN}, "TROTH_TLS_CERT is set"),
        ({"TROTH_TLS_CERT": "/etc/a.pem"}, "belong together"),
        ({"TROTH_TLS_CERT": "a.pem", "TROTH_TLS_KEY": "a.key"}, "full path"),
        ({"TROTH_TLS_NAMES": "a.example.com, b c"}, "between commas"),
        ({"TROTH_TLS_NAMES": "a.example.com", **GIVEN}, "beside a given one"),
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, str], why: str):
    with pytest.raises(BadSetting, match=why):
        Settings.from_environ(HOME | said)
