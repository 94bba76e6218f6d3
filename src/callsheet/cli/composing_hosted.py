"""Composites of `callsheet composite` that go through the line: ordered, charged, fallen back."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from callsheet.cli.composite_files import read_file
from callsheet.cli.output import say
from callsheet.cli.session import opened
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.composites import Asked
from callsheet.settings import Settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet

_WAIT_S: Final = 3_600.0


class CompositeFailedError(CallsheetError):
    """A composite came to nothing, hosted or local."""

    code = "composite_failed"

    def __init__(self, take: Take) -> None:
        said = (take.error or {}).get("message", f"it is {take.status}")
        super().__init__(f"take {take.id}: {said}; see: callsheet takes show {take.id}")


@dataclass(frozen=True, slots=True)
class Finished:
    """A composite that went through the line: its picture, and what its take notes."""

    picture: bytes
    method: str
    notes: tuple[str, ...]
    takes: tuple[str, ...]


async def hosted(
    settings: Settings,
    asked: Sequence[tuple[Path, Sequence[Path]]],
    inputs: Mapping[str, Any],
    *,
    method: str,
    prompt: str,
    yes: bool,
) -> AsyncIterator[Finished | CallsheetError]:
    """Make composites one after the other, each of a scene and its products; agree on money once.

    Raises typer.Abort where nobody agrees.
    """
    async with opened(settings) as cs:
        await _agree(cs, len(asked), yes=yes)
        async with cs.at_work(say):
            for scene, products in asked:
                try:
                    yield await _made(cs, scene, products, inputs, method=method, prompt=prompt)
                except CallsheetError as error:
                    yield error


async def _agree(cs: Callsheet, count: int, *, yes: bool) -> None:
    hosting = await cs.composites.now(LOCAL_WORKSPACE)
    if hosting.card is None:
        say(f"made here, not hosted: {hosting.why_none}")
        return
    total = hosting.card.price(hosting.card.smallest()) * count
    say(f"{hosting.card.id}: {how_many(count, 'composite')}, at most ${total}")
    if not yes:
        await asyncio.to_thread(typer.confirm, "Spend this?", abort=True, err=True)


async def _made(
    cs: Callsheet,
    scene: Path,
    products: Sequence[Path],
    inputs: Mapping[str, Any],
    *,
    method: str,
    prompt: str,
) -> Finished:
    files = [await asyncio.to_thread(read_file, path) for path in (scene, *products)]
    wish = Asked(files[0], files[1:], method, prompt, inputs)
    started = await cs.composites.start(LOCAL_WORKSPACE, wish)
    first = await cs.generations.take(LOCAL_WORKSPACE, started.take)
    takes = await cs.composites.wait(first, _WAIT_S)
    last = takes[-1]
    if last.status is not TakeStatus.SUCCEEDED or last.asset is None:
        raise CompositeFailedError(last)
    notes = (last.note,) if last.note else ()
    picture = await cs.composites.picture(last.asset)
    return Finished(picture, takes[0].model, notes, tuple(take.id for take in takes))
