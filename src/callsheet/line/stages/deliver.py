"""DELIVER: contact sheet and result tables into the store, and the job's last word."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any, Final

from callsheet.assets.model import thumbnail_key
from callsheet.delivery.links import file_key
from callsheet.delivery.page import contact_sheet_page
from callsheet.delivery.results import (
    Cells,
    Results,
    blocks_of,
    is_assessed,
    result_table,
    to_csv,
    to_xlsx,
)
from callsheet.jobs.model import (
    DONE,
    FINISHED,
    Change,
    Entry,
    Job,
    JobKind,
    JobUpdate,
    Shot,
    finished_status,
)
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import CallsheetError, UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, LineContext
from callsheet.line.pipeline import Step
from callsheet.line.signing import rest_unsigned, sign_made
from callsheet.line.together import together
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.engine import Payload
from callsheet.ports.pictures import SheetCell
from callsheet.ports.sheets import cell_text
from callsheet.quality.states import Quality

MAX_CELLS: Final = 1_000  # pictures on one contact sheet; the tables have all rows
_READS: Final = 16
_QUALITY: Final = {  # in place of a status, as a contact sheet shows it
    Quality.WARN: "warning",
    Quality.FAIL: "rejected",
    Quality.NEEDS_PERSON: "to be looked at",
}
_TABLES: Final = {
    "results.csv": (to_csv, "text/csv; charset=utf-8"),
    "results.xlsx": (
        to_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


async def deliver(tools: StageTools, payload: Payload) -> None:
    """Write the files, then end the job; written again, they are the same files."""
    ctx = tools.ctx
    job_id = JobId(payload["job"])
    async with ctx.books.database.read() as connection:
        job = await ctx.jobs.store.of_any_workspace(connection, job_id)
        if not in_stage(job, payload, STEP):
            return
    if job.kind is not JobKind.SINGLE:
        if not await _signed(tools, job, payload):
            return
        with Results() as results:
            cells = await _gather(tools, job, results)
            await _write_files(ctx, job, results, cells)
    await _end(ctx, payload)


async def _signed(tools: StageTools, job: Job, payload: Payload) -> bool:
    """Sign what leaves, where the job signs; False, and it rests, where that cannot be."""
    try:
        await sign_made(tools.signing, tools.ctx, tools.state, job)
    except UnavailableError:
        raise
    except CallsheetError as error:
        if job.status in FINISHED:  # of a cancelled one nothing is delivered then
            raise
        await rest_unsigned(tools.ctx, payload, error)
        return False
    return True


async def _end(ctx: LineContext, payload: Payload) -> None:
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, JobId(payload["job"]))
        if not in_stage(job, payload, STEP):
            return
        status = job.status
        # the last word goes into the ledger object at once
        update = JobUpdate(stage=DONE, ledger_due_at=0.0)
        if status not in FINISHED:
            rejected = await ctx.verdicts.count_rejected(connection, job.id)
            takes = job.tally.takes  # a rejected take was made, but is not handed over
            takes = replace(
                takes, succeeded=takes.succeeded - rejected, failed=takes.failed + rejected
            )
            status = finished_status(takes, job.tally.failed_rows)
            update = replace(update, status=status, problem=None, finished_at=ctx.books.clock())
        ended = Entry("finished", {"status": status, "charged": str(job.cost.charged)})
        await ctx.jobs.record(connection, job, [ended], Change(update=update))
    ctx.books.metrics.jobs.labels(job.kind, status).inc()
    LOG.info("job.finished", extra=event(job=job.id, status=status, takes=job.tally.takes.total))


async def _gather(
    tools: StageTools, job: Job, results: Results
) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """Read a job's rows into `results`; answers what the contact sheet shows, by row."""
    shown: list[tuple[Mapping[str, Any], Mapping[str, Any] | None]] = []
    async for page in tools.state.told_pages(tools.ctx.books.database, job):
        rows = [result_row(shot, row, job) for shot, row in page]
        await asyncio.to_thread(results.add, rows)
        if len(shown) < MAX_CELLS:
            shown += [(row, variant) for _, row in page for variant in row["variants"] or [None]]
    return shown[:MAX_CELLS]


async def _write_files(
    ctx: LineContext,
    job: Job,
    results: Results,
    shown: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]],
) -> None:
    """Write contact sheets and tables into the store."""
    pictures = await _thumbnails(ctx, [variant for _, variant in shown])
    noun = _noun(results)
    title, subtitle = job.name or job.id, _subtitle(job, how_many(results.takes, noun))
    cells = [
        _cell(row, variant, picture)
        for (row, variant), picture in zip(shown, pictures, strict=True)
    ]
    # the sheet is drawn in another process meanwhile
    sheet, page, _ = await asyncio.gather(
        ctx.media.studio.contact_sheet(title, subtitle, [cell for cell, _ in cells]),
        asyncio.to_thread(_page, ctx, title, subtitle, totals(job, f"{noun}s"), cells),
        _write_tables(ctx, job, results),
    )
    files = (
        ("contact-sheet.png", sheet, "image/png"),
        ("contact-sheet.html", page.encode(), "text/html; charset=utf-8"),
    )
    await together(
        ctx.media.blobs.put(file_key(job.id, name), content, media_type)
        for name, content, media_type in files
    )


async def _write_tables(ctx: LineContext, job: Job, results: Results) -> None:
    """Write the result tables into the store, by way of a file each."""
    for name, (write, media_type) in _TABLES.items():
        with TemporaryFile() as file:
            in_place = bool(job.settings.get("in_place"))
            table = result_table(job.settings.get("columns", ()), results, in_place=in_place)
            await asyncio.to_thread(write, table, file)
            await ctx.media.blobs.put(file_key(job.id, name), blocks_of(file), media_type)


def _page(
    ctx: LineContext,
    title: str,
    subtitle: str,
    figures: Sequence[tuple[str, str]],
    cells: Sequence[tuple[SheetCell, str | None]],
) -> str:
    shown = [
        {
            "title": cell.title,
            "caption": cell.caption,
            "status": cell.status,
            "picture": cell.picture,
            "type": ctx.media.studio.picture_type(cell.picture) if cell.picture else None,
            "text": cell.text,
            "link": link,
        }
        for cell, link in cells
    ]
    return contact_sheet_page(title, subtitle, figures, shown)


async def _thumbnails(
    ctx: LineContext, variants: Sequence[Mapping[str, Any] | None]
) -> list[bytes | None]:
    limit = asyncio.Semaphore(_READS)

    async def read(variant: Mapping[str, Any] | None) -> bytes | None:
        if variant is None or not variant["thumbnail"]:
            return None
        async with limit:
            try:
                return await ctx.media.blobs.get(thumbnail_key(variant["sha256"]))
            except BlobNotFoundError:
                return None

    return await together(read(variant) for variant in variants)


def _cell(
    row: Mapping[str, Any], variant: Mapping[str, Any] | None, picture: bytes | None
) -> tuple[SheetCell, str | None]:
    status = variant["status"] if variant else row["status"]
    number = f" · {variant['variant']}" if variant and len(row["variants"]) > 1 else ""
    caption, text = row["prompt"], (variant or {}).get("text") or ""
    if variant and variant["url"] and not variant["thumbnail"] and not text:
        text = f"A file without a thumbnail: {variant['mediaType']}"
    if picture is None and not text and row["error"]:
        caption = row["error"]["message"]
    if variant and is_assessed(variant):
        status = _QUALITY.get(variant["qa"], status)
        caption = variant["qa_note"] or caption
    cell = SheetCell(f"{row['scene_id']}{number}", caption, status, picture, text)
    return cell, variant["url"] if variant else None


def _noun(results: Results) -> str:
    """Say what was made, in one word."""
    texts = results.of_text
    return "picture" if not texts else "text" if texts == results.takes else "take"


def _subtitle(job: Job, made: str) -> str:
    mode = "dry run (local previews, nothing spent)" if job.run_mode == "dry_run" else "live"
    rows, began = how_many(job.tally.rows, "row"), job.times.created_at
    return f"{rows}, {made}, {mode}, {began:%Y-%m-%d %H:%M} UTC"


def totals(job: Job, noun: str) -> list[tuple[str, str]]:
    """List a job's figures as people read them."""
    counts = job.tally.takes
    return [
        ("Rows", str(job.tally.rows)),
        (f"{noun.capitalize()} made", str(counts.succeeded)),
        ("Failed", str(counts.failed + job.tally.failed_rows)),
        ("Quoted (USD)", str(job.cost.quoted)),
        ("Charged (USD)", str(job.cost.charged)),
        ("Reference uses", str(job.tally.references.get("uses", 0))),
        ("Different pictures among them", str(job.tally.references.get("unique", 0))),
    ]


def result_row(shot: Shot, row: Mapping[str, Any], job: Job) -> tuple[dict[str, Any], Cells]:
    """Put a row of a state beside the cells of its sheet; it gets the name of its file, if any."""
    cells = own_cells(shot, job)
    known: Mapping[str, str] = job.settings.get("known_columns", {})
    named = next((title for title, name in known.items() if name == "filename"), "")
    return {**row, "filename": cell_text(cells.get(named, ""))} if named else dict(row), cells


def own_cells(shot: Shot, job: Job) -> Cells:
    """Put a row back into the cells of its sheet, by column."""
    named = {
        "scene_id": shot.scene_id,
        "prompt": shot.prompt,
        "references": " ".join(f"{asked.source}|{asked.mode}" for asked in shot.references.asked),
        "variants": str(shot.variants),
        "model": shot.model,
        "size": f"{shot.width}x{shot.height}",
    }
    known: Mapping[str, str] = job.settings.get("known_columns", {})
    own = {column: named.get(name, "") for column, name in known.items()}
    return {**named, **own, **shot.extra}


STEP: Final = Step("deliver", deliver, "writing contact sheet and tables", delivers=True)
