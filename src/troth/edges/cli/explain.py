"""`troth explain`: what one clause says and what leans on it; or which clauses decide an ask. Offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.edges.cli.wish import Who, Wish
from troth.policy.words import Language
from troth.terms import ActorKind, Allow, Basis, Role, Verb

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled

_File = Annotated[Path | None, typer.Option(help="A policy file of your own.", dir_okay=False, exists=True)]


def explain(
    clause: Annotated[str | None, typer.Argument(help="A clause: sunmi-camera/functions/bind.")] = None,
    *,
    ask: Annotated[Verb | None, typer.Option(help="Ask whether this may be done.")] = None,
    policy: Annotated[str | None, typer.Option(help="Under which policy; needed if several fit.")] = None,
    function: Annotated[str | None, typer.Option(help="For which function.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="Which items; none: all of the function.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What for; none: the first that fits.")] = None,
    actor: Annotated[ActorKind | None, typer.Option(help="Who does it; none: the first who may.")] = None,
    role: Annotated[Role, typer.Option(help="What the person is to the function.")] = Role.HOLDER,
    device: Annotated[str | None, typer.Option(help="On which device; any word.")] = None,
    region: Annotated[str | None, typer.Option(help="Where, such as CN; none: where we store.")] = None,
    at: Annotated[str | None, typer.Option(help="When, in legal time without a zone; none: now.")] = None,
    measured: Annotated[str | None, typer.Option(help="When the value came into being.")] = None,
    recipient: Annotated[str | None, typer.Option(help="To whom, for a share.")] = None,
    basis: Annotated[Basis | None, typer.Option(help="On another basis than the function's own.")] = None,
    reference: Annotated[str | None, typer.Option(help="Ground and document: express_law:case-17.")] = None,
    who: Annotated[Who, typer.Option(help="Nobody; agreed; or all: chose all there is, too.")] = Who.AGREED,
    standing: Annotated[
        Path | None,
        typer.Option(help="A list of acts, YAML or JSON, instead of --who.", dir_okay=False, exists=True),
    ] = None,
    did: Annotated[list[str] | None, typer.Option(help="Then did: withdrawn:cloud@2026-03-01.")] = None,
    file: _File = None,
    lang: Annotated[Language | None, typer.Option(help="Words in zh or en; none: both.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain a clause by its address; or, with --ask, the gate's answer and the clauses that decide it.

    The ask is about someone of age who was shown the policy and agreed to it the day before, unless --who or
    --standing says otherwise; --did adds what else they did. Status 0: yes; 1: no. For example:

    troth explain sunmi-camera/stored_in/CN

    troth explain --ask collect --policy sunmi-camera --function bind --region US

    troth explain --ask use --function cloud --who all --did withdrawn:cloud

    troth explain --ask disclose --policy sunmi-camera --function bind --basis legal_duty
    --reference express_law:case-17
    """
    from troth.edges.cli import explain_ask, explain_told

    if (ask is None) == (clause is None):
        raise typer.BadParameter("name a clause, or ask with --ask and --function")
    languages = [*Language] if lang is None else [lang]
    try:
        if clause is not None:
            explain_told.clause(*_found(clause, file), languages, as_json=as_json)
            return
        wish = Wish(
            verb=Verb(ask or ""), policy=policy, function=function, items=tuple(item or ()), purpose=purpose,
            actor=actor, role=role, device=device, region=region, at=at, measured=measured,
            recipient=recipient, basis=basis, reference=reference, who=who, standing=standing,
            did=tuple(did or ()), file=file,
        )  # fmt: skip
        answer = explain_ask.answered(wish)
    except explain_ask.Unclear as unclear:
        raise typer.BadParameter(str(unclear)) from unclear
    explain_told.answer(answer, languages, as_json=as_json)
    raise typer.Exit(0 if isinstance(answer.decision, Allow) else 1)


def _found(address: str, file: Path | None) -> tuple[Compiled, str]:
    """Find a clause. Raises `Unclear` with the addresses most likely meant."""
    from troth.edges.cli.explain_ask import Unclear, chosen
    from troth.policy.explained import nearest

    name = address.partition("/")[0]
    (compiled,) = chosen(name, file)
    if address in compiled.clauses:
        return compiled, address
    meant = nearest(compiled, address)
    told = "did you mean " + "\n  ".join(("one of these?", *meant)) if meant else "see troth policy show"
    raise Unclear(f"no clause '{address[:120]}' in {compiled.policy.name}; {told}")
