"""`callsheet takes …`: one take, its life and its money; deciding about one, cancelling it."""

import getpass
from typing import Annotated, Any

import typer

from callsheet.cli.output import facts, out_json
from callsheet.cli.session import run_command
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.orders.resolutions import Resolution
from callsheet.wiring import Callsheet

app = typer.Typer(help="Takes: show one, decide about one, cancel one.", no_args_is_help=True)
TakeName = Annotated[str, typer.Argument(help="The take's id, tk_…")]
Spent = Annotated[bool, typer.Option("--spent", help="It was made and paid for.")]
NeverOrdered = Annotated[
    bool, typer.Option("--never-ordered", help="Nothing was ordered; order it now.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(take: TakeName, json: AsJson = False) -> None:
    """Show what was ordered when, what came back, what it cost and what comes next."""

    async def work(cs: Callsheet) -> dict[str, Any]:
        return await cs.views.takes.life(LOCAL_WORKSPACE, take)

    _print(run_command(work), as_json=json)


def resolution_of(*, spent: bool, never_ordered: bool) -> Resolution:
    """Read what a person found out. Raises InvalidInputError."""
    if spent and never_ordered:
        raise InvalidInputError("--spent and --never-ordered exclude each other")
    return (
        Resolution.SPENT if spent else Resolution.NEVER_ORDERED if never_ordered else Resolution.ASK
    )


@app.command()
def reconcile(
    take: TakeName, spent: Spent = False, never_ordered: NeverOrdered = False, json: AsJson = False
) -> None:
    """Ask the provider again about a take that is out, or decide what became of it."""
    resolution = resolution_of(spent=spent, never_ordered=never_ordered)

    async def work(cs: Callsheet) -> dict[str, Any]:
        await cs.reconciler.decide(LOCAL_WORKSPACE, take, resolution, by=getpass.getuser())
        return await cs.views.takes.life(LOCAL_WORKSPACE, take)

    _print(run_command(work), as_json=json)


@app.command()
def cancel(take: TakeName, json: AsJson = False) -> None:
    """End a take that was asked for by itself; what is out is stopped, or paid for."""

    async def work(cs: Callsheet) -> dict[str, Any]:
        found = await cs.generations.take(LOCAL_WORKSPACE, take)
        await cs.control.cancel_single(LOCAL_WORKSPACE, found.job)
        return await cs.views.takes.life(LOCAL_WORKSPACE, take)

    _print(run_command(work), as_json=json)


def _print(life: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out_json(life)
        return
    life["error"] = (life["error"] or {}).get("message")
    facts({name: str(value) for name, value in life.items() if value is not None})
