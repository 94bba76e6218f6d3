"""Thumbnails made in bundles: pictures that wait for a process go through it together.

A process of its own for every picture costs more than the picture: the fork, and memory that is
touched for the first time. So pictures of one origin share one. Whoever could break out of a
decoder with one of them could have made the others too; pictures of two origins never meet.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from callsheet.kernel.errors import CallsheetError
from callsheet.media.containers import FAR
from callsheet.media.wire import REASON_CHARS, Message, in_one_line
from callsheet.media.workers import JobLostError, Worker
from callsheet.ports.pictures import Shown, UnreadablePictureError

MOST: Final = 16
MOST_BYTES: Final = 1 << 20  # beyond that the pictures outweigh their process

Ask = Callable[[Worker, Message], Awaitable[Message]]
Borrow = Callable[[], AbstractAsyncContextManager[Worker]]
Kind = tuple[str, int]  # an origin, and the side of its thumbnails in pixels


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    content: bytes
    answer: asyncio.Future[Shown]


@dataclass(slots=True)
class _Queue:
    """Wishes of one kind that wait, and how many tasks there are to work them off."""

    waiting: deque[_Wish] = field(default_factory=deque)
    size: int = 0  # bytes of what waits
    tasks: int = 0

    def add(self, wish: _Wish) -> None:
        """Let a wish wait."""
        self.waiting.append(wish)
        self.size += len(wish.content)

    def needs_task(self) -> bool:
        """Tell whether more waits than the tasks there are can take at once.

        So pictures gather while a bundle is made, and many get as many processes as there are.
        """
        return max(len(self.waiting) / MOST, self.size / MOST_BYTES) > self.tasks

    def take(self) -> list[_Wish]:
        """Take what goes through one process together; nobody waits any more for what is done."""
        taken: list[_Wish] = []
        size = 0
        while self.waiting and len(taken) < MOST:
            if taken and size + len(self.waiting[0].content) > MOST_BYTES:
                break
            wish = self.waiting.popleft()
            self.size -= len(wish.content)
            if _is_open(wish):
                taken.append(wish)
                size += len(wish.content)
        return taken


@dataclass(slots=True)
class Thumbnails:
    """Makes thumbnails in processes that it borrows; `ask` puts one job to such a process.

    `ask` raises UnreadablePictureError where decoding broke the process or took too long.
    """

    borrow: Borrow
    ask: Ask
    _queues: defaultdict[Kind, _Queue] = field(default_factory=lambda: defaultdict(_Queue))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def make(self, content: bytes, side: int, origin: str) -> Shown:
        """Read one picture for show. Raises UnreadablePictureError, StudioUnavailableError."""
        wish = _Wish(content, asyncio.get_running_loop().create_future())
        queue = self._queues[origin, side]
        queue.add(wish)
        if queue.needs_task():
            queue.tasks += 1
            task = asyncio.create_task(self._work_off((origin, side), queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await wish.answer

    async def _work_off(self, kind: Kind, queue: _Queue) -> None:
        bundle: list[_Wish] = []
        try:
            while queue.waiting:
                bundle = []
                try:
                    async with self.borrow() as worker:
                        bundle = queue.take()
                        await self._answer(worker, bundle, kind[1])
                except Exception as error:  # noqa: BLE001  # told to everyone whom it concerns
                    _fail(bundle or queue.take(), error)
        except BaseException as error:
            _fail([*bundle, *queue.waiting], error)
            raise
        finally:
            queue.tasks -= 1
            if not queue.tasks:
                self._queues.pop(kind, None)

    async def _answer(self, worker: Worker, bundle: Sequence[_Wish], side: int) -> None:
        """Do a bundle; where one picture breaks the process, each gets another of its own."""
        if not bundle:
            return
        fields = {"kind": "thumbnails", "side": side}
        job = Message(fields, [wish.content for wish in bundle])
        try:
            answered = await self.ask(worker, job)
        except CallsheetError as error:
            if len(bundle) == 1:
                _fail(bundle, error)
                return
            for wish in bundle:
                await self._answer(worker, [wish], side)
            return
        _share(answered, bundle)


def _share(answered: Message, bundle: Sequence[_Wish]) -> None:
    """Give each its answer, doubting them: a hostile picture may have had a hand in it."""
    told = answered.fields.get("told")
    if not isinstance(told, list) or len(told) != len(bundle):
        raise JobLostError("thumbnails", "its answer is out of form")
    thumbnails = iter(answered.blobs)
    answers = [_answer_in(each, thumbnails) for each in told]
    if next(thumbnails, None) is not None:
        raise JobLostError("thumbnails", "its answer is out of form")
    for wish, answer in zip(bundle, answers, strict=True):
        if isinstance(answer, UnreadablePictureError):
            _fail([wish], answer)
        elif _is_open(wish):
            wish.answer.set_result(answer)


def _answer_in(told: Any, thumbnails: Iterator[bytes]) -> Shown | UnreadablePictureError:
    """Read what was found about one picture. Raises JobLostError."""
    match told:
        case {"reason": str(reason)}:
            return UnreadablePictureError(in_one_line(reason, REASON_CHARS))
        case {"size": None | [int(), int()] as size, "note": None | str() as note}:
            thumbnail = next(thumbnails, None)
            if thumbnail is not None and (size is None or all(0 < side < FAR for side in size)):
                said = None if note is None else in_one_line(note, REASON_CHARS)
                return Shown(thumbnail or None, tuple(size) if size else None, said)
    raise JobLostError("thumbnails", "its answer is out of form")


def _fail(wishes: Iterable[_Wish], error: BaseException) -> None:
    for wish in filter(_is_open, wishes):
        if isinstance(error, asyncio.CancelledError):
            wish.answer.cancel()
        else:
            wish.answer.set_exception(error)


def _is_open(wish: _Wish) -> bool:
    return not wish.answer.done()
