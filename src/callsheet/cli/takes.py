"""`callsheet takes …`: one take, its life and its money; deciding about one, cancelling it."""

import getpass
from typing import Annotated, Any, Final

import typer

from callsheet.cli.output import facts, out_json, out_table
from callsheet.cli.session import run_command
from callsheet.jobs.decisions import Choice
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.orders.resolutions import Resolution
from callsheet.views.quality import place_document
from callsheet.wiring import Callsheet

app = typer.Typer(
    help="Takes: list, show, approve, reject, reconcile, cancel.", no_args_is_help=True
)
TakeName = Annotated[str, typer.Argument(help="The take's id, tk_…")]
Spent = Annotated[bool, typer.Option("--spent", help="It was made and paid for.")]
NeverOrdered = Annotated[
    bool, typer.Option("--never-ordered", help="Nothing was ordered; order it now.")
]
_DECIDED: Final = {
    Choice.APPROVE: "approved",
    Choice.REJECT: "rejected",
    Choice.OVERRIDE: "approved against its checks",
}
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


Waiting = Annotated[bool, typer.Option("--waiting", help="Only those that wait for a person.")]
Names = Annotated[list[str], typer.Argument(help="Ids of takes, tk_…", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads the journal.")]


@app.command("list")
def list_takes(
    job: Annotated[str, typer.Argument(help="The job's id, job_…")],
    waiting: Waiting = False,
    json: AsJson = False,
) -> None:
    """List the takes of a job, how each stands with its checks, and why."""

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        found = await cs.views.jobs.find(LOCAL_WORKSPACE, job)
        standings = await cs.views.quality.of_job(found.id, waiting=waiting)
        return [{**place_document(each.take), **each.document()} for each in standings]

    takes = run_command(work)
    if json:
        out_json(takes)
        return
    lines = [
        [str(each["row"]), str(each["variant"]), each["take"], each["status"], each["qa"] or "-"]
        for each in takes
    ]
    out_table("", ["#row", "#variant", "take", "status", "qa"], lines)
    for each in takes:
        if each["qa_note"]:
            typer.echo(f"{each['take']}  {each['qa_note']}")


@app.command()
def approve(
    takes: Names,
    reason: Reason = "",
    override: Annotated[
        bool, typer.Option("--override", help="Though its checks failed; say why.")
    ] = False,
) -> None:
    """Approve takes, as they are now; a job that waited for them alone goes on."""
    _decide(takes, Choice.OVERRIDE if override else Choice.APPROVE, reason)


@app.command()
def reject(
    takes: Names,
    reason: Annotated[str, typer.Option(help="Why; it is kept.", show_default=False)],
) -> None:
    """Reject takes: they are not handed over; what they cost stays spent."""
    _decide(takes, Choice.REJECT, reason)


def _decide(takes: list[str], choice: Choice, reason: str) -> None:
    async def work(cs: Callsheet) -> list[str]:
        jobs = []
        for name in takes:
            seen = (await cs.views.quality.of_take(LOCAL_WORKSPACE, name)).take
            if seen.asset is None or seen.digests.content is None:
                raise InvalidInputError(f"take {name} has made nothing to decide about")
            await cs.decisions.decide(
                LOCAL_WORKSPACE,
                name,
                choice,
                asset=seen.asset,
                content=seen.digests.content,
                reason=reason,
                by=getpass.getuser(),
            )
            typer.echo(f"{name}: {_DECIDED[choice]}")
            jobs.append(seen.job)
        return [
            f"{job} goes on: a worker, or callsheet jobs resume {job}, does the rest"
            for job in dict.fromkeys(jobs)
            if not (found := await cs.views.jobs.find(LOCAL_WORKSPACE, job)).work.paused
            and not found.ended
        ]

    for line in run_command(work):
        typer.echo(line)


def _print(life: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out_json(life)
        return
    life["error"] = (life["error"] or {}).get("message")
    told = [f"{each['gate']}: {each['verdict']}, {each['action']}" for each in life["verdicts"]]
    life["verdicts"] = "; ".join(told) or None
    if life["decision"]:
        life["decision"] = f"{life['decision']['decision']} by {life['decision']['by']}"
    facts({name: str(value) for name, value in life.items() if value is not None})
