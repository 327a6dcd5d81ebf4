"""Routes that are about no person: health, policies in force, the ledger's head and key."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from troth.edges.api.answers import KeySet, KeyShown, NoticeSection, NoticeShown, PolicyListed, Ready
from troth.edges.api.bodies import Language
from troth.edges.api.caller import System
from troth.terms import PolicyName

router = APIRouter()


@router.get("/healthz", tags=["public"], summary="Whether the system can do its work")
async def health(troth: System, response: Response) -> Ready:
    """Answer 200 when database and broker are there, else 503."""
    seen = await troth.health()
    response.status_code = 200 if seen.ready else 503
    return Ready(ready=seen.ready, database=seen.database, broker=seen.broker)


@router.get("/v1/policies", tags=["public"], summary="Policies in force")
async def policies(troth: System) -> list[PolicyListed]:
    """List every policy with its current version."""
    return [
        PolicyListed(name=line.name, version=line.version, title=line.title, languages=line.languages)
        for line in troth.policies()
    ]


@router.get("/v1/policies/{name}", tags=["public"], summary="A policy as it is shown to people")
async def policy(
    troth: System, name: str, language: Language = "en", version: Annotated[int | None, Query(ge=1)] = None
) -> NoticeShown:
    """Return the notice and the hash that an acceptance names; of the current version, or of an older one."""
    wanted = PolicyName(name)
    notice = troth.notice(wanted, language)
    if version is not None and version != notice.version:
        notice = await troth.version(wanted, version, language)
    return NoticeShown(
        name=notice.policy,
        version=notice.version,
        language=notice.language.value,
        text=notice.text,
        text_hash=notice.text_hash,
        sections=tuple(NoticeSection.model_validate(asdict(section)) for section in notice.sections),
    )


@router.get(
    "/v1/ledger/head",
    tags=["public"],
    summary="The signed head of the ledger",
    response_class=PlainTextResponse,
)
async def head(troth: System) -> str:
    """Return a C2SP checkpoint; keep it to verify later that nothing was rewritten."""
    return await troth.ledger_head()


@router.get("/v1/ledger/key", tags=["public"], summary="The key that signs heads and receipts")
async def key(troth: System) -> KeyShown:
    """Return the key's name and its raw Ed25519 public key in base64."""
    found = troth.ledger_key()
    return KeyShown(name=found.name, public_key=found.public_key)


@router.get("/v1/keys", tags=["public"], summary="Every key of the ledger, as a JWK set")
async def keys(troth: System) -> KeySet:
    """Return the keys with which heads, receipts and certificates are checked, each with its handover."""
    return KeySet.model_validate((await troth.ledger_keys()).jwks())
