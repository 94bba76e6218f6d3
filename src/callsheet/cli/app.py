"""The commands that work on the services themselves; servers are started by `callsheet.main`."""

from typing import Annotated

import typer

import callsheet
from callsheet.cli import (
    checking,
    composite,
    evidence,
    frame,
    generating,
    job_quality,
    jobs,
    judge,
    keys,
    members,
    models,
    money,
    operate,
    package,
    produce,
    provenance,
    providers,
    sheets,
    sim,
    takes,
    validate,
    webhooks,
)

app = typer.Typer(
    name="callsheet",
    help="A self-hosted production line for AI-generated media.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(sheets.run)
app.command("produce")(produce.produce)
app.command("quote")(sheets.quote)
app.command("generate")(generating.generate)
app.command("composite")(composite.composite)
app.command("frame")(frame.frame)
app.command("package")(package.package)
app.command("watch")(jobs.watch)
app.command("check")(checking.check)
app.command("probe")(checking.probe)
app.command("evidence")(evidence.evidence)
app.command("migrate")(operate.migrate)
app.command("restore")(operate.restore)
app.command("validate")(validate.validate)
app.command("doctor")(operate.doctor)
jobs.app.command("quality")(job_quality.quality)
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(members.app, name="members")
app.add_typer(takes.app, name="takes")
app.add_typer(money.app, name="money")
app.add_typer(judge.app, name="judge")
app.add_typer(providers.app, name="providers")
app.add_typer(provenance.app, name="provenance")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(sim.app, name="sim")


@app.callback(invoke_without_command=True)
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Rows of a sheet go in; approved, checked, costed pictures come out."""
    if version:
        typer.echo(f"callsheet {callsheet.__version__}")
        raise typer.Exit
