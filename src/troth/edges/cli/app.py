"""The command line: one Typer application. `main` adds the commands that start processes.

Thin: a command reads files and words, calls one door or one pure function, and says what came of it in a line
that a script can read. Exit status 1: the answer is no; 2: the question was not understood.
"""

from __future__ import annotations

import typer

from troth.edges.cli import (
    breach,
    difference,
    doctor,
    explain,
    keys,
    ledger,
    papers,
    people,
    policy,
    promises,
    requests,
    ropa,
    secrets,
    staff,
)

app = typer.Typer(
    name="troth",
    help="The smart-device backend whose privacy policy is its source code.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would show values
)
app.command()(policy.check)
app.command()(promises.promises)
app.command()(explain.explain)
app.command()(difference.diff)
app.command()(policy.render)
app.command()(ropa.ropa)
app.command()(doctor.doctor)
app.command("import")(people.people)
app.add_typer(policy.app, name="policy", help="Policies: what they say, in a person's words.")
app.add_typer(ledger.app, name="ledger", help="The ledger: whether it is still what was signed.")
app.add_typer(papers.app, name="receipt", help="Receipts and certificates: whether they are genuine.")
app.add_typer(staff.app, name="staff", help="The controller's people.")
app.add_typer(requests.app, name="request", help="Requests: what waits, and each step to the answer.")
app.add_typer(breach.app, name="breach", help="Incidents: who is told, what is due, the report.")
app.add_typer(keys.app, name="keys", help="Keys: ending an epoch.")
app.add_typer(secrets.app, name="secrets", help="Secrets: making passwords, tokens and certificates anew.")
