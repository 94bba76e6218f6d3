"""Thumbnails made in bundles: pictures that wait for a process go through it together.

A process of its own for every picture costs more than the picture: the fork, and memory that is
touched for the first time. So pictures of one origin share one. Whoever could break out of a
decoder with one of them could have made the others too; pictures of two origins never meet.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final

from callsheet.kernel.errors import CallsheetError
from callsheet.media.wire import Message
from callsheet.media.workers import JobLostError, Worker
from callsheet.ports.pictures import UnreadablePictureError

MOST: Final = 8
_LARGE_BYTES: Final = 1 << 20  # beyond that the picture outweighs its process, and goes alone

Ask = Callable[[Worker, Message], Awaitable[Message]]
Borrow = Callable[[], AbstractAsyncContextManager[Worker]]


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    content: bytes
    answer: asyncio.Future[bytes]


@dataclass(slots=True)
class Thumbnails:
    """Makes thumbnails in processes that it borrows; `ask` puts one job to such a process.

    `ask` raises UnreadablePictureError where decoding broke the process or took too long.
    """

    borrow: Borrow
    ask: Ask
    _waiting: defaultdict[tuple[str, int], list[_Wish]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def make(self, content: bytes, max_side: int, origin: str) -> bytes:
        """Shrink one picture. Raises UnreadablePictureError, StudioUnavailableError."""
        wish = _Wish(content, asyncio.get_running_loop().create_future())
        self._waiting[origin, max_side].append(wish)
        # One task for each wish: the first that gets a process takes along what waits by then.
        task = asyncio.create_task(self._work_off(origin, max_side))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await wish.answer

    async def _work_off(self, origin: str, max_side: int) -> None:
        bundle: list[_Wish] = []
        try:
            async with self.borrow() as worker:
                bundle = self._taken(origin, max_side)
                await self._answer(worker, bundle, max_side)
        except BaseException as error:
            for wish in bundle or self._taken(origin, max_side):
                _fail(wish, error)
            if not isinstance(error, CallsheetError):
                raise

    def _taken(self, origin: str, max_side: int) -> list[_Wish]:
        """Take what goes through one process together; nobody waits any more for what is done."""
        waiting = [wish for wish in self._waiting.pop((origin, max_side), ()) if _is_open(wish)]
        large = [wish for wish in waiting if len(wish.content) > _LARGE_BYTES]
        small = [wish for wish in waiting if len(wish.content) <= _LARGE_BYTES]
        taken = small[:MOST] or large[:1]
        rest = [wish for wish in waiting if wish not in taken]
        if rest:
            self._waiting[origin, max_side] = rest
        return taken

    async def _answer(self, worker: Worker, bundle: Sequence[_Wish], max_side: int) -> None:
        """Do a bundle; where one picture breaks the process, each gets another of its own."""
        if not bundle:
            return
        fields = {"kind": "thumbnails", "max_side": max_side}
        job = Message(fields, [wish.content for wish in bundle])
        try:
            answered = await self.ask(worker, job)
        except CallsheetError as error:
            if len(bundle) == 1:
                _fail(bundle[0], error)
                return
            for wish in bundle:
                await self._answer(worker, [wish], max_side)
            return
        _share(answered, bundle)


def _share(answered: Message, bundle: Sequence[_Wish]) -> None:
    """Give each its answer, doubting them: a hostile picture may have had a hand in it."""
    reasons = answered.fields.get("reasons")
    sound = (
        isinstance(reasons, list)
        and len(reasons) == len(bundle)
        and all(reason is None or isinstance(reason, str) for reason in reasons)
        and reasons.count(None) == len(answered.blobs)
    )
    if not sound:
        raise JobLostError("thumbnails", "its answer is out of form")
    made = iter(answered.blobs)
    for wish, reason in zip(bundle, reasons or (), strict=True):
        if reason is not None:
            _fail(wish, UnreadablePictureError(reason))
        elif _is_open(wish):
            wish.answer.set_result(next(made))
        else:
            next(made)


def _fail(wish: _Wish, error: BaseException) -> None:
    if not _is_open(wish):
        return
    if isinstance(error, asyncio.CancelledError):
        wish.answer.cancel()
    else:
        wish.answer.set_exception(error)


def _is_open(wish: _Wish) -> bool:
    return not wish.answer.done()
