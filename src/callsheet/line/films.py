"""What stages of a film work with: the studio, a folder for what is half done, and keys."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from callsheet.jobs.productions import Production, ProductionStore
from callsheet.kernel.ids import JobId
from callsheet.media.filming.studio import FilmStudio
from callsheet.ports.film import Line

_KEPT_S: Final = 7 * 24 * 3600.0


def voice_key(job: JobId, shot: str, place: int) -> str:
    """Name the object that holds a line as it was read."""
    return f"jobs/{job}/film/voice/{shot}-{place}.wav"


@dataclass(frozen=True, slots=True)
class Films:
    """The capabilities of stages that make films.

    What is half done lies in a folder of this machine, by what it is made from: a process that is
    killed makes again what was not whole. Another machine begins anew.
    """

    studio: FilmStudio
    folder: Path
    store: ProductionStore = field(default_factory=ProductionStore)

    async def workplace(self, job: JobId) -> Path:
        """Make a job's folder, or find it."""
        path = self.folder / job
        await asyncio.to_thread(path.mkdir, mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(self._sweep)
        return path

    def _sweep(self) -> None:
        """Remove what jobs left that failed or were cancelled, once nobody has touched it long."""
        before = time.time() - _KEPT_S
        for each in self.folder.iterdir():
            if each.stat().st_mtime < before:
                shutil.rmtree(each, ignore_errors=True)

    async def clear(self, job: JobId) -> None:
        """Remove what was half done; the film is in the store."""
        await asyncio.to_thread(shutil.rmtree, self.folder / job, ignore_errors=True)


def lines_of(production: Production) -> Iterator[tuple[str, int, Line]]:
    """Go through the lines of a film: shot, place in it, line."""
    for shot in production.plan.shots:
        for place, line in enumerate(shot.lines):
            yield shot.id, place, line


def spoken_document(shot: str, place: int, spoken: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of a line that was read."""
    return {"shot": shot, "place": place, **spoken}
