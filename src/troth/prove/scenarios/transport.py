"""What goes over the network: sealed on its way, and nothing is answered or taken in that comes in the clear.

Looked at from the sockets, past any client of ours: who only asked politely would never see a plain listener.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from troth.policy.statement_words import Measure
from troth.policy.statements import ProtectionClause
from troth.prove.trial import Scenario, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.prove.case import Case
    from troth.prove.world import World

_MODERN = frozenset({"TLSv1.2", "TLSv1.3"})
_ALTERABLE = "ECDHE+AES:!AESGCM:!AESCCM"
"""Ciphers of TLS 1.2 that encrypt and authenticate in two steps."""
_CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05proof"
"""What a device says first, over MQTT 3.1.1."""
_UNHEARD = (b"", b"\x15")
"""How nothing begins, and how the alert does that says so."""
_SILENCE_S = 5.0
_SOME = 64

Address = tuple[str, int]


async def nothing_in_the_clear(world: World, case: Case, trial: Trial) -> None:
    """Show that people and devices are answered over TLS of today, and in no other way."""
    http, mqtt = _address(world.base_url), world.mqtt
    for who_en, who_zh, address in (("the API", "接口", http), ("the broker", "设备接入端", mqtt)):
        version = await _handshake(address, world.tls)
        trial.control(f"speak TLS to {who_en}", f"以 TLS 连接{who_zh}", version, held=version in _MODERN)
    host = world.host(case)
    form = await world.form(host)
    said = await _said(http, _posted(form))
    who = await world.account(host)
    me, letters = await who.ask("GET", "/v1/me"), world.letters(str(form.get("phone") or form["email"]))
    trial.control("register over TLS", "以 TLS 注册", f"{me.status}", held=me.ok)
    trial.attempt(
        "register in the clear",
        "以明文注册",
        f"{said or 'no answer'}; {len(letters)} letters",
        held=not said and not letters,
    )
    heard = await _said(mqtt, _CONNECT)
    trial.attempt("come in as a device in the clear", "设备以明文接入", heard or "no answer", held=not heard)
    weak = await _handshake(http, _weak(world.tls))
    trial.attempt(
        "agree on a cipher under which data can be altered unnoticed",
        "协商可被篡改而不被察觉的加密套件",
        weak,
        held=weak not in _MODERN,
    )


async def _handshake(address: Address, context: ssl.SSLContext | None) -> str:
    """Return the version of TLS that both sides agreed on, or why they did not."""
    if context is None:
        return "plain"
    try:
        async with asyncio.timeout(_SILENCE_S):
            _, writer = await asyncio.open_connection(*address, ssl=context)
    except TimeoutError:
        return "no answer"
    except OSError:
        return "refused"
    version: str = writer.get_extra_info("ssl_object").version()
    writer.close()
    return version


async def _said(address: Address, first: bytes) -> str:
    """Return what is answered to ``first``, said in the clear; empty: nothing but the end of the line."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(_SILENCE_S):
            writer.write(first)
            await writer.drain()
            found = await reader.read(_SOME)
    except (OSError, TimeoutError):
        return ""
    finally:
        writer.close()
    return found.decode("ascii", "replace") if found[:1] not in _UNHEARD else ""


def _weak(context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    if context is None:
        return None
    weak = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    weak.check_hostname, weak.verify_mode = False, ssl.CERT_NONE
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers(_ALTERABLE)
    return weak


def _posted(form: Mapping[str, object]) -> bytes:
    body = json.dumps(form).encode()
    head = ("POST /v1/accounts HTTP/1.1", "host: proof", "content-type: application/json")
    return "\r\n".join((*head, f"content-length: {len(body)}", "", "")).encode() + body


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0


def _tls(case: Case) -> bool:
    return case.said(ProtectionClause).name == Measure.TLS


SCENARIOS = (Scenario("nothing in the clear", ProtectionClause, nothing_in_the_clear, _tls),)
