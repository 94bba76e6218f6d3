"""The studio: long-lived locked-down processes that draw and examine, as rooms see them.

A job goes to a process that is free, or waits for one; each process does one job at a time. A
process that dies, exceeds its time or is left in the middle of a job (its caller was cancelled) is
killed, and a fresh one is started when the next job needs it. Processes hold no state, so nothing
is lost with one but the job it was doing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, ClassVar

from callsheet.drawing.bands import Band, bands_of, joined
from callsheet.drawing.grid import Heading, grid_of, heading
from callsheet.kernel.digests import Sha256, is_sha256
from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError
from callsheet.kernel.logs import event
from callsheet.media.bundles import Thumbnails
from callsheet.media.containers import glanced
from callsheet.media.lockdown import Lockdown
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.sources import as_file
from callsheet.media.sniffing import sniff, sniff_clip, sniff_made, sniff_sound
from callsheet.media.wire import REASON_CHARS, Message, in_one_line
from callsheet.media.workers import JobLostError, JobTimeoutError, Worker, WorkerSettings, probe
from callsheet.ports.measuring import OpenFile, UnreadableMediaError
from callsheet.ports.pictures import (
    ClipFacts,
    FrameReference,
    FrameSpec,
    Glimpse,
    PictureFacts,
    SheetCell,
    Shown,
    SoundFacts,
    StudioUnavailableError,
    UnreadableClipError,
    UnreadablePictureError,
    UnreadableSoundError,
)

_LOG = logging.getLogger("callsheet.media")
_MAX_PICTURE_BYTES = 64 << 20
_LIKENESS_DIGITS = 64
# more than fits into a cell; of a thousand cells, which are small, still less
_CAPTION_CHARS = 160
_TEXT_CHARS = 600
_CHARS_IN_ALL = 120_000
_FAR = 1 << 31  # no number that is told of a sound is as large
_BAND_CELLS = 200  # of a contact sheet: fewer are drawn before a second process has begun


class StudioClosedError(StudioUnavailableError):
    """The studio has been closed; no more work is taken."""

    def __init__(self) -> None:
        super().__init__("the studio is closed")


class DrawingFailedError(StudioUnavailableError):
    """The drawing code met a fault of its own; the log has the details."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"the drawing process failed at {kind!r}: {reason}")


class LockdownMissingError(CallsheetError):
    """`require_lockdown` is on, and this kernel or container does not give every lock."""

    code: ClassVar[str] = "lockdown_missing"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"decoders cannot be locked down here: {'; '.join(missing)}")
        self.missing = tuple(missing)


class ProcessStudio:
    """Implements `callsheet.ports.pictures.Studio` with at most `workers` processes.

    Processes start with the first job that needs them. `picture_seconds` bounds the decoding of
    one untrusted picture: its own process keeps the time, and after `grace_seconds` more the studio
    ends the process above it too. `drawing_seconds` bounds one frame or contact sheet, and
    `memory_bytes` the address space of one process. `meters` are for the processes that look at
    clips (see `ProcessInspector`).
    """

    def __init__(
        self,
        workers: int,
        *,
        picture_seconds: int = 20,
        grace_seconds: float = 5.0,
        drawing_seconds: float = 60.0,
        memory_bytes: int = 2 << 30,
        max_pixels: int = 50_000_000,
        max_side: int = 16_384,
        meters: Sequence[str] = (),
    ) -> None:
        settings = WorkerSettings(picture_seconds, memory_bytes, max_pixels, max_side)
        self._picture_seconds = picture_seconds + grace_seconds
        self._drawing_seconds = drawing_seconds
        self._workers = [Worker(settings) for _ in range(workers)]
        # Clips have processes of their own: what reads them is large, and no drawing needs it.
        self.inspector = ProcessInspector(workers, meters=meters, memory_bytes=memory_bytes)
        self._clip_seconds = picture_seconds
        # Last in, first out: a quiet studio keeps to one warm process.
        self._free: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        for worker in reversed(self._workers):
            self._free.put_nowait(worker)
        self._closed = False
        self._memory_bytes = memory_bytes
        self._probed: Lockdown | None = None
        self._thumbnails = Thumbnails(self._borrowed, self._about_picture_in)

    @property
    def lockdown(self) -> Lockdown | None:
        """Say which locks are in force; None until the first process has started."""
        started = (worker.lockdown for worker in self._workers if worker.lockdown)
        return next(started, self._probed)

    async def locks(self) -> Lockdown:
        """Say which locks are in force, or would be. Raises StudioUnavailableError."""
        known = self.lockdown
        if known is None:
            known = self._probed = await probe(self._memory_bytes)
        return known

    async def insist_on_locks(self) -> None:
        """Raise LockdownMissingError unless every lock holds here."""
        missing = (await self.locks()).missing
        if missing:
            raise LockdownMissingError(missing)

    async def examine(self, content: bytes) -> PictureFacts:
        """Decode an untrusted picture in a process of its own. Raises UnreadablePictureError."""
        answer = await self._about_picture(Message({"kind": "examine"}, [content]))
        return _facts(answer)

    async def shown(self, content: bytes, side: int, origin: str) -> Shown:
        """Read what can be shown of a picture that was made; see ports.pictures.Studio.

        Raises UnreadablePictureError.
        """
        _refuse_large(content)
        return await self._thumbnails.make(content, side, origin)

    async def clip(self, content: bytes | Glimpse | OpenFile, poster_side: int) -> ClipFacts:
        """Look at an untrusted clip in a process of its own. Raises UnreadableClipError."""
        with as_file(content) as (file, partly):
            try:
                answer = await self.inspector.ask(
                    "clip", file, self._clip_seconds, poster_side=poster_side, partly=partly
                )
            except UnreadableMediaError as error:
                raise UnreadableClipError(error.reason) from error
        try:
            if answer.fields.get("note") is not None:
                answer.fields["note"] = in_one_line(answer.fields["note"], REASON_CHARS)
            return ClipFacts(**answer.fields, poster=_only_blob(answer) or None)
        except TypeError as error:
            raise JobLostError("clip", "its answer is out of form") from error

    async def sound(self, content: bytes) -> SoundFacts:
        """Look at an untrusted sound in a process of its own. Raises UnreadableSoundError."""
        with as_file(content) as (file, _):
            try:
                answer = await self.inspector.ask("heard", file, self._clip_seconds)
            except UnreadableMediaError as error:
                raise UnreadableSoundError(error.reason) from error
        try:
            return _heard(answer.fields)
        except (TypeError, ValueError) as error:
            raise JobLostError("heard", "its answer is out of form") from error

    def sound_type(self, beginning: bytes) -> str:
        """Name a sound's media type by how it begins. Raises UnreadableSoundError."""
        return sniff_sound(beginning)

    def picture_type(self, content: bytes) -> str:
        """Name a picture's media type by its bytes. Raises UnreadablePictureError."""
        return sniff(content)

    def clip_type(self, beginning: bytes) -> str:
        """Name a clip's media type by how it begins. Raises UnreadableClipError."""
        return sniff_clip(beginning)

    def glanced(self, glimpse: Glimpse, media_type: str) -> Shown:
        """Tell what is known of a picture without decoding it. Raises UnreadablePictureError."""
        return glanced(glimpse, media_type, f"it has {glimpse.size:,} bytes")

    def made_type(self, beginning: bytes) -> str:
        """Name a made picture's media type by how it begins. Raises UnreadablePictureError."""
        return sniff_made(beginning)

    async def frame(self, spec: FrameSpec, references: Sequence[FrameReference]) -> bytes:
        """Draw a storyboard frame; PNG of exactly the asked size."""
        modes = [reference.mode for reference in references]
        fields = {"kind": "frame", "spec": asdict(spec), "modes": modes}
        pictures = [reference.picture for reference in references]
        return _only_blob(await self._ask(Message(fields, pictures), self._drawing_seconds))

    async def contact_sheet(self, title: str, subtitle: str, cells: Sequence[SheetCell]) -> bytes:
        """Draw a contact sheet; PNG, as tall as it needs within limits."""
        head, grid = heading(title, subtitle, cells), grid_of(len(cells))
        most = _CHARS_IN_ALL // max(1, len(cells))
        drawn = [
            self._band(head, rows, cells[grid.cells(rows)], most)
            for rows in bands_of(grid.rows, len(self._workers), _BAND_CELLS // grid.columns)
        ]
        return joined(await asyncio.gather(*drawn))

    async def close(self) -> None:
        """Stop every process. Jobs under way fail, and so do those that wait and those to come."""
        self._closed = True
        await asyncio.gather(self.inspector.close(), *(worker.stop() for worker in self._workers))

    async def _band(
        self, head: Heading, rows: range, cells: Sequence[SheetCell], most_chars: int
    ) -> Band:
        """Draw some rows of a contact sheet; texts end after `most_chars`."""
        words = [
            (
                cell.title,
                cell.caption[:_CAPTION_CHARS],
                cell.status,
                cell.text[: min(_TEXT_CHARS, most_chars)],
                cell.picture is not None,
            )
            for cell in cells
        ]
        fields = {"heading": asdict(head), "rows": (rows.start, rows.stop), "cells": words}
        pictures = [cell.picture for cell in cells if cell.picture is not None]
        job = Message({"kind": "sheet_band", **fields}, pictures)
        answer = await self._ask(job, self._drawing_seconds)
        width, height = answer.fields["size"]
        return Band(width, height, answer.fields["check"], _only_blob(answer))

    async def _about_picture(self, job: Message) -> Message:
        _refuse_large(job.blobs[0])
        async with self._borrowed() as worker:
            return await self._about_picture_in(worker, job)

    async def _about_picture_in(self, worker: Worker, job: Message) -> Message:
        try:
            return _sound(job, await worker.ask(job, self._picture_seconds))
        except JobTimeoutError as error:
            reason = f"decoding it took longer than {error.seconds:g} s"
            raise UnreadablePictureError(reason) from error

    async def _ask(self, job: Message, seconds: float) -> Message:
        async with self._borrowed() as worker:
            return _sound(job, await worker.ask(job, seconds))

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[Worker]:
        worker = await self._free.get()
        try:
            if self._closed:
                raise StudioClosedError
            yield worker
        finally:
            self._free.put_nowait(worker)


def _refuse_large(content: bytes) -> None:
    size = len(content)
    if size > _MAX_PICTURE_BYTES:
        reason = f"it has {size:,} bytes, at most {_MAX_PICTURE_BYTES:,} are read"
        raise UnreadablePictureError(reason)


def _sound(job: Message, answer: Message) -> Message:
    """Pass an answer on, or raise what went wrong."""
    fields = answer.fields
    if "unreadable" in fields:
        raise UnreadablePictureError(in_one_line(fields["unreadable"], REASON_CHARS))
    if "invalid" in fields:
        errors = [FieldError(*wrong) for wrong in fields["errors"]]
        raise InvalidInputError(fields["invalid"], errors)
    if "failed" in fields:
        raise _failed(str(job.fields["kind"]), answer)
    return answer


def _facts(answer: Message) -> PictureFacts:
    """Read what examining found, doubting it: a hostile picture may have had a hand in it."""
    fields: dict[str, Any] = answer.fields
    try:
        facts = PictureFacts(**fields, working_copy=_only_blob(answer))
        sound = (
            type(facts.width) is int
            and type(facts.height) is int
            and min(facts.width, facts.height) > 0
            and facts.media_type.startswith("image/")
            and is_sha256(Sha256(facts.pixels))
            and len(facts.likeness) == _LIKENESS_DIGITS
            and int(facts.likeness, 16) >= 0
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise JobLostError("examine", "its answer is out of form") from error
    if not sound:
        raise JobLostError("examine", "its answer is out of form")
    return facts


def _heard(fields: Mapping[str, Any]) -> SoundFacts:
    """Read what a sound's facts are, doubting them. Raises TypeError, ValueError."""
    facts = SoundFacts(**fields)
    numbers = (facts.duration_s, facts.sample_rate, facts.channels)
    if not facts.media_type.startswith("audio/") or not all(0 < each < _FAR for each in numbers):
        raise ValueError(str(facts))
    return facts


def _only_blob(answer: Message) -> bytes:
    if len(answer.blobs) != 1:
        raise JobLostError("a picture", "its answer is out of form")
    return answer.blobs[0]


def _failed(kind: str, answer: Message) -> DrawingFailedError:
    """Log a fault of the drawing code with all that is known of it, and word it."""
    _LOG.error("studio.failed", extra=event(kind=kind, trace=str(answer.fields.get("trace"))))
    return DrawingFailedError(kind, str(answer.fields["failed"]))
