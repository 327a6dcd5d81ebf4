"""How our listeners speak: TLS with certificate files, or plain on this machine alone. Makes no certificate.

Decides what may be set about TLS and what a listener demands of it: 1.2 or newer, with authenticated ciphers.
`app.embedded.authority` makes the files where the operator names none.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_NEAR = frozenset({"127.0.0.1", "::1", "localhost"})
_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9*]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
_SETTINGS = ("TROTH_TLS_CERT", "TROTH_TLS_KEY", "TROTH_TLS_NAMES")


class UnfitTls(TrothError):
    """our listeners cannot speak TLS as it is set"""


@dataclass(frozen=True, slots=True)
class Papers:
    """What our listeners show: a certificate (with its chain) and its key, as files.

    ``authority`` is what a device or a browser must know to check it; None for a certificate of the
    operator's own, whose authority they know already.
    """

    certificate: Path
    key: Path
    authority: Path | None = None


def own(folder: Path) -> Papers:
    """Return where the papers lie that we make ourselves."""
    return Papers(folder / "server.pem", folder / "server.key", folder / "ca.pem")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is set about TLS: whether at all, with which files (None: of our own making), for which names."""

    on: bool
    certificate: Path | None
    key: Path | None
    names: tuple[str, ...]


def read(given: Mapping[str, str], hosts: Mapping[str, str]) -> Wish:
    """Return what the variables say about TLS. Raises `UnfitTls`.

    ``hosts`` are the addresses that are listened on: plain only where nobody else can reach them.
    """
    word = given.get("TROTH_TLS", "on")
    if word not in {"on", "off"}:
        raise UnfitTls(f"TROTH_TLS is {word[:20]!r}: write on, or off for this machine alone")
    if word == "off":
        _refuse_plain_abroad(given, hosts)
    cert, key = (_file(name, given.get(name)) for name in ("TROTH_TLS_CERT", "TROTH_TLS_KEY"))
    if (cert is None) != (key is None):
        raise UnfitTls("TROTH_TLS_CERT and TROTH_TLS_KEY belong together: set both, or neither")
    names = _names(given.get("TROTH_TLS_NAMES", ""))
    if names and cert is not None:
        raise UnfitTls(
            "TROTH_TLS_NAMES are for a certificate that Troth makes: leave it out beside a given one"
        )
    return Wish(word == "on", cert, key, names)


def _refuse_plain_abroad(given: Mapping[str, str], hosts: Mapping[str, str]) -> None:
    for variable, host in hosts.items():
        if not near(host):
            raise UnfitTls(
                f"TROTH_TLS is off and {variable} can be reached from other machines: leave TLS on, "
                "or listen on 127.0.0.1"
            )
    for name in _SETTINGS:
        if name in given:
            raise UnfitTls(f"TROTH_TLS is off and {name} is set: keep one")


def _names(value: str) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in value.split(","))))
    if not all(map(_NAME.fullmatch, names)):
        raise UnfitTls(
            "TROTH_TLS_NAMES are the names and addresses by which others reach this system, between "
            "commas: write such as devices.example.com,192.0.2.10"
        )
    return names


def near(host: str) -> bool:
    """Whether an address to listen on is this machine's alone."""
    return host in _NEAR


def listening(papers: Papers) -> ssl.SSLContext:
    """Return what a listener of ours speaks. Raises `UnfitTls` when the files are no pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    load(context, papers)
    return context


def load(context: ssl.SSLContext, papers: Papers) -> None:
    """Let ``context`` show these papers from the next connection on. Raises `UnfitTls`."""
    try:
        context.load_cert_chain(papers.certificate, papers.key)
    except (OSError, ssl.SSLError) as error:
        raise UnfitTls(
            f"{papers.certificate} and {papers.key} are no certificate with its key that this user can "
            f"read ({type(error).__name__}): name two PEM files, the certificate followed by its chain"
        ) from None


def pinned(papers: Papers) -> ssl.SSLContext:
    """Return what knows this one certificate and no other, by whatever name: for a knock at our own door."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the certificate itself is known
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(papers.certificate)
    return context


def _file(name: str, value: str | None) -> Path | None:
    if value is None:
        return None
    if not value.startswith("/") or not value.isprintable():
        raise UnfitTls(f"{name} is not a full path: write one that begins with /")
    return Path(value)
