"""Where what is made goes: a folder for each sheet, in which nothing that was paid is replaced."""

import asyncio
import sys
from itertools import count
from pathlib import Path

import typer

from callsheet.cli.handing_over import OutputFolderError
from callsheet.cli.output import readable, say
from callsheet.cli.repeating import state_in
from callsheet.intake.model import RunMode
from callsheet.jobs.errors import JobNotFoundError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet


def sheet_name(sheet: Path) -> str:
    """Name a sheet so that another of the same name is not taken for it."""
    return readable(str(sheet.absolute()))


async def folder_for(cs: Callsheet, sheet: Path, out: Path | None, *, live: bool) -> Path:
    """Choose the folder of a sheet: the one that is asked for, else a free one in `build`.

    Where the one that is asked for holds what another job made, a person is asked. Raises
    OutputFolderError where nobody can answer.
    """
    wanted = (out or Path("build") / sheet.stem).absolute()
    clash = await _clash(cs, wanted, sheet, live=live)
    if not clash:
        return wanted
    if out is None:
        free = await _free(cs, wanted, sheet, live=live)
        say(f"note: {clash}; this goes to {free}")
        return free
    if not sys.stdin.isatty():
        raise OutputFolderError(f"--out: {clash}; name another folder")
    typer.echo(clash, err=True)
    await asyncio.to_thread(typer.confirm, "Replace it?", abort=True, err=True)
    return wanted


async def _free(cs: Callsheet, wanted: Path, sheet: Path, *, live: bool) -> Path:
    for number in count(1):
        ending = "" if live else "-dry-run"
        ending += f"-{number}" if number > 1 or live else ""
        folder = wanted.with_name(wanted.name + ending)
        if not await _clash(cs, folder, sheet, live=live):
            return folder
    raise AssertionError("numbers do not end")


async def _clash(cs: Callsheet, folder: Path, sheet: Path, *, live: bool) -> str:
    """Say what is in a folder that must not be replaced; "" if nothing is."""
    state = await asyncio.to_thread(state_in, folder)
    if not state:
        return ""
    try:
        job = await cs.views.jobs.find(LOCAL_WORKSPACE, state["batchId"])
    except JobNotFoundError:
        other = None
    else:
        other = job.settings.get("sheet")
    if other and other != sheet_name(sheet):
        return f"{folder} holds what job {state['batchId']} made of {other}"
    if state.get("runMode") == RunMode.LIVE and not live:
        return f"{folder} holds what was paid for by job {state['batchId']}"
    return ""
