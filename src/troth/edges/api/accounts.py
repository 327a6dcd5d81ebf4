"""Routes by which a person comes and goes: register, verify, sign in, sign out, farewell."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from troth.edges.api.answers import (
    AccountMade,
    FarewellShown,
    FirstSession,
    SessionBegun,
    SessionShown,
    StageShown,
)
from troth.edges.api.bodies import (
    AskingCode,
    Code,
    Farewell,
    Registering,
    ResettingPassword,
    SettingPassword,
    SigningIn,
    SigningInByCode,
)
from troth.edges.api.caller import Origin, System, Token
from troth.subjects.registration import Registration
from troth.terms import ItemName, PolicyName, SubjectId

router = APIRouter(prefix="/v1")


def registration(body: Registering) -> Registration:
    """Turn a registration body into what the door takes."""
    return Registration(
        phone=body.phone,
        email=body.email,
        password=body.password,
        policy=PolicyName(body.policy),
        version=body.version,
        language=body.language,
        text_hash=body.text_hash,
        agreed=body.agreed,
        birth_date=body.birth_date,
        declares_adult=body.declares_adult is True,
        guardian=body.guardian,
        items={ItemName(item): value for item, value in (body.items or {}).items()},
    )


@router.post("/accounts", status_code=202, tags=["accounts"], summary="Register")
async def register(troth: System, origin: Origin, body: Registering) -> AccountMade:
    """Open an account that waits for the code sent to it. A known phone gets the same answer."""
    made = await troth.register(registration(body), origin=origin)
    return AccountMade(account=made.account)


@router.post("/accounts/{account}/verify", tags=["accounts"], summary="Hand in the verification code")
async def verify(troth: System, account: UUID, body: Code) -> FirstSession:
    """Begin a session with the right code; the receipt proves what was agreed to."""
    done = await troth.verify(SubjectId(account), body.code)
    session = done.session
    return FirstSession(token=session.token, expires=session.expires, receipt=done.receipt)


@router.post("/sessions", tags=["accounts"], summary="Sign in")
async def sign_in(troth: System, origin: Origin, token: Token, body: SigningIn) -> SessionBegun:
    """Begin a session. With the token of another one of the same account, strangers' tries slow nothing."""
    begun = await troth.sign_in(body.login, body.password, origin=origin, known=token)
    return SessionBegun(token=begun.token, expires=begun.expires)


@router.post("/sessions/code", status_code=202, tags=["accounts"], summary="Ask for a code to sign in")
async def ask_code(troth: System, origin: Origin, body: AskingCode) -> None:
    """Send a code to sign in with in place of a password. Everyone hears the same."""
    await troth.ask_code(body.login, origin=origin)


@router.post("/sessions/by-code", tags=["accounts"], summary="Sign in with a code")
async def sign_in_by_code(troth: System, origin: Origin, body: SigningInByCode) -> SessionBegun:
    """Begin a session with the code that was sent; it is good once."""
    begun = await troth.sign_in_by_code(body.login, body.code, origin=origin)
    return SessionBegun(token=begun.token, expires=begun.expires)


@router.post("/sessions/new-password", tags=["accounts"], summary="Set a password with a code")
async def reset_password(troth: System, origin: Origin, body: ResettingPassword) -> SessionBegun:
    """Set a password in place of a forgotten one, with the code that was sent. Every other session ends."""
    begun = await troth.reset_password(body.login, body.code, body.password, origin=origin)
    return SessionBegun(token=begun.token, expires=begun.expires)


@router.get("/me/sessions", tags=["accounts"], summary="Where I am signed in")
async def sessions(troth: System, token: Token) -> list[SessionShown]:
    """List sessions, the newest first; ``here`` is the one that asks."""
    return [SessionShown.model_validate(asdict(one)) for one in await troth.signed_in(token)]


@router.delete("/me/sessions/{session}", status_code=204, tags=["accounts"], summary="Sign out there")
async def sign_out_there(troth: System, token: Token, session: UUID) -> None:
    """End one session of mine, such as that of a phone that was lost."""
    await troth.sign_out_there(token, session)


@router.put("/me/password", tags=["accounts"], summary="Set a password")
async def set_password(troth: System, token: Token, body: SettingPassword) -> SessionBegun:
    """Set the first password of who signs in by code, or another one. Every other session ends."""
    begun = await troth.set_password(token, body.password, body.current)
    return SessionBegun(token=begun.token, expires=begun.expires)


@router.delete("/sessions/current", status_code=204, tags=["accounts"], summary="Sign out here")
async def sign_out(troth: System, token: Token) -> None:
    """End this session."""
    await troth.sign_out(token)


@router.delete("/sessions", status_code=204, tags=["accounts"], summary="Sign out everywhere")
async def sign_out_everywhere(troth: System, token: Token) -> None:
    """End every session of this person."""
    await troth.sign_out_everywhere(token)


@router.post("/farewell", tags=["accounts"], summary="How the erasure of a cancelled account goes on")
async def farewell(troth: System, body: Farewell) -> FarewellShown:
    """Show the stages reached; hand out, each once, the certificate and its addendum. Needs no account."""
    seen = await troth.farewell(body.farewell)
    return FarewellShown(
        erasure=seen.erasure,
        stage=seen.stage,
        stages=tuple(
            StageShown(stage=line.stage, name=line.name, at=line.at, by=line.by) for line in seen.stages
        ),
        certificate=seen.certificate,
        addendum=seen.addendum,
    )
