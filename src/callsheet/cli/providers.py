"""`callsheet providers …`: how hosted providers stand, and switching one off and on."""

from typing import Annotated, Any

import typer

from callsheet.cli.output import out_json, out_table
from callsheet.cli.session import run_command
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.wiring import Callsheet

app = typer.Typer(help="Providers: list, switch off, switch on.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The provider's name, e.g. replicate.")]


@app.command("list")
def list_providers(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the hosted providers and whether orders go there."""

    async def work(cs: Callsheet) -> dict[str, dict[str, Any]]:
        return await cs.views.providers.standings(LOCAL_WORKSPACE)

    found = run_command(work)
    if json:
        out_json(found)
        return
    rows = [
        [
            name,
            each["status"],
            _rate(each["success_rate"]),
            str(each["ended_last_hour"]),
            each["reason"],
        ]
        for name, each in found.items()
    ]
    out_table("", ["provider", "status", "#success", "#ended in 1 h", "reason"], rows)


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"


@app.command()
def off(
    name: Name, reason: Annotated[str, typer.Option(help="Why; shown to whoever waits.")] = ""
) -> None:
    """Send no orders to a provider; its jobs wait, what is out is followed to its end."""
    _switch(name, enabled=False, reason=reason)
    typer.echo(f"{name} is off; switch it on with: callsheet providers on {name}")


@app.command()
def on(name: Name) -> None:
    """Let orders go to a provider again; the jobs that waited for it go on."""
    resumed = _switch(name, enabled=True, reason="")
    typer.echo(f"{name} is on; {len(resumed)} jobs go on")


def _switch(name: str, *, enabled: bool, reason: str) -> list[JobId]:
    async def work(cs: Callsheet) -> list[JobId]:
        return await cs.control.switch_provider(name, enabled=enabled, reason=reason)

    return run_command(work)
