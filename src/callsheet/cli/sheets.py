"""`callsheet run` and `callsheet quote`: a sheet in, pictures, clips, texts and tables out."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from callsheet.checks.registry import all_checks
from callsheet.cli.beginning import SheetOrder, begin, begin_live, say_notes
from callsheet.cli.folders import folder_for, sheet_name
from callsheet.cli.handing_over import SHOWN_ROWS, HandedOver, Row, hand_over, make_folder
from callsheet.cli.money import read_budget
from callsheet.cli.output import facts, out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.cli.setting import Sets, read_sets
from callsheet.cli.sheet_files import (
    Delimiter,
    Encoding,
    HeaderRow,
    KeepGoing,
    Maps,
    PromptText,
    RecipeFile,
    SheetFile,
    SheetName,
    SkipBlank,
    read_draft,
    recipe_of,
    store_references,
)
from callsheet.cli.watching import (
    InterruptedError130,
    interruptible,
    pause_and_exit,
    watch_job,
)
from callsheet.delivery.results import costs_of
from callsheet.intake.model import BatchDraft, Defaults, RunMode
from callsheet.jobs.model import Job, JobStatus
from callsheet.kernel.counting import how_many
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.kernel.money import Money
from callsheet.line.accepted import Priced
from callsheet.line.new_takes import PREVIEW_MODEL
from callsheet.quality.asked import MOST_RETAKES, OFF, ON
from callsheet.quality.profiles import built_in, load_profile
from callsheet.wiring import Callsheet

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


def run(  # one for each option
    sheet: SheetFile,
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
    maps: Maps = None,
    prompt: PromptText = "",
    sheet_of_book: SheetName = "",
    header_row: HeaderRow = 0,
    skip_blank: SkipBlank = False,
    delimiter: Delimiter = "",
    encoding: Encoding = "",
    keep_going: KeepGoing = False,
    recipe: RecipeFile = None,
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
    said = recipe_of(
        recipe,
        maps,
        prompt=prompt,
        sheet=sheet_of_book,
        header_row=header_row,
        skip_blank=skip_blank,
        delimiter=delimiter,
        encoding=encoding,
        keep_going=keep_going,
    )

    async def work(cs: Callsheet) -> int:
        draft = await asyncio.to_thread(read_draft, cs, sheet, defaults, said)
        stored = await store_references(cs, sheet.parent, draft)
        target = await folder_for(cs, sheet, out, live=live)
        await asyncio.to_thread(make_folder, target)  # before anything is spent
        order = SheetOrder(
            draft,
            stored,
            target,
            bound,
            yes=yes,
            again=again,
            gates=tuple(each.value for each in gate or ()),
            quality=asked,
            sign=sign,
            sheet=sheet_name(sheet),
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


def quote(  # one for each option
    sheet: SheetFile,
    model: Annotated[str, typer.Option(help="Model for rows that name none.")] = "",
    inputs: Sets = None,
    judge: Judge = "",
    maps: Maps = None,
    prompt: PromptText = "",
    sheet_of_book: SheetName = "",
    header_row: HeaderRow = 0,
    skip_blank: SkipBlank = False,
    delimiter: Delimiter = "",
    encoding: Encoding = "",
    keep_going: KeepGoing = False,
    recipe: RecipeFile = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a sheet would cost live; nothing is created."""
    defaults = Defaults(run_mode=RunMode.DRY_RUN, model=model, inputs=read_sets(inputs))
    said = recipe_of(
        recipe,
        maps,
        prompt=prompt,
        sheet=sheet_of_book,
        header_row=header_row,
        skip_blank=skip_blank,
        delimiter=delimiter,
        encoding=encoding,
        keep_going=keep_going,
    )

    async def work(cs: Callsheet) -> tuple[BatchDraft, Priced]:
        draft = await asyncio.to_thread(read_draft, cs, sheet, defaults, said)
        return draft, await cs.submission.price(draft, read_judge(judge))

    draft, quote = run_command(work)
    if json:
        priced = [{"row": row, "price": str(price)} for row, price in quote.per_row]
        corrections = [
            {"model": model, "factor": each.factor, "takes": each.takes}
            for model, each in sorted(quote.corrections.items())
        ]
        refused = [{"row": row, "message": message} for row, message in quote.refused]
        total = {"total": str(quote.total), "currency": "USD", "perRow": priced}
        more = {"corrections": corrections, "notes": [*quote.notes], "refused": refused}
        out_json({**total, **more})
        return
    say_notes(quote)
    _print_quote(draft, quote)


def _print_quote(draft: BatchDraft, quote: Priced) -> None:
    """Show what rows cost, and what each model costs in all."""
    prices = dict(quote.per_row)
    rows = [row for row in draft.rows if row.row in prices]
    lines = [
        [
            str(row.row),
            row.scene_id,
            row.model or PREVIEW_MODEL,
            str(row.variants),
            str(prices[row.row]),
        ]
        for row in rows[:SHOWN_ROWS]
    ]
    out_table("", ["#row", "scene", "model", "#pictures", "$ price"], lines)
    if len(rows) > len(lines):
        typer.echo(f"… and {len(rows) - len(lines)} more rows; --json has all")
    models: dict[str, list[int]] = {}
    for row in rows:
        sums = models.setdefault(row.model or PREVIEW_MODEL, [0, 0, 0])
        sums[0] += 1
        sums[1] += row.variants
        sums[2] += prices[row.row].micros
    for name, (count, takes, micros) in sorted(models.items()):
        made = f"{how_many(count, 'row')}, {how_many(takes, 'picture')}"
        typer.echo(f"{name}: {made}, ${Money(micros)}")
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
    out_table(
        "", ["#row", "scene", "status", "#made", "$ quoted", "$ cost", "model"], shown, ["$ quoted"]
    )
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
