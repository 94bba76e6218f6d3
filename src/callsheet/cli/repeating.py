"""The same sheet again: gone on with, named or bought once more, but never twice by accident."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import typer

from callsheet.cli.output import readable
from callsheet.delivery.errors import LedgerCorruptError
from callsheet.intake.model import BatchDraft, RowDraft, RunMode
from callsheet.jobs.errors import JobNotFoundError
from callsheet.jobs.model import DONE, FINISHED, Job, JobStatus
from callsheet.kernel.digests import Sha256, canonical_json
from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.kernel.money import Money
from callsheet.money.model import Scope
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.wiring import Callsheet

_STATE: Final = "state.json"
# of a draft, what nothing is ordered by
_SAYS_NOTHING: Final = (
    *("name", "notes", "columns", "known_columns", "unclaimed"),
    *("keep_going", "refused", "in_place"),
)
_ANEW: Final = "or order everything anew with --again"


class SheetUnfinishedError(ConflictError):
    """A job that is not finished may be the one that is meant; nothing was ordered."""

    code: ClassVar[str] = "sheet_unfinished"


class SheetDoneError(ConflictError):
    """Exactly this was ordered before and is done; nothing was ordered again."""

    code: ClassVar[str] = "sheet_done"


class JobLostError(ConflictError):
    """The folder or the store knows a job that the database does not; nothing was ordered."""

    code: ClassVar[str] = "job_lost"

    def __init__(self, who: object, job: str) -> None:
        super().__init__(
            f"{who} knows of job {job}, which is not in the database: was that lost? Bring jobs"
            f" back with: callsheet restore, {_ANEW}"
        )


def digest_of_asked(draft: BatchDraft, stored: Mapping[str, str]) -> Sha256:
    """Sum up all that decides what is ordered: rows, models, inputs, references, run mode.

    It is the digest of one JSON object in its canonical spelling, taken row by row.
    """
    shared = asdict(replace(draft, rows=()))
    for name in _SAYS_NOTHING:
        shared.pop(name)
    spelled = {name: _spelled(value) for name, value in shared.items()}
    digest = hashlib.sha256(b'{"draft":{')
    for place, name in enumerate(sorted(spelled)):
        digest.update(b"," * (place > 0) + f'"{name}":'.encode())
        if name == "rows":
            digest.update(b"[")
            for at, row in enumerate(draft.rows):
                digest.update(b"," * (at > 0) + _spelled(_asked_of(row)))
            digest.update(b"]")
        else:
            digest.update(spelled[name])
    digest.update(b'},"files":' + canonical_json(dict(stored)) + b"}")
    return Sha256(digest.hexdigest())


def _asked_of(row: RowDraft) -> dict[str, Any]:
    """List all that a row asks for; how its cells were written is nothing of that."""
    asked = asdict(replace(row, cells={}))
    del asked["cells"]
    if not asked["soft"]:
        del asked["soft"]  # as it was before there was any
    return asked


def _spelled(value: Any) -> bytes:
    return canonical_json(json.loads(json.dumps(value, default=str)))


async def job_to_go_on_with(
    cs: Callsheet, asked: Sha256, folder: Path, *, may_ask: bool
) -> tuple[Job | None, frozenset[JobId]]:
    """Find the job that a sheet and a folder mean, if it is certain; and all that ask the same.

    None: there is none, or a person said to buy what is done once more. Raises
    SheetUnfinishedError, SheetDoneError, JobLostError.
    """
    same = await cs.views.jobs.that_ask(LOCAL_WORKSPACE, asked)
    unfinished = await cs.views.jobs.unfinished()
    known = frozenset(job.id for job in same)
    here = [job for job in unfinished if _is_live_in(job, folder)]
    going_on = [job for job in same if _goes_on(job, folder)]
    if len(going_on) == 1 and {job.id for job in here} <= {going_on[0].id}:
        return going_on[0], known
    if going_on or here:
        raise SheetUnfinishedError(_in_the_way([*going_on, *here], folder, same=bool(going_on)))
    elsewhere = [job for job in same if _is_open(job)]
    if elsewhere:
        job = elsewhere[0]
        raise SheetUnfinishedError(
            f"job {job.id} makes this very sheet and is not finished; it goes to"
            f" {job.settings.get('out')}: go on there with: callsheet jobs resume {job.id},"
            f" {_ANEW}"
        )
    if not same:
        await _mind_lost_jobs(cs, asked, folder)
        return None, known
    await _buy_again(same[0], may_ask=may_ask)
    return None, known


async def tell_and_resume(cs: Callsheet, job: Job, budget: Money | None) -> None:
    """Say which job is gone on with, under which budget, and send it to work if it rests."""
    if budget is not None:
        await cs.budgets.set(job.workspace, Scope.JOB, job.id, budget, by="its author")
    made = await cs.views.jobs.count_made(job.id)
    typer.echo(f"going on with {job.id} ({made} of {job.tally.rows} rows made)", err=True)
    broken = job.status is JobStatus.FAILED and job.work.stage != DONE
    if job.work.paused or broken:
        await cs.control.resume(LOCAL_WORKSPACE, job.id)


def _is_live_in(job: Job, folder: Path) -> bool:
    return job.run_mode is RunMode.LIVE and job.settings.get("out") == readable(str(folder))


def _is_open(job: Job) -> bool:
    """Tell whether something is left to do, if only the writing of its files."""
    return job.work.stage != DONE and job.status is not JobStatus.CANCELLED


def _goes_on(job: Job, folder: Path) -> bool:
    """Tell whether a job is unfinished, or finished and not yet in its folder."""
    if not _is_live_in(job, folder) or job.status is JobStatus.CANCELLED:
        return False
    state = state_in(folder)
    is_there = state.get("batchId") == job.id and state.get("status") in FINISHED
    return _is_open(job) or not is_there


def _in_the_way(jobs: list[Job], folder: Path, *, same: bool) -> str:
    names = ", ".join(dict.fromkeys(job.id for job in jobs))
    first = jobs[0].id
    if same:
        return (
            f"several jobs may be meant: {names} go to {folder} and are not finished; say which:"
            f" callsheet jobs resume {first}, {_ANEW}"
        )
    return (
        f"{names} goes to {folder}, is not finished, and was begun from another sheet or with other"
        f" settings: go on with: callsheet jobs resume {first}, end it with: callsheet jobs cancel"
        f" {first}, name another folder with --out, {_ANEW}"
    )


async def _mind_lost_jobs(cs: Callsheet, asked: Sha256, folder: Path) -> None:
    """Raise JobLostError if there was a job of which the database knows nothing."""
    state = state_in(folder)
    if state.get("runMode") == RunMode.LIVE:
        try:
            await cs.views.jobs.find(LOCAL_WORKSPACE, state["batchId"])
        except JobNotFoundError:
            raise JobLostError(folder / _STATE, state["batchId"]) from None
    if await cs.views.jobs.any():
        return
    async for job in cs.ledger.jobs():  # the database is new, or was lost
        with suppress(LedgerCorruptError, BlobNotFoundError):
            manifest = await cs.ledger.manifest(job)
            out = manifest["settings"].get("out") == readable(str(folder))
            live = manifest["runMode"] == RunMode.LIVE
            if manifest.get("asked") == asked or (out and live):
                raise JobLostError("the store", job)


async def _buy_again(job: Job, *, may_ask: bool) -> None:
    """Ask whether to buy what is done once more. Raises SheetDoneError where nobody can answer."""
    done = f"exactly this sheet was made by job {job.id} ({job.status}, ${job.cost.charged})"
    if not may_ask or not sys.stdin.isatty():
        failed = f"; make its failed rows again with: callsheet jobs retry {job.id}"
        retry = failed if job.status in (JobStatus.PARTIAL, JobStatus.FAILED) else ""
        raise SheetDoneError(f"{done}; nothing was ordered{retry}; buy it once more with --again")
    typer.echo(done, err=True)
    await asyncio.to_thread(typer.confirm, "Buy it once more?", abort=True, err=True)


def state_in(folder: Path) -> dict[str, Any]:
    """Read the state that a job left in a folder; nothing where there is none."""
    try:
        state = json.loads((folder / _STATE).read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) and isinstance(state.get("batchId"), str) else {}
