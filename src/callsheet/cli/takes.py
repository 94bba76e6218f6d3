"""`callsheet takes …`: one take, its life and its money; deciding about one in doubt."""

import getpass
from typing import Annotated, Any

import typer

from callsheet.cli.output import facts, out_json
from callsheet.cli.session import run_command
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.hosted.verdicts import Verdict, explained
from callsheet.takes.model import Take
from callsheet.views.state import time_text
from callsheet.wiring import Callsheet

app = typer.Typer(help="Takes: show one, decide about one in doubt.", no_args_is_help=True)
TakeName = Annotated[str, typer.Argument(help="The take's id, tk_…")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def told(take: Take) -> dict[str, Any]:
    """Tell a take's life: what was ordered when, what came back, what it cost, what is next."""
    error = dict(take.error) if take.error else None
    return {
        "take": take.id,
        "job": take.job,
        "row": take.row,
        "variant": take.variant,
        "attempt": take.attempt,
        "model": take.model,
        "status": take.status,
        "ticket": take.ticket,
        "price": str(take.price),
        "held_on": take.held_on,
        "charged": str(take.charged),
        "created_at": time_text(take.created_at),
        "ordered_at": time_text(take.ordered_at),
        "accepted_at": time_text(take.running_at),
        "made_at": time_text(take.adopting_at),
        "finished_at": time_text(take.finished_at),
        "asset": take.asset,
        "error": error,
        "next": explained(take) or None,
    }


@app.command()
def show(take: TakeName, json: AsJson = False) -> None:
    """Show what was ordered when, what came back, what it cost and what comes next."""

    async def work(cs: Callsheet) -> Take:
        return await cs.generations.take(LOCAL_WORKSPACE, take)

    _print(run_command(work), as_json=json)


@app.command()
def reconcile(
    take: TakeName,
    spent: Annotated[bool, typer.Option("--spent", help="It was made and paid for.")] = False,
    never_ordered: Annotated[
        bool, typer.Option("--never-ordered", help="Nothing was ordered; order it now.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Ask the provider again about a take in doubt, or decide what became of it."""
    if spent and never_ordered:
        raise InvalidInputError("--spent and --never-ordered exclude each other")
    verdict = Verdict.SPENT if spent else Verdict.NEVER_ORDERED if never_ordered else Verdict.ASK

    async def work(cs: Callsheet) -> Take:
        await cs.reconciler.decide(LOCAL_WORKSPACE, take, verdict, by=getpass.getuser())
        return await cs.generations.take(LOCAL_WORKSPACE, take)

    _print(run_command(work), as_json=json)


def _print(take: Take, *, as_json: bool) -> None:
    shown = told(take)
    if as_json:
        out_json(shown)
        return
    shown["error"] = (shown["error"] or {}).get("message")
    facts({name: str(value) for name, value in shown.items() if value is not None})
