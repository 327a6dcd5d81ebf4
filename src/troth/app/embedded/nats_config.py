"""The broker's configuration and keys, as text and files; starts nothing.

Decides who may speak to the broker: three users of ours, each an nkey in an account of its own, and
devices, whom the auth callout answers one by one. A connection that is none of these is refused.
The stream key is not in the text: the server reads it from its environment, so that a copy of the
data directory does not hold the key beside what it seals.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from troth.app.places import own_directory, own_file
from troth.app.tls import Papers

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "TROTH"
"""Where workers and devices meet; the callout binds a device here (audience of the user JWT it signs)."""
SYSTEM_ACCOUNT = "SYS"
"""Where connections are listed and kicked: $SYS.REQ.SERVER.<id>.{CONNZ,KICK}."""
CALLOUT_ACCOUNT = "AUTH"
"""Where the callout service listens on $SYS.REQ.USER.AUTH; it sees device secrets and nothing else."""
KEY_VARIABLE = "NATS_STREAM_KEY"
PREVIOUS_VARIABLE = "NATS_STREAM_PREVIOUS"
PREVIOUS = "stream.previous"
MAX_PAYLOAD = 66 * 1024
"""64 KiB for what a device says, and room for the headers that the MQTT listener adds."""


@dataclass(frozen=True, slots=True)
class BrokerKeys:
    """Seed files (0600, in the keyring folder) and the public keys that belong to them."""

    worker_seed: Path
    system_seed: Path
    callout_seed: Path
    issuer_seed: Path
    stream_key: Path
    worker: str
    system: str
    callout: str
    issuer: str

    @classmethod
    def at(cls, folder: Path) -> BrokerKeys:
        """Read the keys in ``folder``, making those that are not there yet."""
        own_directory(folder)
        stream_key = folder / "stream.key"
        if not stream_key.exists():
            own_file(stream_key, "stream-" + secrets.token_hex(32))
        seeds = {name: folder / f"{name}.seed" for name in ("worker", "system", "callout", "issuer")}
        publics = {name: _public(path, account=name == "issuer") for name, path in seeds.items()}
        return cls(
            worker_seed=seeds["worker"],
            system_seed=seeds["system"],
            callout_seed=seeds["callout"],
            issuer_seed=seeds["issuer"],
            stream_key=stream_key,
            **publics,
        )


def rotate(folder: Path) -> None:
    """Make all of the broker's keys anew. While it runs, nobody of ours would be let in any more.

    The stream store is read with the key before once more, and sealed with the new one, at the next start.
    """
    keys = BrokerKeys.at(folder)
    own_file(folder / PREVIOUS, keys.stream_key.read_text(encoding="ascii"))
    own_file(keys.stream_key, "stream-" + secrets.token_hex(32))
    for seed in (keys.worker_seed, keys.system_seed, keys.callout_seed, keys.issuer_seed):
        seed.unlink()
    BrokerKeys.at(folder)


_NKEYS: Any = import_module("nkeys")  # ships no types


def _public(path: Path, *, account: bool) -> str:
    if not path.exists():
        prefix = _NKEYS.PREFIX_BYTE_ACCOUNT if account else _NKEYS.PREFIX_BYTE_USER
        own_file(path, _NKEYS.encode_seed(os.urandom(32), prefix).decode())
    pair = _NKEYS.from_seed(bytearray(path.read_bytes().strip()))
    public: bytes = pair.public_key
    return public.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """Everything that the text depends on."""

    name: str
    store: Path
    nats_port: int
    mqtt_port: int
    host: str = "127.0.0.1"
    mqtt_host: str = "127.0.0.1"
    papers: Papers | None = None
    max_connections: int = 65536
    max_store_mb: int = 4096


def config_text(config: BrokerConfig, keys: BrokerKeys) -> str:
    """Return the nats-server configuration. Needs `KEY_VARIABLE` in the server's environment."""
    return f"""\
server_name: {_quoted(config.name)}
listen: "{config.host}:{config.nats_port}"
max_payload: {MAX_PAYLOAD}
max_connections: {config.max_connections}
max_subscriptions: 1024
max_pending: 8MB
write_deadline: "5s"
ping_interval: "30s"
ping_max: 2
debug: false
trace: false
logtime: true
connect_error_reports: 1000000
reconnect_error_reports: 1000000

jetstream {{
  store_dir: {_quoted(str(config.store))}
  cipher: aes
  key: ${KEY_VARIABLE}
{_previous(keys)}  max_memory_store: 64MB
  max_file_store: {config.max_store_mb}MB
  limits {{ default_max_consumers: -1, max_ack_pending: 10000 }}
}}

mqtt {{
  listen: "{config.mqtt_host}:{config.mqtt_port}"
{_tls(config.papers)}  ack_wait: "30s"
  max_ack_pending: 100
  reject_qos2_publish: true
  downgrade_qos2_subscribe: true
}}

accounts {{
  {ACCOUNT} {{ jetstream: enabled, users: [{{ nkey: {keys.worker} }}] }}
  {CALLOUT_ACCOUNT} {{ users: [{{ nkey: {keys.callout} }}] }}
  {SYSTEM_ACCOUNT} {{ users: [{{ nkey: {keys.system} }}] }}
}}
system_account: {SYSTEM_ACCOUNT}

authorization {{
  timeout: 5
  auth_callout {{
    issuer: {keys.issuer}
    account: {CALLOUT_ACCOUNT}
    auth_users: [{keys.worker}, {keys.callout}, {keys.system}]
  }}
}}
"""


def _previous(keys: BrokerKeys) -> str:
    return f"  prev_key: ${PREVIOUS_VARIABLE}\n" if previous(keys).exists() else ""


def previous(keys: BrokerKeys) -> Path:
    """Return where the stream key before this one lies, from a rotation to the next start."""
    return keys.stream_key.with_name(PREVIOUS)


def _tls(papers: Papers | None) -> str:
    if papers is None:
        return ""
    return (
        f"  tls {{ cert_file: {_quoted(str(papers.certificate))}, key_file: {_quoted(str(papers.key))}, "
        'min_version: "1.2", timeout: 10 }\n'
    )


def _quoted(text: str) -> str:
    if any(c in text for c in '"\\\n\r'):
        raise ValueError(f"{text!r} holds a quote, a backslash or a line end: use a plain name or path")
    return f'"{text}"'
