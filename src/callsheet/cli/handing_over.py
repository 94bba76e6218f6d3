"""Putting what a job made into a folder, under names that people read."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from callsheet.delivery.links import FILES
from callsheet.delivery.results import (
    picture_name,
    repeated_scenes,
    result_table,
    to_csv,
    to_xlsx,
)
from callsheet.jobs.model import Job
from callsheet.kernel.errors import InvalidInputError
from callsheet.line.stages.deliver import own_cells
from callsheet.line.together import together
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.wiring import Callsheet

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Where everything is, and the state it shows."""

    folder: Path
    state: Mapping[str, Any]


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
    """Write pictures, contact sheets, tables and state; written again, they are the same."""
    await asyncio.to_thread(make_folder, folder)
    whole = await cs.views.jobs.whole(job.workspace, job.id)
    job, state, shots = whole.job, whole.state, whole.shots
    repeated = repeated_scenes(state["rows"])
    pictures = {
        variant["take"]: (picture_name(row, variant, repeated), variant["sha256"])
        for row in state["rows"]
        for variant in row["variants"]
        if variant["sha256"]
    }
    limit = asyncio.Semaphore(_AT_ONCE)

    async def fetch(read: Callable[[], Awaitable[bytes]], name: str) -> None:
        async with limit:
            await asyncio.to_thread(write_whole, folder / name, await read())

    files = cs.views.files
    await together(
        fetch(partial(files.content, sha256), name) for name, sha256 in pictures.values()
    )
    for name in FILES:
        try:
            await fetch(partial(files.content_of_job, job.id, name), name)
        except BlobNotFoundError:
            continue  # a job that a defect stopped has no contact sheet
    names = {take: name for take, (name, _) in pictures.items()}
    cells = {shot.row: own_cells(shot, job) for shot in shots}
    table = result_table(job.settings.get("columns", ()), state["rows"], cells, names)
    write_whole(folder / "results.csv", to_csv(table))
    write_whole(folder / "results.xlsx", await asyncio.to_thread(to_xlsx, table))
    text = json.dumps(state, ensure_ascii=False, indent=1)
    write_whole(folder / "state.json", text.encode())
    return HandedOver(folder, state)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever reads half of it."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(content)
    draft.replace(path)
