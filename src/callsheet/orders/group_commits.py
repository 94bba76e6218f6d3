"""Group commits: many callers' writes share one transaction, or one object, and each waits for it.

While one group is written the next gathers, so a lone caller waits for nobody and a crowd shares
what a commit costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Never, TypeVar

from callsheet.kernel.errors import UnavailableError

_MOST: Final = 128
_GATHER_S: Final = 0.004  # for how long a group gathers when the last one was of several

T = TypeVar("T")
R = TypeVar("R")


class GroupCommits(Generic[T, R]):
    """Hands what its callers bring to `write`, group by group, and each the answer to its own.

    `write` answers in the order of the group; an exception in place of an answer is raised to that
    caller alone. A group that fails as a whole is written one by one, so that what nobody foresaw
    about one harms no other; where the database or the store is away, all are told.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._write = write
        self._queue: asyncio.Queue[tuple[T, asyncio.Future[R]]] = asyncio.Queue()

    async def add(self, item: T) -> R:
        """Write one item and wait for the answer. Raises UnavailableError, and what it met."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((item, answer))
        return await answer

    async def run(self) -> Never:
        """Write until cancelled."""
        crowded = False
        while True:
            group = [await self._queue.get()]
            if crowded:
                await asyncio.sleep(_GATHER_S)
            while len(group) < _MOST and not self._queue.empty():
                group.append(self._queue.get_nowait())
            crowded = len(group) > 1
            try:
                await self._write_out(group)
            except BaseException:
                for _, answer in group:
                    answer.cancel()
                raise

    async def _write_out(self, group: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        answers: Sequence[R | Exception]
        try:
            answers = await self._write([item for item, _ in group])
        except UnavailableError as problem:
            answers = [problem] * len(group)
        except Exception as error:  # noqa: BLE001  # it is raised to whose it is
            if len(group) > 1:
                for each in group:
                    await self._write_out([each])
                return
            answers = [error]
        for (_, waiting), answer in zip(group, answers, strict=True):
            if waiting.done():  # its caller was cancelled
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
