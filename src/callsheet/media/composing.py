"""Placing products in scenes, as rooms see it: locked-down processes of their own kind.

What they load is not loaded where frames are drawn. A job's files are decoded and composed in a
process forked for it alone; what comes back is doubted like all that hostile files may have
touched.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, Final

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.media.studio import DrawingFailedError, StudioClosedError
from callsheet.media.wire import REASON_CHARS, Message, in_one_line
from callsheet.media.workers import (
    COMPOSITING,
    JobLostError,
    JobTimeoutError,
    Worker,
    WorkerSettings,
)
from callsheet.ports.compositing import Composite, CompositeSpec, Finding, Status
from callsheet.ports.pictures import UnreadablePictureError

MAX_SIDE: Final = 8_192
MAX_FILE_BYTES: Final = 160 << 20
_MOST_NOTES: Final = 40
_NOTE_CHARS: Final = 300
_GRACE_S: Final = 5.0


class ProcessCompositor:
    """Implements ports.compositing.Compositor with at most `workers` processes.

    They start with the first job that needs them. `seconds` bounds one composite, `memory_bytes`
    the address space of its process.
    """

    def __init__(self, workers: int, *, seconds: int = 60, memory_bytes: int = 3 << 30) -> None:
        settings = WorkerSettings(seconds, memory_bytes, MAX_SIDE * MAX_SIDE, MAX_SIDE)
        self._seconds = seconds + _GRACE_S
        self._workers = [Worker(settings, COMPOSITING) for _ in range(workers)]
        # Last in, first out: a quiet compositor keeps to one warm process.
        self._free: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        for worker in reversed(self._workers):
            self._free.put_nowait(worker)
        self._closed = False

    async def composite(
        self, scene: bytes, products: Sequence[bytes], spec: CompositeSpec
    ) -> Composite:
        """Compose untrusted pictures; see ports.compositing.Compositor."""
        for name, content in _named(scene, products):
            if len(content) > MAX_FILE_BYTES:
                size = f"it has {len(content):,} bytes, at most {MAX_FILE_BYTES:,} are read"
                raise UnreadablePictureError(f"{name}: {size}")
        count = len(products) - spec.answered
        if count != len(spec.wishes) or count < 1:
            reason = f"{len(spec.wishes)} wishes for {count} products"
            raise InvalidInputError(reason, [FieldError("products", reason)])
        job = Message({"kind": "composite", "spec": asdict(spec)}, [scene, *products])
        return _composite(await self._ask(job))

    async def close(self) -> None:
        """Stop every process. Jobs under way fail, and so do those that wait and those to come."""
        self._closed = True
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    async def _ask(self, job: Message) -> Message:
        async with self._borrowed() as worker:
            try:
                answer = await worker.ask(job, self._seconds)
            except JobTimeoutError as error:
                reason = f"composing took longer than {error.seconds:g} s"
                raise UnreadablePictureError(reason) from error
        fields = answer.fields
        if "unreadable" in fields:
            raise UnreadablePictureError(in_one_line(fields["unreadable"], REASON_CHARS))
        if "invalid" in fields:
            errors = [FieldError(*wrong) for wrong in fields["errors"]]
            raise InvalidInputError(in_one_line(fields["invalid"], REASON_CHARS), errors)
        if "failed" in fields:
            raise DrawingFailedError("composite", str(fields["failed"]))
        return answer

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[Worker]:
        worker = await self._free.get()
        try:
            if self._closed:
                raise StudioClosedError
            yield worker
        finally:
            self._free.put_nowait(worker)


def _named(scene: bytes, products: Sequence[bytes]) -> list[tuple[str, bytes]]:
    numbered = [(f"product {number}", each) for number, each in enumerate(products, 1)]
    return [("the scene", scene), *numbered]


def _composite(answer: Message) -> Composite:
    """Read what composing answered, doubting it: hostile pictures may have had a hand in it."""
    fields: Mapping[str, Any] = answer.fields
    try:
        width, height = fields["size"]
        names = list(map(str, fields["layers"]))
        picture, *layers = answer.blobs
        found = Composite(
            picture=picture,
            media_type=str(fields["media_type"]),
            size=(int(width), int(height)),
            confidence=min(1.0, max(0.0, float(fields["confidence"]))),
            findings=tuple(map(_finding, fields["findings"])),
            notes=tuple(in_one_line(note, _NOTE_CHARS) for note in fields["notes"][:_MOST_NOTES]),
            recipe=dict(fields["recipe"]),
            layers=dict(zip(names, layers, strict=True)),
            way=in_one_line(fields["way"], _NOTE_CHARS),
        )
    except (TypeError, ValueError, KeyError) as error:
        raise JobLostError("composite", "its answer is out of form") from error
    if not found.picture or min(found.size) < 1 or not found.media_type.startswith("image/"):
        raise JobLostError("composite", "its answer is out of form")
    return found


def _finding(told: Mapping[str, Any]) -> Finding:
    value, limit = told["value"], told["limit"]
    return Finding(
        in_one_line(told["check"], _NOTE_CHARS),
        Status(told["status"]),
        None if value is None else float(value),
        None if limit is None else float(limit),
        in_one_line(told["note"], _NOTE_CHARS),
    )
