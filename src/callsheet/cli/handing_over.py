"""Putting what a job made into a folder, under names that people read."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from callsheet.delivery.links import FILES, FILM_FILES
from callsheet.delivery.results import (
    Results,
    is_rejected,
    picture_name,
    result_table,
    to_csv,
    to_xlsx,
)
from callsheet.delivery.state_file import StateFile
from callsheet.jobs.model import Job, JobKind, signs
from callsheet.kernel.errors import InvalidInputError
from callsheet.line.stages.deliver import result_row
from callsheet.line.together import together
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.provenance import SIDECAR_SUFFIX
from callsheet.wiring import Callsheet

_AT_ONCE: Final = 8
SHOWN_ROWS: Final = 40
_ASSET_LINK: Final = re.compile(r'href="[^"]*/assets/([0-9a-f]{64})[^"]*"')
_SHOWN_FAULTS: Final = 100

Row = Mapping[str, Any]


@dataclass(slots=True)
class HandedOver:
    """Where everything is, and what a terminal shows of it: the first rows, and what failed."""

    folder: Path
    first: list[Row] = field(default_factory=list)
    failed: list[Row] = field(default_factory=list)  # the first of them
    faults: int = 0

    def see(self, rows: list[Row]) -> None:
        """Take more rows into account."""
        self.first += rows[: SHOWN_ROWS - len(self.first)]
        wrong = [row for row in rows if row["error"]]
        self.faults += len(wrong)
        self.failed += wrong[: _SHOWN_FAULTS - len(self.failed)]


class OutputFolderError(InvalidInputError):
    """The folder for what was made cannot be written."""

    code = "output_folder"


def make_folder(folder: Path) -> None:
    """Make the folder for what will be made. Raises OutputFolderError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".callsheet"
        probe.touch()
        probe.unlink()
    except OSError as error:
        message = f"--out: cannot write in {folder}: {error.strerror}; name another folder"
        raise OutputFolderError(message) from error


async def hand_over(cs: Callsheet, job: Job, folder: Path) -> HandedOver:
    """Write pictures, contact sheets, tables and state; written again, they are the same.

    The state comes last: a folder that has it has all the rest.
    """
    await asyncio.to_thread(make_folder, folder)
    handed = HandedOver(folder)
    with Results() as results, written_whole(folder / "state.json") as file:
        state = StateFile(file, cs.views.jobs.header(job))
        async for page in cs.views.jobs.told_pages(job):
            rows = [result_row(shot, row, job) for shot, row in page]
            await asyncio.to_thread(results.add, rows)
            await asyncio.to_thread(state.add, [row for _, row in page])
            handed.see([row for _, row in page])
        state.end()
        await _bring_home(cs, job, results, folder)
        await _bring_files(cs, job, folder)
        await asyncio.to_thread(_link_beside, results, folder / "contact-sheet.html")
        await asyncio.to_thread(_write_tables, job, results, folder)
    return handed


async def write_state(cs: Callsheet, job: Job, folder: Path) -> None:
    """Write the state of a job that has just begun: its folder tells of it whatever comes."""
    with written_whole(folder / "state.json") as file:
        state = StateFile(file, cs.views.jobs.header(job))
        async for rows in cs.views.jobs.pages(job):
            await asyncio.to_thread(state.add, rows)
        state.end()


async def _bring_home(cs: Callsheet, job: Job, results: Results, folder: Path) -> None:
    """Copy what may leave from the store, a few files at a time; what was rejected goes."""
    made = (
        (variant, sha256, folder / f"{picture_name(row, variant, results.repeated)}{suffix}")
        for row, _ in results
        for variant in row["variants"]
        for sha256, suffix in _leaving(job, variant)
    )

    async def copy_on() -> None:
        for variant, sha256, path in made:
            if is_rejected(variant):  # it was looked at here, perhaps, before that was decided
                await asyncio.to_thread(path.unlink, missing_ok=True)
            else:
                await _copy(cs.views.files.content(sha256), path)

    await together(copy_on() for _ in range(_AT_ONCE))


def _leaving(job: Job, variant: Row) -> list[tuple[str, str]]:
    """List the files of a variant that may leave, each with what its name ends in."""
    if not signs(job):
        return [(variant["sha256"], "")] if variant["sha256"] else []
    signed = variant["signed"]
    if not signed:
        return []
    beside = signed["sidecar"]
    return [(signed["sha256"], ""), *([(beside["sha256"], SIDECAR_SUFFIX)] if beside else [])]


async def _bring_files(cs: Callsheet, job: Job, folder: Path) -> None:
    """Copy the files that the job delivered; one that a defect stopped has none."""
    film = FILM_FILES if job.kind is JobKind.PRODUCTION else ()
    for name in (*FILES, *film):
        try:
            await _copy(cs.views.files.content_of_job(job.id, name), folder / name)
        except BlobNotFoundError:
            continue


def _link_beside(results: Results, page: Path) -> None:
    """Let a contact sheet lead to the files beside it: the links of a server expire."""
    if not page.exists():
        return
    names = {
        variant["sha256"]: picture_name(row, variant, results.repeated)
        for row, _ in results
        for variant in row["variants"]
        if variant["sha256"]
    }

    def beside(match: re.Match[str]) -> str:
        name = names.get(match[1])
        return f'href="{quote(name)}"' if name else match[0]

    linked = _ASSET_LINK.sub(beside, page.read_text(encoding="utf-8"))
    _write(page, linked.encode())


async def _copy(content: AsyncIterator[bytes], path: Path) -> None:
    """Write a stream to a file, block by block, so that nobody ever reads half of it."""
    first, second = await anext(content, b""), await anext(content, None)
    if second is None:  # one trip to a thread instead of four
        await asyncio.to_thread(_write, path, first)
        return
    with written_whole(path) as file:
        for block in (first, second):
            await asyncio.to_thread(file.write, block)
        async for block in content:
            await asyncio.to_thread(file.write, block)


def _write_tables(job: Job, results: Results, folder: Path) -> None:
    """Write the result tables with the names of files in place of links."""

    def link(row: Row, variant: Row) -> str:
        made = _leaving(job, variant)
        return picture_name(row, variant, results.repeated) if made else variant["url"] or ""

    columns = job.settings.get("columns", ())
    in_place = bool(job.settings.get("in_place"))
    for name, write in (("results.csv", to_csv), ("results.xlsx", to_xlsx)):
        with written_whole(folder / name) as file:
            write(result_table(columns, results, link, in_place=in_place), file)


def _write(path: Path, content: bytes) -> None:
    with written_whole(path) as file:
        file.write(content)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file so that nobody ever reads half of it."""
    # a draft of our own: another process may write the same folder at the same time
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)  # of one that failed nothing stays
