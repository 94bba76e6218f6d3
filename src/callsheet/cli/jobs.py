"""`callsheet jobs …` and `callsheet watch`."""

import getpass
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from callsheet.cli.handing_over import hand_over
from callsheet.cli.output import as_named, facts, out_json, out_table, say, shortened
from callsheet.cli.session import run_command
from callsheet.cli.sheets import exit_code, report
from callsheet.cli.takes import NeverOrdered, Spent, resolution_of
from callsheet.cli.watching import (
    InterruptedError130,
    interruptible,
    pause_and_exit,
    watch_job,
)
from callsheet.delivery.state_file import StateFile
from callsheet.jobs.model import DONE, Job, Shot
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.pipeline import Agreement
from callsheet.takes.model import Take
from callsheet.views.providers import Hindrance, waited_for
from callsheet.views.quality import Standing
from callsheet.views.takes import story, take_as_json
from callsheet.wiring import Callsheet

app = typer.Typer(help="Jobs: list, show, resume, retry, pause, cancel.", no_args_is_help=True)
JobName = Annotated[str, typer.Argument(help="The job's id, job_…")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lives = list[tuple[Shot, list[Take]]]
_MOST_ROWS: Final = 200
_MOST_FAULTS: Final = 100  # rows that failed, beyond those
_SHOWN: Final = ["#row", "take", "status", "qa", "model", "$ cost"]
_QA: Final = _SHOWN.index("qa")


async def _find(cs: Callsheet, job: str) -> Job:
    return await cs.views.jobs.find(LOCAL_WORKSPACE, job)


@app.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    json: AsJson = False,
) -> None:
    """List the newest jobs."""

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        jobs = await cs.views.jobs.newest(LOCAL_WORKSPACE, limit)
        return [cs.views.jobs.header(job) for job in jobs]

    jobs = run_command(work)
    if json:
        out_json(jobs)
        return
    rows = [
        [
            job["batchId"],
            job["name"],
            job["status"],
            job["runMode"],
            f"{job['counts']['succeeded']}/{job['counts']['takes']}",
            job["cost"]["charged"],
            str(job["createdAt"])[5:16].replace("T", " "),
        ]
        for job in jobs
    ]
    columns = ["job", "name", "status", "mode", "#made", "$ charged", "created"]
    out_table("", columns, rows, spare=["created", "mode"])


@app.command()
def show(job: JobName, json: AsJson = False) -> None:
    """Show a job and every take: what was ordered when, what it cost, what comes next."""

    async def work(cs: Callsheet) -> None:
        found = await _find(cs, job)
        seen = await _seen(cs, found)
        hindrances = await cs.views.providers.hindrances(LOCAL_WORKSPACE, seen.waiting)
        if json:
            await _print_whole(cs, found, hindrances)
        else:
            _print(cs.views.jobs.header(found), seen, hindrances)

    run_command(work)


@dataclass(slots=True)
class _Seen:
    """What is shown of a job's rows: the first, and the first that failed."""

    rows: Lives = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    left_out: int = 0
    waiting: set[str] = field(default_factory=set)  # the providers that any take waits for
    standings: Mapping[str, Standing] = field(default_factory=dict)  # by take

    def see(self, shot: Shot, takes: list[Take]) -> None:
        """Take one more row into account."""
        self.waiting |= waited_for(takes)
        most = _MOST_ROWS + (_MOST_FAULTS if shot.error else 0)
        if len(self.rows) < most:
            self.rows.append((shot, takes))
        else:
            self.left_out += 1


async def _seen(cs: Callsheet, job: Job) -> _Seen:
    standings = await cs.views.quality.of_job(job.id)
    seen = _Seen(standings={each.take.id: each for each in standings})
    async for shot, takes in cs.views.jobs.lives(job):
        seen.see(shot, takes)
    async for page in cs.views.jobs.pages(job, most=_MOST_ROWS):
        seen.texts += [
            [str(row["row"]), row["scene_id"], str(variant["variant"]), shortened(variant["text"])]
            for row in page
            for variant in row["variants"]
            if variant["text"]
        ]
    return seen


async def _print_whole(cs: Callsheet, job: Job, hindrances: Mapping[str, Hindrance]) -> None:
    """Print a job's state and every take as JSON, page by page."""
    sys.stdout.flush()
    out = StateFile(sys.stdout.buffer, cs.views.jobs.header(job))
    async for page in cs.views.jobs.pages(job):
        out.add(page)
    out.go_on_with("takes")
    async for _, takes in cs.views.jobs.lives(job):
        out.add(take_as_json(take, hindrances) for take in takes)
    out.end()
    sys.stdout.buffer.flush()


def _print(state: Mapping[str, Any], seen: _Seen, hindrances: Mapping[str, Hindrance]) -> None:
    counts = state["counts"]
    facts(
        {
            "job": state["batchId"],
            "name": state["name"],
            "status": f"{state['status']} (stage {state['stage']})",
            "problem": (state["problem"] or {}).get("message", "-"),
            "made": f"{counts['succeeded']} of {counts['takes']}",
            "cost": f"${state['cost']['charged']} charged, ${state['cost']['held']} set aside,"
            f" ${state['cost']['quoted']} quoted",
        }
    )
    lines = [line for shot, takes in seen.rows for line in _lines(shot, takes, seen)]
    if not any(each.verdicts or each.decision for each in seen.standings.values()):
        lines = [[*line[:_QA], *line[_QA + 1 :]] for line in lines]  # nothing to be told there
        out_table("", [*_SHOWN[:_QA], *_SHOWN[_QA + 1 :]], lines)
    else:
        out_table("", _SHOWN, lines)
    for shot, takes in seen.rows:
        for who, what in _stories(shot, takes, hindrances, seen):
            typer.echo(f"{who}  {what}")
    if seen.texts:
        out_table("", ["#row", "scene", "#variant", "text"], seen.texts)
    if seen.left_out:
        typer.echo(f"… and {seen.left_out} more rows; --json has all")


def _lines(shot: Shot, takes: list[Take], seen: _Seen) -> list[list[str]]:
    if not takes:
        return [[str(shot.row), "-", shot.status, "-", shot.model, "-"]]
    standing = seen.standings
    stands = [(standing[take.id].quality or "-") if take.id in standing else "-" for take in takes]
    return [
        [str(shot.row), take.id, take.status, qa, take.model, str(take.charged)]
        for take, qa in zip(takes, stands, strict=True)
    ]


def _stories(
    shot: Shot, takes: list[Take], hindrances: Mapping[str, Hindrance], seen: _Seen
) -> list[tuple[str, str]]:
    """Tell what happened in lines of their own: a column beside all that would be a word wide."""
    of_row = []
    if shot.inputs:
        pairs = "; ".join(f"{name}={shortened(str(each))}" for name, each in shot.inputs.items())
        of_row.append((f"row {shot.row}", f"inputs: {pairs}"))
    why = "" if takes else (shot.error or {}).get("message", "")
    if why:
        of_row.append((f"row {shot.row}", why))
    for take in takes:
        of_row.append((take.id, story(take, hindrances)))
        said = seen.standings[take.id].said if take.id in seen.standings else ""
        if said:
            of_row.append((take.id, said))
    return of_row


@app.command()
def resume(job: JobName, json: AsJson = False) -> None:
    """Go on with a job that rests, and finish it here."""
    _work_on(job, json, again=False)


@app.command()
def retry(job: JobName, json: AsJson = False) -> None:
    """Make the failed rows of a job, and rejected takes, again."""
    _work_on(job, json, again=True)


def _work_on(job: str, as_json: bool, *, again: bool) -> None:  # noqa: FBT001  # a flag passed on
    async def work(cs: Callsheet) -> int:
        found = await _find(cs, job)
        if again:
            await cs.control.retry(LOCAL_WORKSPACE, found.id)
        elif found.work.stage != DONE:
            await cs.control.resume(LOCAL_WORKSPACE, found.id)
        with interruptible(cs) as stop:
            async with cs.at_work(say):
                try:
                    done = await watch_job(cs, LOCAL_WORKSPACE, found.id, stop, quiet=as_json)
                except InterruptedError130:
                    await pause_and_exit(cs, LOCAL_WORKSPACE, found.id)
                    return 130
                folder = Path(as_named(found.settings.get("out", "")) or Path("build") / found.id)
                handed = await hand_over(cs, done, folder)
        report(done, handed, as_json=as_json)
        return exit_code(done)

    sys.exit(run_command(work))


@app.command()
def reconcile(job: JobName, spent: Spent = False, never_ordered: NeverOrdered = False) -> None:
    """Ask again about every take of a job that is in doubt, or decide about all alike."""
    resolution = resolution_of(spent=spent, never_ordered=never_ordered)

    async def work(cs: Callsheet) -> int:
        by = getpass.getuser()
        return len(await cs.reconciler.decide_all(LOCAL_WORKSPACE, job, resolution, by))

    typer.echo(f"{job}: {run_command(work)} takes in doubt, verdict: {resolution}")


@app.command()
def pause(job: JobName) -> None:
    """Let a job rest; what is being made is finished."""

    async def work(cs: Callsheet) -> None:
        await cs.control.pause(LOCAL_WORKSPACE, JobId(job))

    run_command(work)
    typer.echo(f"{job} rests; go on with: callsheet jobs resume {job}")


Gate = Annotated[str, typer.Option(help="The gate at which it waits: script, budget or review.")]
Comment = Annotated[str, typer.Option(help="Why, for whoever reads the journal.")]


@app.command()
def approve(job: JobName, gate: Gate, comment: Comment = "") -> None:
    """Let a job that waits at a gate go on; a worker, or `jobs resume`, does the rest."""
    _decide(job, gate, Agreement("approve", getpass.getuser(), comment))
    typer.echo(f"{job} goes on")


@app.command()
def reject(job: JobName, gate: Gate, comment: Comment = "") -> None:
    """End a job at a gate; what is made stays."""
    _decide(job, gate, Agreement("reject", getpass.getuser(), comment))
    typer.echo(f"{job} is cancelled")


def _decide(job: str, gate: str, agreement: Agreement) -> None:
    async def work(cs: Callsheet) -> None:
        await cs.control.pass_gate(LOCAL_WORKSPACE, JobId(job), gate, agreement)

    run_command(work)


@app.command()
def cancel(job: JobName) -> None:
    """End a job; what is made stays."""

    async def work(cs: Callsheet) -> None:
        await cs.control.cancel(LOCAL_WORKSPACE, JobId(job))

    run_command(work)
    typer.echo(f"{job} is cancelled")


def watch(job: JobName) -> None:
    """Watch a job that another process works on; Ctrl-C ends only the watching."""

    async def work(cs: Callsheet) -> int:
        found = await _find(cs, job)
        with interruptible(cs) as stop:
            try:
                done = await watch_job(cs, LOCAL_WORKSPACE, found.id, stop, quiet=False)
            except InterruptedError130:
                return 130
        typer.echo(
            f"{done.id} {done.status}: {done.tally.takes.succeeded} of {done.tally.takes.total}"
        )
        return exit_code(done)

    sys.exit(run_command(work))
