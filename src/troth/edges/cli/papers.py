"""`troth receipt`: checks a receipt or a certificate with the ledger's public key alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def receipt() -> None:
    """Keep `verify` a command of its own, also while it is the only one."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The signed text, as it was handed out.", exists=True)],
    key: Annotated[Path | None, typer.Option(help="The public key; else that of the keyring.")] = None,
) -> None:
    """Verify a receipt or a certificate of erasure; status 1 when it is not genuine."""
    from troth.edges.cli.keyfile import public_key
    from troth.ledger.receipts import verify_receipt
    from troth.ledger.signing import NotGenuine
    from troth.vault import certificate
    from troth.vault.errors import CertificateBroken

    text = file.read_text(encoding="utf-8").strip()
    trusted = public_key(key)
    try:
        paper = verify_receipt(text, trusted)
    except NotGenuine as not_a_receipt:
        try:
            done = certificate.verify(text, trusted)
        except CertificateBroken as not_a_certificate:
            typer.echo(f"not genuine: {not_a_receipt}; {not_a_certificate}")
            raise typer.Exit(1) from None
        last = max(done.stages.values())
        typer.echo(f"genuine certificate: erasure {done.erasure}, all stages by {last.isoformat()}")
    else:
        place = "waits for its number" if paper.leaf is None else f"leaf {paper.leaf}"
        typer.echo(f"genuine receipt: {paper.kind} at {paper.at}, entry {paper.entry}, {place}")
