"""What a deployment may set, read once and strictly, then passed as a value.

Decides what a valid setting is. A name or value that it does not understand stops the start, with a
sentence that says what to write; nothing else in Troth reads the environment. Secrets come from files.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from troth.app import stores, tls
from troth.db.roles import WORKING, Role, as_role, holds_password
from troth.terms import Region, TrothError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "TROTH_"
MEDIA = "media"
TLS = "tls"
_HOSTS = ("TROTH_HTTP_HOST", "TROTH_MQTT_HOST")
_PORTS = range(65536)
_WORKERS = range(1, 257)
_QUOTA = range(1, 100_000)
_KEY_BYTES = 32
_PROVEN = "verify-full"
"""The one sslmode that encrypts and proves both the server's certificate and its name."""


class BadSetting(TrothError):
    """a setting that cannot be used"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One deployment. Ports of 0 take a free one; ``dsn`` and ``nats_url`` of None mean embedded services.

    ``policies`` is the folder of the maker's own policies, every version that anyone still accepts; None:
    those that come with Troth.
    """

    data: Path
    keyring: Path
    keyring_root: bytes | None = field(repr=False)
    media: str | None
    media_endpoint: str | None
    media_region: str | None
    media_access: str | None = field(repr=False)
    media_secret: str | None = field(repr=False)
    media_quota: int
    """How many gibibytes of media one person may have."""
    deployment: str
    region: Region
    http_host: str
    http_port: int
    mqtt_host: str
    mqtt_port: int
    nats_port: int
    workers: int
    dsn: str | None = field(repr=False)
    owner_dsn: str | None = field(repr=False)
    ingest_dsn: str | None = field(repr=False)
    eraser_dsn: str | None = field(repr=False)
    keeper_dsn: str | None = field(repr=False)
    sequencer_dsn: str | None = field(repr=False)
    tls: bool
    tls_cert: Path | None
    tls_key: Path | None
    tls_names: tuple[str, ...]
    nats_url: str | None
    outbox_url: str | None
    policies: Path | None
    clock: Path | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], **overrides: object) -> Settings:
        """Read the ``TROTH_*`` variables; ``overrides`` (by field name, None: not given) win over them.

        Raises `BadSetting`. Reads no file but those that a ``*_FILE`` variable names.
        """
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        for field_name, value in overrides.items():
            if value is not None:
                given.pop(_variable(field_name) + "_FILE", None)
                given[_variable(field_name)] = str(value)
        _refuse_unknown(given)
        data = _directory("TROTH_DATA", given.get("TROTH_DATA")) or _default_data(environ)
        roles = {name: _dsn(_variable(name), given) for name in DSN_OF.values()}
        _refuse_half_told(roles)
        hosts = {name: _host(name, given.get(name, "127.0.0.1")) for name in _HOSTS}
        secure = _tls(given, hosts)
        return cls(
            data=data,
            keyring=_directory("TROTH_KEYRING", given.get("TROTH_KEYRING")) or data / "keyring",
            keyring_root=_key("TROTH_KEYRING_ROOT", given),
            **_media(given, data),
            media_quota=_number("TROTH_MEDIA_QUOTA", given, 100, _QUOTA, "GiB of media for each person"),
            deployment=_deployment(given.get("TROTH_DEPLOYMENT", "troth")),
            region=_region(given.get("TROTH_REGION", "CN")),
            http_host=hosts["TROTH_HTTP_HOST"],
            http_port=_number("TROTH_HTTP_PORT", given, 8000, _PORTS, "0 takes a free one"),
            mqtt_host=hosts["TROTH_MQTT_HOST"],
            mqtt_port=_number(
                "TROTH_MQTT_PORT", given, 8883 if secure.on else 1883, _PORTS, "0 takes a free one"
            ),
            tls=secure.on,
            tls_cert=secure.certificate,
            tls_key=secure.key,
            tls_names=secure.names,
            nats_port=_number("TROTH_NATS_PORT", given, 0, _PORTS, "0 takes a free one"),
            workers=_number("TROTH_WORKERS", given, 1, _WORKERS, "one for each two cores is a good start"),
            **roles,
            nats_url=_nats_url(given.get("TROTH_NATS_URL")),
            outbox_url=_outbox_url(given.get("TROTH_OUTBOX_URL")),
            policies=_directory("TROTH_POLICIES", given.get("TROTH_POLICIES")),
            clock=_directory("TROTH_CLOCK", given.get("TROTH_CLOCK")),
        )

    @property
    def store(self) -> stores.Store:
        """Where media lies."""
        told = {
            stores.ENDPOINT: self.media_endpoint,
            stores.REGION: self.media_region,
            stores.ACCESS: self.media_access,
            stores.SECRET: self.media_secret,
        }
        return stores.read(self.media, told, self.data / MEDIA)

    @property
    def papers(self) -> tls.Papers | None:
        """What our listeners show; None where they speak plainly, on this machine alone."""
        if not self.tls:
            return None
        if self.tls_cert is not None and self.tls_key is not None:
            return tls.Papers(self.tls_cert, self.tls_key)
        return tls.own(self.data / TLS)

    def dsn_of(self, role: Role) -> str | None:
        """Return the way into the database for ``role``; None for an embedded one that isn't up yet.

        Where none was set for a working role, it is ``dsn`` with the role as its user.
        """
        told: str | None = getattr(self, DSN_OF[role])
        if told is not None or role is Role.OWNER or self.dsn is None:
            return told
        return as_role(self.dsn, role)

    def with_database(self, dsn: Callable[[Role], str]) -> Settings:
        """Return the settings with the way in for each role filled in."""
        ways = {DSN_OF[role]: dsn(role) for role in Role}
        return replace(self, **ways)  # type: ignore[arg-type]


DSN_OF: Mapping[Role, str] = {
    role: "dsn" if role is Role.APP else f"{role.name.lower()}_dsn" for role in Role
}
"""Which field names the way in for a role."""


def dsn_variable(role: Role) -> str:
    """Return the variable that names the way in for ``role``."""
    return _variable(DSN_OF[role])


def names() -> frozenset[str]:
    """Return every variable that a deployment may set."""
    plain = frozenset(_variable(f.name) for f in fields(Settings))
    return (
        plain
        | {f"{dsn_variable(role)}_FILE" for role in Role}
        | {"TROTH_KEYRING_ROOT_FILE", f"{stores.SECRET}_FILE"}
    )


def _refuse_half_told(dsns: Mapping[str, str | None]) -> None:
    """Refuse ways into the database of which some are missing and cannot be made up from ``dsn``."""
    dsn = dsns[DSN_OF[Role.APP]]
    told = [role for role in Role if role is not Role.APP and dsns[DSN_OF[role]] is not None]
    if dsn is None and told:
        raise BadSetting(
            f"TROTH_DSN and {dsn_variable(told[0])} belong together: the first for daily use, "
            "TROTH_OWNER_DSN for migrations; set both (or their _FILE), or neither for the embedded server"
        )
    # Only who migrates starts the others, and so has to know every way in.
    if dsn is not None and Role.OWNER in told and holds_password(dsn):
        missing = [dsn_variable(role) for role in Role if role in WORKING - {Role.APP, *told}]
        if missing:
            raise BadSetting(
                "TROTH_DSN_FILE holds a password, which is one role's: put a connection string for each of "
                f"the others into {', '.join(f'{name}_FILE' for name in missing)}, or all passwords into one "
                "passfile= (docs/howto/database.md)"
            )


def _variable(field_name: str) -> str:
    return PREFIX + field_name.upper()


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = names()
    for name in sorted(given):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = near[0] if near else f"one of {', '.join(sorted(known))}"
            raise BadSetting(f"{name} is not a setting: remove it, or write {meant}")


def _default_data(environ: Mapping[str, str]) -> Path:
    state = environ.get("XDG_STATE_HOME", "")
    if state.startswith("/"):  # the XDG specification: a relative path is to be ignored
        return Path(state) / "troth"
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        raise BadSetting("TROTH_DATA is not set and there is no HOME to put a default in: write a full path")
    return Path(home) / ".local" / "state" / "troth"


def _directory(name: str, value: str | None) -> Path | None:
    if value is None:
        return None
    if not value.startswith("/") or not value.isprintable():
        raise BadSetting(f"{name} is not a full path: write one that begins with /")
    return Path(value)


def _number(name: str, given: Mapping[str, str], default: int, allowed: range, hint: str) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) not in allowed:
        raise BadSetting(
            f"{name} is {value[:20]!r}: write a number from {allowed[0]} to {allowed[-1]} ({hint})"
        )
    return int(value)


def _deployment(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", value):
        raise BadSetting(
            "TROTH_DEPLOYMENT names this system in its signed heads: write up to 40 of a-z, 0-9 and '-', "
            "beginning with a letter"
        )
    return value


def _region(value: str) -> Region:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise BadSetting(
            "TROTH_REGION is where data is kept: write a country code of two capitals, such as CN"
        )
    return Region(value)


def _host(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", value):
        raise BadSetting(f"{name} is not an address: write one to listen on, such as 127.0.0.1")
    return value


def _tls(given: Mapping[str, str], hosts: Mapping[str, str]) -> tls.Wish:
    try:
        return tls.read(given, hosts)
    except tls.UnfitTls as unfit:
        raise BadSetting(str(unfit)) from None


def _nats_url(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        url = urlsplit(value)
        good = url.scheme in {"nats", "tls"} and bool(url.hostname) and url.port is not None
        secret = url.username is not None or url.password is not None
    except ValueError:
        good, secret = False, False
    if secret:
        raise BadSetting(
            "TROTH_NATS_URL holds a credential: leave it out; Troth signs in with the seeds in the keyring"
        )
    if not good:
        raise BadSetting(
            "TROTH_NATS_URL is not a broker's address: write nats://host:port or tls://host:port"
        )
    return value


def _outbox_url(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        url = urlsplit(value)
        near = url.hostname in {"127.0.0.1", "::1", "localhost"}
        good = bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and near))
        good = good and url.username is None and url.password is None
    except ValueError:
        good = False
    if not good:
        raise BadSetting(
            "TROTH_OUTBOX_URL is where letters to people are handed over: write an https:// address without "
            "a credential (http:// for this machine only)"
        )
    return value


def _dsn(name: str, given: Mapping[str, str]) -> str | None:
    value, source = _told(name, given)
    return None if value is None else _checked_dsn(source, value, secret_allowed=source != name)


def _key(name: str, given: Mapping[str, str]) -> bytes | None:
    """Return the key that ``name``, or the file that it names, holds; the message never repeats it."""
    value, source = _told(name, given)
    if value is None:
        return None
    try:
        key = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadSetting(
            f"{source} is not a key: write {_KEY_BYTES} random bytes in base64, such as openssl rand "
            f"-base64 {_KEY_BYTES} prints, and keep a copy apart: without it the keyring opens nothing"
        )
    return key


def _media(given: Mapping[str, str], data: Path) -> dict[str, str | None]:
    """Return what is said of the place for media, as it is. Raises when it cannot be used."""
    told = {name: given.get(name) for name in (stores.ENDPOINT, stores.REGION, stores.ACCESS)}
    told[stores.SECRET], _source = _told(stores.SECRET, given)
    try:
        stores.read(given.get("TROTH_MEDIA"), told, data / MEDIA)
    except stores.UnfitStore as unfit:
        raise BadSetting(str(unfit)) from None
    said = {name.removeprefix(PREFIX).lower(): value for name, value in told.items()}
    return said | {"media": given.get("TROTH_MEDIA")}


def _told(name: str, given: Mapping[str, str]) -> tuple[str | None, str]:
    """Return what was set, itself or in a file, and the variable that said it."""
    value, file = given.get(name), given.get(f"{name}_FILE")
    if value is not None and file is not None:
        raise BadSetting(f"{name} and {name}_FILE are both set: keep one")
    if file is not None:
        return _read(f"{name}_FILE", file), f"{name}_FILE"
    return value, name


def _read(name: str, file: str) -> str:
    path = _directory(name, file)
    try:
        text = path.read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"{name}: {file} cannot be read: name a text file that this user may open"
        ) from error
    if not text:
        raise BadSetting(f"{name}: {file} is empty: put what it is to say in it")
    return text


def _checked_dsn(name: str, value: str, *, secret_allowed: bool) -> str:
    try:
        parts = conninfo_to_dict(value)
    except ProgrammingError:
        raise BadSetting(
            f"{name} is not a connection string: write one such as "
            "'host=db.internal dbname=troth user=troth_app'"
        ) from None  # its own message repeats the value
    if "password" in parts and not secret_allowed:
        raise BadSetting(
            f"{name} holds a password, which other processes can see: put it in a file, {name}_FILE"
        )
    where = parts.get("hostaddr") or parts.get("host") or ""
    if parts.get("sslmode") != _PROVEN and not all(map(_near, str(where).split(","))):
        raise BadSetting(
            f"{name} reaches another machine without proof of which: add sslmode={_PROVEN} and "
            "sslrootcert= with the file of the authority that signed the server's certificate "
            "(docs/howto/database.md)"
        )
    return value


def _near(host: str) -> bool:
    """Whether a database's address is on this machine: a socket's folder, or the loopback interface."""
    return host.startswith(("/", "@")) or host in {"", "localhost", "127.0.0.1", "::1"}
