"""The inspector: long-lived locked-down processes that measure files, as rooms see them.

A long clip is measured in pieces, by as many processes as there are; what was measured of them is
put together before anything is judged, so that the pieces cannot be told from the whole.
"""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from callsheet.media.lockdown import Lockdown
from callsheet.media.measuring import wires
from callsheet.media.measuring.pieces import pieces_of
from callsheet.media.wire import REASON_CHARS, Message, WireError, in_one_line
from callsheet.media.workers import (
    MEASURING,
    JobLostError,
    JobTimeoutError,
    Worker,
    WorkerSettings,
)
from callsheet.ports.measuring import (
    Measured,
    Medium,
    OpenFile,
    Probe,
    Sound,
    Still,
    Trace,
    UnreadableMediaError,
)
from callsheet.ports.pictures import StudioUnavailableError

PROBE_S: Final = 20
_FRAMES_S: Final = 60  # to begin with
_FRAMES_S_PER_S: Final = 6  # of the clip: 4K at 60 frames a second on a slow machine takes 3
_SOUND_S: Final = 300
_GRACE_S: Final = 5.0
_MAX_PIECES: Final = 240
_MAX_FILE: Final = 1 << 40

Cut = Callable[[float, float, Sequence[float]], Sequence[tuple[float, float]]]


class ProcessInspector:
    """Implements `callsheet.ports.measuring.Inspector` with at most `workers` processes.

    They start with the first job that needs them. `meters` names the modules of checks that measure
    something of their own. `memory_bytes` bounds the address space of one process. `cut` chooses
    the pieces of a clip: by where it starts, how long it is, and its keyframes.
    """

    def __init__(
        self,
        workers: int = 0,
        *,
        meters: Sequence[str] = (),
        memory_bytes: int = 2 << 30,
        max_pixels: int = 50_000_000,
        max_side: int = 16_384,
        cut: Cut = pieces_of,
    ) -> None:
        settings = WorkerSettings(PROBE_S, memory_bytes, max_pixels, max_side, tuple(meters))
        count = workers or min(4, os.cpu_count() or 1)
        self.workers = [Worker(settings, MEASURING) for _ in range(count)]
        self._free: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        for worker in reversed(self.workers):
            self._free.put_nowait(worker)
        self._closed, self._cut = False, cut

    @property
    def lockdown(self) -> Lockdown | None:
        """Say which locks are in force; None until the first process has started."""
        return next((each.lockdown for each in self.workers if each.lockdown), None)

    async def start(self) -> None:
        """Start one process, so that the first file need not wait for it."""
        async with self._borrowed() as worker:
            await worker.start()

    async def probe(self, file: OpenFile) -> Probe:
        """Say what a file is, by all of its packets.

        Raises UnreadableMediaError, FileChangedError, StudioUnavailableError.
        """
        answer = await self.ask("probe", file, PROBE_S + _patience(file))
        file.insist_unchanged()
        try:
            return wires.heard(Probe, answer.fields.get("probe"))
        except WireError as error:
            raise JobLostError("probe", "its answer is out of form") from error

    async def measure(self, file: OpenFile, probe: Probe) -> Measured:
        """Decode a file whole and measure it; what cannot be is told by `failures`.

        Raises FileChangedError, StudioUnavailableError.
        """
        trace, sound, still = await asyncio.gather(
            self._trace(file, probe), self._sound(file, probe), self._still(file, probe)
        )
        file.insist_unchanged()
        return Measured(
            trace if isinstance(trace, Trace) else None,
            sound if isinstance(sound, Sound) else None,
            still if isinstance(still, Still) else None,
            tuple(each for each in (trace, sound, still) if isinstance(each, str)),
        )

    async def stills(self, file: OpenFile, probe: Probe, times: Sequence[float]) -> Sequence[bytes]:
        """Show a file at some times: JPEG each, empty where there is nothing to show."""
        if probe.medium is Medium.AUDIO or not times:
            return [b""] * len(times)
        try:
            answer = await self.ask("shown", file, _FRAMES_S, times=list(times))
        except (UnreadableMediaError, StudioUnavailableError):
            return [b""] * len(times)
        shown = list(answer.blobs)
        if probe.medium is Medium.IMAGE:
            shown *= len(times)
        if len(shown) != len(times):
            raise JobLostError("shown", "its answer is out of form")
        return shown

    async def close(self) -> None:
        """Stop every process. Jobs under way fail, and so do those that wait and those to come."""
        self._closed = True
        await asyncio.gather(*(worker.stop() for worker in self.workers))

    async def ask(self, kind: str, file: OpenFile, seconds: float, **fields: Any) -> Message:
        """Have something done with a file. Raises UnreadableMediaError, StudioUnavailableError."""
        if file.size > _MAX_FILE:
            raise UnreadableMediaError(f"it has {file.size:,} bytes")
        job = Message({"kind": kind, "size": file.size, "seconds": math.ceil(seconds), **fields})
        async with self._borrowed() as worker:
            try:
                answer = await worker.ask(job, seconds + _GRACE_S, file.descriptor)
            except JobTimeoutError as error:
                reason = f"reading it took longer than {error.seconds:g} s"
                raise UnreadableMediaError(reason) from error
        if "unreadable" in answer.fields:
            raise UnreadableMediaError(in_one_line(answer.fields["unreadable"], REASON_CHARS))
        if "failed" in answer.fields:
            raise JobLostError(kind, in_one_line(answer.fields["failed"], REASON_CHARS))
        return answer

    async def _trace(self, file: OpenFile, probe: Probe) -> Trace | str | None:
        video = probe.video
        if video is None:
            return None
        pieces = self._cut(video.start_s, video.duration_s, probe.keyframe_times)
        if len(pieces) > _MAX_PIECES:
            return f"its pictures: {video.duration_s:,.0f} s are too long to be looked at whole"
        try:
            traces = await _all(
                [self._piece(file, start, end, video.duration_s) for start, end in pieces]
            )
        except UnreadableMediaError as error:
            return f"its pictures: {error.reason}"
        return Trace.joined(traces)

    async def _piece(self, file: OpenFile, start: float, end: float, duration_s: float) -> Trace:
        edges = [None if math.isinf(edge) else edge for edge in (start, end)]
        seconds = _FRAMES_S + _FRAMES_S_PER_S * min(end - start, duration_s)
        answer = await self.ask("frames", file, seconds, piece=edges)
        try:
            return wires.trace_in(answer)
        except WireError as error:
            raise JobLostError("frames", "its answer is out of form") from error

    async def _sound(self, file: OpenFile, probe: Probe) -> Sound | str | None:
        if probe.audio is None:
            return None
        try:
            return wires.sound_in(await self.ask("sound", file, _SOUND_S))
        except UnreadableMediaError as error:
            return f"its sound: {error.reason}"
        except WireError as error:
            raise JobLostError("sound", "its answer is out of form") from error

    async def _still(self, file: OpenFile, probe: Probe) -> Still | str | None:
        if probe.medium is not Medium.IMAGE:
            return None
        try:
            answer = await self.ask("picture", file, PROBE_S + _patience(file))
            return wires.heard(Still, answer.fields.get("still"))
        except UnreadableMediaError as error:
            return f"its pixels: {error.reason}"
        except WireError as error:
            raise JobLostError("picture", "its answer is out of form") from error

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[Worker]:
        worker = await self._free.get()
        try:
            if self._closed:
                raise StudioUnavailableError("the inspector is closed")
            yield worker
        finally:
            self._free.put_nowait(worker)


async def _all(work: Sequence[Any]) -> list[Trace]:
    """Do all at once; when one fails the others are not waited for."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
    return [task.result() for task in tasks]


def _patience(file: OpenFile) -> float:
    """Give a large file more time: a second for each 20 MB."""
    return file.size / 20e6
