"""The film studio as the line holds it: each job in a process of its own, bounded in time."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import CallsheetError
from callsheet.media.filming.timeline import segment_digest, timeline
from callsheet.ports.film import FilmPlan
from callsheet.ports.pictures import StudioUnavailableError

_MODULE: Final = "callsheet.media.filming.process"
_READ_S, _MIX_S, _FILM_S = 300.0, 600.0, 900.0
_SEGMENT_S: Final = 900.0
_MOST_LINE: Final = 1 << 20  # bytes of one message
_LAST_WORDS: Final = 2_000
# no key of ours goes along; a program that speaks is found by the path
_ENVIRONMENT: Final = {
    "PATH": os.environ.get("PATH", os.defpath),
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
Told = Callable[[int], None]


class FilmFailedError(CallsheetError):
    """A film process did not make what it was to make."""

    code = "film_failed"

    def __init__(self, job: str, reason: str) -> None:
        super().__init__(f"the film process could not do {job!r}: {reason}")


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line as it was read: `samples` at 48 kHz; `label` tells people what they hear."""

    samples: int
    voice: str
    label: str


@dataclass(frozen=True, slots=True)
class FilmStudio:
    """Reads, draws, mixes and joins; at most `at_once` processes work side by side."""

    at_once: int = 2
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Make the slots."""
        object.__setattr__(self, "_slots", asyncio.Semaphore(self.at_once))

    async def read(
        self, lines: Sequence[tuple[str, str]], outs: Sequence[Path]
    ) -> list[SpokenLine]:
        """Say texts, each with its language, into WAV files. Raises as `segment`."""
        job = [
            {"text": text, "language": language, "out": str(out)}
            for (text, language), out in zip(lines, outs, strict=True)
        ]
        made = await self._do({"do": "read", "lines": job}, _READ_S)
        return [SpokenLine(**each) for each in made["lines"]]

    async def mix(
        self,
        plan: FilmPlan,
        speeches: Mapping[tuple[str, int], Path],
        outs: Mapping[str, Path],
        loudness: float,
    ) -> dict[str, Any]:
        """Mix a film's sound into WAV files: `master`, `voice`, `music`, `effects`.

        Answers `loudness` (LUFS), `true_peak` (dBTP), `tempo`, `cuts` and `cuts_on_beats`. Raises
        as `segment`.
        """
        job = {
            "do": "mix",
            "plan": plan.model_dump(mode="json"),
            "speeches": [
                {"shot": shot, "place": place, "file": str(path)}
                for (shot, place), path in speeches.items()
            ],
            "out": {name: str(path) for name, path in outs.items()},
            "loudness": loudness,
        }
        return await self._do(job, _MIX_S)

    async def segments(
        self,
        plan: FilmPlan,
        stills: Mapping[str, tuple[Path, Sha256]],
        size: tuple[int, int],
        quality: str,
        folder: Path,
        told: Told = lambda _frames: None,
    ) -> list[Path]:
        """Make every segment that is not there; their files, in order.

        `stills` are pictures of shots, by id: PNG files of our own making, with the digests of what
        they show. Raises FilmFailedError, StudioUnavailableError.
        """
        digests = {shot: digest for shot, (_, digest) in stills.items()}
        done: dict[int, int] = {}

        async def make(number: int) -> Path:
            segment = timeline(plan)[number]
            name = segment_digest(plan, segment, digests, size, quality)
            out = folder / f"{name}.mp4"

            def tell(frames: int) -> None:
                done[number] = frames
                told(sum(done.values()))

            if not out.exists():
                job = {
                    "do": "segment",
                    "plan": plan.model_dump(mode="json"),
                    "number": number,
                    "size": list(size),
                    "quality": quality,
                    "stills": {shot: str(path) for shot, (path, _) in stills.items()},
                    "out": str(out),
                }
                await self._do(job, _SEGMENT_S, tell)
            tell(segment.frames)
            return out

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(make(number)) for number in range(len(timeline(plan)))]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]

    async def film(
        self, plan: FilmPlan, segments: Sequence[Path], sound: Path | None, out: Path, poster: Path
    ) -> int:
        """Join segments and sound into a film; how many frames it has. Raises as `segments`."""
        job = {
            "do": "film",
            "plan": plan.model_dump(mode="json"),
            "segments": [str(path) for path in segments],
            "sound": str(sound) if sound else "",
            "out": str(out),
            "poster": str(poster),
        }
        frames: int = (await self._do(job, _FILM_S))["frames"]
        return frames

    async def words(self, plan: FilmPlan, folder: Path) -> None:
        """Write captions and the timeline for editors into a folder. Raises as `segments`."""
        job = {"do": "words", "plan": plan.model_dump(mode="json"), "folder": str(folder)}
        await self._do(job, _READ_S)

    async def _do(
        self, job: Mapping[str, Any], seconds: float, told: Told = lambda _frames: None
    ) -> dict[str, Any]:
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-m", _MODULE, str(os.getpid())),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=_MOST_LINE,
                env=_ENVIRONMENT,
            )
            try:
                async with asyncio.timeout(seconds):
                    return await _talk(process, job, told)
            except TimeoutError as error:
                raise FilmFailedError(job["do"], f"it took longer than {seconds:g} s") from error
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()


async def _talk(
    process: asyncio.subprocess.Process, job: Mapping[str, Any], told: Told
) -> dict[str, Any]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise StudioUnavailableError("a film process has no pipes")
    said = asyncio.create_task(process.stderr.read())
    process.stdin.write(json.dumps(job).encode())
    await process.stdin.drain()
    process.stdin.close()
    made: dict[str, Any] | None = None
    while line := await process.stdout.readline():
        message = json.loads(line)
        if "made" in message:
            made = message["made"]
        else:
            told(message["done"])
    status = await process.wait()
    words = (await said).decode(errors="replace")[-_LAST_WORDS:]
    if made is None or status != 0:
        reason = words.strip().splitlines()[-1] if words.strip() else f"it ended with {status}"
        raise FilmFailedError(job["do"], reason)
    return made
