"""`callsheet run` and `callsheet quote`: a sheet in, pictures, clips, texts and tables out."""

import asyncio
import errno
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from callsheet.checks.registry import all_checks
from callsheet.cli.beginning import SheetOrder, begin, begin_live, say_notes
from callsheet.cli.handing_over import SHOWN_ROWS, HandedOver, Row, hand_over, make_folder
from callsheet.cli.money import read_budget
from callsheet.cli.output import facts, out_json, out_table, readable, say
from callsheet.cli.session import run_command
from callsheet.cli.setting import Sets, read_sets
from callsheet.cli.watching import (
    InterruptedError130,
    interruptible,
    pause_and_exit,
    watch_job,
)
from callsheet.delivery.results import costs_of
from callsheet.intake.canonical_url import is_address
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults, RunMode
from callsheet.intake.rows import draft_from_table
from callsheet.jobs.model import Job, JobStatus
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.kernel.money import Money
from callsheet.line.submission import Priced
from callsheet.ports.sheets import SheetLimits
from callsheet.quality.asked import MOST_RETAKES, OFF, ON
from callsheet.quality.profiles import built_in, load_profile
from callsheet.sources import read_sheet
from callsheet.wiring import Callsheet

MAX_LOCAL_ROWS: Final = 100_000  # a person's own machine: the limit of the product, not of a tenant
_MAX_REFERENCE: Final = 25_000_000


class ReferenceFileError(InvalidInputError):
    """A reference names a file that cannot be used."""

    code = "reference_file"


Judge = Annotated[
    str, typer.Option(help="Model that judges what is made, e.g. gemini/gemini-3-8-flash.")
]


class Switch(StrEnum):
    """On or off."""

    ON = ON
    OFF = OFF


class GateName(StrEnum):
    """The gates of a batch."""

    BUDGET = "budget"
    REVIEW = "review"


def run(
    sheet: Annotated[Path, typer.Argument(help="A .csv or .xlsx file.")],
    out: Annotated[Path | None, typer.Option(help="Folder for pictures and tables.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Spend; without it, preview.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")] = False,
    model: Annotated[str, typer.Option(help="Model for rows that name none.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Order all anew, though this sheet was begun or made.")
    ] = False,
    name: Annotated[str, typer.Option(help="Name of the job.")] = "",
    budget: Annotated[str, typer.Option(help="Most the job may spend, in US dollars.")] = "",
    inputs: Sets = None,
    gate: Annotated[
        list[GateName] | None,
        typer.Option(help="Wait there until a person approves; again for each."),
    ] = None,
    quality: Annotated[
        Switch | None,
        typer.Option(help="Examine what is made; live runs do, unless this is off."),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Tolerances: a name, or the path of a TOML file.")
    ] = "",
    retakes: Annotated[
        int | None,
        typer.Option(min=0, max=MOST_RETAKES, help="How often a take that fails is made again."),
    ] = None,
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign what is made (C2PA); nothing leaves unsigned.")
    ] = False,
    judge: Judge = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make the pictures of a sheet: a dry run with local previews unless --live.

    Typed again, a live sheet that is not finished is gone on with, in the same folder.
    """
    mode = RunMode.LIVE if live else RunMode.DRY_RUN
    bound = read_budget(budget) if budget else None
    asked = {**read_quality(quality, profile, retakes), **read_judge(judge)}
    defaults = Defaults(name=name, run_mode=mode, model=model, inputs=read_sets(inputs))

    async def work(cs: Callsheet) -> int:
        draft = await asyncio.to_thread(read_draft, cs, sheet, defaults)
        stored = await store_references(cs, sheet.parent, draft)
        target = (out or Path("build") / sheet.stem).absolute()
        await asyncio.to_thread(make_folder, target)  # before anything is spent
        gates = tuple(each.value for each in gate or ())
        order = SheetOrder(
            draft,
            stored,
            target,
            bound,
            yes=yes,
            again=again,
            gates=gates,
            quality=asked,
            sign=sign,
        )
        begun = await (begin_live(cs, order) if live else begin(cs, order))
        with interruptible(cs) as stop:
            async with cs.at_work(say):
                try:
                    job = await watch_job(cs, LOCAL_WORKSPACE, begun, stop, quiet=json)
                except InterruptedError130:
                    await pause_and_exit(cs, LOCAL_WORKSPACE, begun)
                    return 130
                handed = await hand_over(cs, job, target)
        report(job, handed, as_json=json)
        return exit_code(job)

    sys.exit(run_command(work))


def read_quality(technical: Switch | None, profile: str, retakes: int | None) -> dict[str, Any]:
    """Read how what is made is to be examined. A profile of one's own goes with the job.

    Raises ProfileNotFoundError, InvalidProfileError.
    """
    asked: dict[str, Any] = {"technical": technical.value} if technical else {}
    if retakes is not None:
        asked["retakes"] = retakes
    if profile:
        loaded = load_profile(profile, all_checks())
        asked["profile"] = loaded.name
        if profile not in built_in():
            asked["toml"] = Path(profile).read_text(encoding="utf-8")
        if technical is None:
            asked["technical"] = ON  # who names tolerances wants them held, in a dry run too
    return asked


def read_judge(model: str) -> dict[str, str]:
    """Read which model is to judge what is made; none if none is named."""
    return {"semantic": ON, "judge": model} if model else {}


def exit_code(job: Job) -> int:
    """Turn how a job ended into how the command ends."""
    return 0 if job.status is JobStatus.SUCCEEDED else 1


def read_draft(cs: Callsheet, sheet: Path, defaults: Defaults) -> BatchDraft:
    """Read a sheet file into a draft. Raises SheetError, BatchInputError."""
    try:
        content = sheet.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {sheet}: {error.strerror}") from error
    configured = "max_rows" in cs.settings.model_fields_set
    limits = cs.limits if configured else Limits(MAX_LOCAL_ROWS, cs.limits.max_variants)
    table = read_sheet(readable(sheet.name), content, SheetLimits(max_rows=limits.max_rows))
    named = replace(defaults, name=readable(defaults.name or sheet.stem))
    return draft_from_table(table, mapping={}, defaults=named, limits=limits, allow_paths=True)


async def store_references(cs: Callsheet, folder: Path, draft: BatchDraft) -> dict[str, str]:
    """Bring the references that are files into the store; their hashes by source."""
    sources = {
        reference.source: row.row
        for row in reversed(draft.rows)
        for reference in row.references
        if not is_address(reference.source)
    }
    stored: dict[str, str] = {}
    faults: list[FieldError] = []
    for source, row in sources.items():
        try:
            content = await asyncio.to_thread(_read_bounded, folder / source)
        except OSError as error:
            reason = error.strerror or str(error)
            faults.append(FieldError(f"row {row}, column references", reason, source))
            continue
        stored[source] = await cs.adopter.adopt(content, "application/octet-stream")
    if faults:
        first = faults[0]
        message = f"{first.field}: cannot read {first.value}: {first.message}"
        raise ReferenceFileError(message, faults)
    return stored


def _read_bounded(path: Path) -> bytes:
    if path.stat().st_size > _MAX_REFERENCE:
        raise OSError(errno.EFBIG, f"it is over {_MAX_REFERENCE} bytes")
    return path.read_bytes()


def quote(
    sheet: Annotated[Path, typer.Argument(help="A .csv or .xlsx file.")],
    model: Annotated[str, typer.Option(help="Model for rows that name none.")] = "",
    inputs: Sets = None,
    judge: Judge = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a sheet would cost live; nothing is created."""
    defaults = Defaults(run_mode=RunMode.DRY_RUN, model=model, inputs=read_sets(inputs))

    async def work(cs: Callsheet) -> Priced:
        draft = await asyncio.to_thread(read_draft, cs, sheet, defaults)
        return await cs.submission.price(draft, read_judge(judge))

    quote = run_command(work)
    if json:
        priced = [{"row": row, "price": str(price)} for row, price in quote.per_row]
        corrections = [
            {"model": model, "factor": each.factor, "takes": each.takes}
            for model, each in sorted(quote.corrections.items())
        ]
        total = {"total": str(quote.total), "currency": "USD", "perRow": priced}
        out_json({**total, "corrections": corrections, "notes": [*quote.notes]})
        return
    say_notes(quote)
    first = quote.per_row[:SHOWN_ROWS]
    out_table("", ["#row", "$ price"], [[str(row), str(price)] for row, price in first])
    if len(quote.per_row) > len(first):
        typer.echo(f"… and {len(quote.per_row) - len(first)} more rows; --json has all")
    for corrected, correction in sorted(quote.corrections.items()):
        typer.echo(f"{corrected}: {correction}")
    typer.echo(f"total: ${quote.total}")


def report(job: Job, handed: HandedOver, *, as_json: bool) -> None:
    """Tell how a job ended and where everything is."""
    if as_json:
        out_json(
            {
                "batchId": job.id,
                "status": job.status,
                "rows": job.tally.rows,
                "pictures": job.tally.takes.succeeded,
                "failed": job.tally.takes.failed + job.tally.failed_rows,
                "quoted": str(job.cost.quoted),
                "charged": str(job.cost.charged),
                "references": dict(job.tally.references),
                "out": str(handed.folder),
            }
        )
        return
    shown = [_line(row) for row in handed.first]
    out_table("", ["#row", "scene", "status", "#made", "$ quoted", "$ cost", "model"], shown)
    if job.tally.rows > len(shown):
        typer.echo(f"… and {job.tally.rows - len(shown)} more rows in results.csv")
    refs, sheet = job.tally.references, handed.folder / "contact-sheet.html"
    facts(
        {
            "job": f"{job.id}  {job.status}",
            "takes": f"{job.tally.takes.succeeded} made,"
            f" {job.tally.takes.failed + job.tally.failed_rows} failed",
            "references": f"{how_many(refs.get('uses', 0), 'use')},"
            f" {how_many(refs.get('unique', 0), 'different picture')}"
            f" ({refs.get('dedupRate', 0):.0%} not sent twice)",
            "cost": f"${job.cost.charged} charged, ${job.cost.quoted} quoted",
            "folder": str(handed.folder),
            **({"look at": str(sheet)} if sheet.exists() else {}),  # not while it waits
        }
    )
    for row in handed.failed:
        say(f"row {row['row']}: {row['error']['message']}")
    if handed.faults > len(handed.failed):
        say(f"… and {handed.faults - len(handed.failed)} more rows failed; see results.csv")


def _line(row: Row) -> list[str]:
    made = sum(variant["status"] == "succeeded" for variant in row["variants"])
    costs = [each for variant in row["variants"] for each in costs_of(variant)]
    cost = Money(sum(Money.usd(each).micros for each in costs))
    return [
        str(row["row"]),
        str(row["scene_id"]),
        str(row["status"]),
        f"{made}/{len(row['variants']) or '-'}",
        str(row["quoted"]),
        str(cost),
        str(row["model"]),
    ]
