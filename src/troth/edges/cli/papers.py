"""`troth receipt`: checks receipts, certificates and their addenda with the ledger's public key alone.

Reads them out, offline, in the language of the receipt. What is genuine is the ledger's word.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from troth.ledger.keys import Keys
    from troth.ledger.receipts import Receipt

app = typer.Typer(no_args_is_help=True)

_WORDS = {
    "en": {
        "genuine": "this receipt is genuine",
        "kind": "what happened",
        "at": "when",
        "policy": "policy",
        "function": "function",
        "item": "item",
        "text": "text shown",
        "method": "how",
        "how_to_withdraw": "how to take it back",
    },
    "zh": {
        "genuine": "回执真实有效",
        "kind": "事项",
        "at": "时间",
        "policy": "隐私政策",
        "function": "功能",
        "item": "数据项",
        "text": "所示文本",
        "method": "方式",
        "how_to_withdraw": "如何撤回",
    },
}
_KINDS_ZH = {
    "accepted": "同意隐私政策",
    "ended": "终止同意",
    "chosen": "选择开启",
    "withdrawn": "撤回",
    "switched": "切换开关",
    "cancelled": "注销账号",
}


@app.callback()
def receipt() -> None:
    """Keep `verify` a command of its own, also while it is the only one."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The signed text, as it was handed out.", exists=True)],
    key: Annotated[Path | None, typer.Option(help="The public key; else that of the keyring.")] = None,
    jwks: Annotated[
        Path | None,
        typer.Option(help="A key set, as /v1/keys hands it out, in place of one key.", exists=True),
    ] = None,
    language: Annotated[str | None, typer.Option(help="zh or en; else that of the receipt.")] = None,
) -> None:
    """Verify a receipt, a certificate of erasure or its addendum; status 1 when it is not genuine."""
    from troth.edges.cli.keyfile import trusted
    from troth.ledger.receipts import verify_receipt
    from troth.ledger.signing import NotGenuine
    from troth.vault.errors import CertificateBroken

    text = file.read_text(encoding="utf-8").strip()
    keys = trusted(key, jwks, _log_name(text))
    try:
        paper = verify_receipt(text, keys)
    except NotGenuine as not_a_receipt:
        try:
            typer.echo(_of_erasure(text, keys))
        except CertificateBroken as not_a_certificate:
            typer.echo(f"not genuine: {not_a_receipt}; {not_a_certificate}")
            raise typer.Exit(1) from None
    else:
        place = "waits for its number" if paper.leaf is None else f"leaf {paper.leaf}"
        typer.echo(f"genuine receipt: {paper.kind} at {paper.at}, entry {paper.entry}, {place}")
        typer.echo("\n".join(_told(paper, language or paper.language or "en")))


def _of_erasure(text: str, keys: Keys) -> str:
    """Return what a certificate or its addendum says, in a line; raise `CertificateBroken`."""
    from troth.vault import addendum, certificate
    from troth.vault.errors import CertificateBroken

    with suppress(CertificateBroken):
        more = addendum.verify(text, keys)
        return (
            f"genuine addendum: erasure {more.erasure}, unrecoverable in backups since "
            f"{more.gone.isoformat()}; to the certificate with sha-256 {more.certificate}"
        )
    done = certificate.verify(text, keys)
    last = max(done.stages.values())
    ends = f", in backups by {done.horizon.isoformat()}" if done.horizon else ""
    return f"genuine certificate: erasure {done.erasure}, all stages by {last.isoformat()}{ends}"


def _log_name(text: str) -> str | None:
    """Return the name of the log whose head the document carries, for key sets that don't say it."""
    from troth.ledger.receipts import kept_head
    from troth.ledger.signing import NotGenuine

    try:
        return kept_head(text).partition("\n")[0] or None
    except NotGenuine:
        return None


def _told(paper: Receipt, language: str) -> list[str]:
    chinese = language.startswith("zh")
    words = _WORDS["zh" if chinese else "en"]
    shown = f"{paper.language}, sha-256 {paper.text_hash}" if paper.text_hash else None
    said = {
        "kind": _KINDS_ZH.get(paper.kind, paper.kind) if chinese else paper.kind,
        "at": paper.at,
        "policy": f"{paper.policy} {paper.version}" if paper.version else paper.policy,
        "function": paper.function,
        "item": paper.item,
        "text": shown,
        "method": paper.method,
        "how_to_withdraw": paper.how_to_withdraw,
    }
    return [words["genuine"], *(f"  {words[name]}: {value}" for name, value in said.items() if value)]
