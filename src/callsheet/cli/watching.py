"""Watching a job from a terminal: bars while it runs, a pause on Ctrl-C."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from callsheet.cli.output import say
from callsheet.intake.model import RunMode
from callsheet.jobs.model import Job
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.line.pipelines import PIPELINES
from callsheet.money.model import Scope
from callsheet.wiring import Callsheet

_LOOK_S: Final = 1.0
_TELL_S: Final = 10.0  # between lines where there is no terminal to draw a bar in
BUDGETS: Final = {Scope.ALL: "in all", Scope.DAY: "of today", Scope.JOB: "of this job"}


class InterruptedError130(Exception):  # noqa: N818  # not an error: a person pressed Ctrl-C
    """A person interrupted the command; what was done is kept."""


@contextmanager
def interruptible(cs: Callsheet) -> Iterator[asyncio.Event]:
    """Set an event on Ctrl-C or SIGTERM instead of breaking off in the middle.

    Once more, and orders that are on their way are not waited for.
    """
    with cs.shutdown.on_signals():
        yield cs.shutdown.asked


async def watch_job(
    cs: Callsheet, workspace: WorkspaceId, job_id: JobId, stop: asyncio.Event, *, quiet: bool
) -> Job:
    """Show a job until it is done. Raises InterruptedError130 when `stop` is set."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    shown = not quiet and console.is_terminal
    with Progress(*columns, console=console, disable=not shown, transient=True) as bars:
        bar = bars.add_task("waiting", total=None)
        problem: Any = None
        hindered: set[str] = set()
        seen = -1
        told_at = time.monotonic()
        while True:
            job = await cs.views.jobs.find(workspace, job_id)
            done = job.tally.takes.total - job.tally.takes.open
            total = job.tally.takes.total or None
            bars.update(
                bar,
                description=PIPELINES[job.kind].doing(job.work.stage),
                completed=done,
                total=total,
            )
            if not shown and not quiet and time.monotonic() - told_at >= _TELL_S:
                told_at = time.monotonic()
                doing = PIPELINES[job.kind].doing(job.work.stage)
                say(f"{doing}: {done} of {total or '?'} made, ${job.cost.charged} charged")
            if job.problem != problem and job.problem and not quiet:
                say(f"{job.status}: {job.problem['message']}")
            problem = job.problem
            if job.work.sequence != seen and not quiet:
                await _say_crossings(cs, job, seen)
            if job.ended or rests(job):
                return job
            if seen == job.work.sequence and not quiet:
                hindered = await _say_hindrances(cs, job, hindered)
            seen = job.work.sequence
            await _either(cs, job_id, seen, stop)


async def _say_crossings(cs: Callsheet, job: Job, after: int) -> None:
    """Say which budgets were nearly or wholly used up since an entry of the job's journal."""
    for crossing in await cs.views.journal.crossings(job.id, after):
        used = f"{crossing['share']} % used: ${crossing['committed']} of ${crossing['limit']}"
        say(f"the budget {BUDGETS[crossing['budget']]} is {used}")


async def _say_hindrances(cs: Callsheet, job: Job, known: set[str]) -> set[str]:
    """Say why takes wait, each reason once, however its time moves on; answers all so far."""
    hindrances = await cs.views.providers.hindering(job)
    sentences = {text.partition(";")[0]: text for text in map(str, hindrances)}
    for reason in sorted(sentences.keys() - known):
        say(sentences[reason])
    return known | sentences.keys()


def rests(job: Job) -> bool:
    """Tell whether nothing more happens until a person acts: `job.problem` says what to do."""
    return job.work.paused and not job.tally.takes.running and not job.tally.takes.in_doubt


async def _either(cs: Callsheet, job: JobId, seen: int, stop: asyncio.Event) -> None:
    """Wait until the job moves or a person interrupts."""
    moved = asyncio.create_task(cs.notifier.wait(job, seen, _LOOK_S))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({moved, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (moved, stopped):
            task.cancel()
        await asyncio.gather(moved, stopped, return_exceptions=True)
    if stop.is_set():
        raise InterruptedError130


async def pause_and_exit(cs: Callsheet, workspace: WorkspaceId, job: JobId) -> None:
    """Let an interrupted job rest, and tell how it goes on."""
    await cs.control.pause(workspace, job)
    found = await cs.views.jobs.find(workspace, job)
    if found.run_mode is RunMode.LIVE and found.tally.takes.running:
        grace = f"{cs.settings.shutdown_grace_s:.0f} s"
        say(f"\norders that are on their way get {grace}; interrupt again to end now")
    say(f"\ninterrupted; nothing is lost. Go on with: callsheet jobs resume {job}")
    sys.stderr.flush()
