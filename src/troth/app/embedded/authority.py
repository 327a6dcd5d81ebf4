"""A certificate authority of this deployment's own: made at the first start, kept in the data folder.

Decides what its certificates say and when the next one is due. It signs for our own listeners and nothing
else; it may sign no other authority. Devices and browsers are given ``ca.pem``, which lasts ten years; what
listeners show is renewed long before it ends. See docs/decisions/0028-tls-of-our-own.md.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from troth.app.places import own_directory, own_file
from troth.app.tls import Papers, own

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

AUTHORITY_LASTS = timedelta(days=3650)
LASTS = timedelta(days=365)
RENEWED = timedelta(days=120)
"""So long before its end a certificate is replaced."""
_AGO = timedelta(hours=1)
"""A device's clock may be behind ours."""
_HERE = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - not an address to be reached by


def names(told: Sequence[str], hosts: Sequence[str]) -> tuple[str, ...]:
    """Return by what names others may reach us: this machine's own, what is listened on, what was told."""
    listened = [host for host in hosts if host not in _EVERYWHERE]
    machine = [socket.gethostname()] if len(listened) < len(hosts) else []
    return tuple(dict.fromkeys((*_HERE, *listened, *machine, *told)))


def ensure(folder: Path, for_names: Sequence[str], now: datetime) -> Papers:
    """Make what is missing in ``folder`` (0700): the authority, and a certificate for ``for_names``.

    A certificate that ends soon, was signed by another authority or is for other names is replaced.
    """
    own_directory(folder)
    papers = own(folder)
    ca, ca_key = _authority(folder, now)
    if _stands(papers, ca, for_names, now):
        return papers
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _begun("troth", now, LASTS)
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in for_names]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    own_file(papers.key, _pem(key))  # first: a certificate without its key is replaced at the next start
    own_file(papers.certificate, _text(certificate))
    return papers


def renew(folder: Path) -> None:
    """Let the next `ensure` make a new key and certificate; the authority stays."""
    own(folder).certificate.unlink(missing_ok=True)


def renew_authority(folder: Path) -> None:
    """Let the next `ensure` make a new authority: every device and browser must be given its ``ca.pem``."""
    renew(folder)
    for name in ("ca.pem", "ca.key"):
        (folder / name).unlink(missing_ok=True)


def ends(certificate: Path) -> datetime:
    """Return when a certificate ends. Raises `OSError`, `ValueError`."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_file, key_file = folder / "ca.pem", folder / "ca.key"
    if certificate_file.exists() and key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        if isinstance(key, ec.EllipticCurvePrivateKey) and found.not_valid_after_utc > now + LASTS:
            return found, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"Troth {os.urandom(4).hex()}"
    certificate = (
        _begun(name, now, AUTHORITY_LASTS)
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    own_file(key_file, _pem(key))
    own_file(certificate_file, _text(certificate))
    return certificate, key


def _begun(name: str, now: datetime, lasts: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _AGO)
        .not_valid_after(now + lasts)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _stands(papers: Papers, ca: x509.Certificate, for_names: Sequence[str], now: datetime) -> bool:
    if not papers.certificate.exists() or not papers.key.exists():
        return False
    found = x509.load_pem_x509_certificate(papers.certificate.read_bytes())
    key = serialization.load_pem_private_key(papers.key.read_bytes(), None)
    said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        found.not_valid_before_utc <= now < found.not_valid_after_utc - RENEWED
        and found.issuer == ca.subject
        and found.public_key() == key.public_key()
        and set(said) == {_general(name) for name in for_names}
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def now() -> datetime:
    """Return the real moment: others judge a certificate by their own clocks, not by a demo's."""
    return datetime.now(UTC)
