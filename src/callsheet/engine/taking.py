"""Taking work when there is some, instead of asking for it all the time."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, ClassVar, Final

from dbos import DBOS
from dbos._queue import queue_worker_thread

from callsheet.engine.client import QUEUE, EngineClient
from callsheet.kernel.errors import CallsheetError

# How soon to ask though nobody rang: on SQLite the bells of other processes are not heard.
_QUIET_S: Final = {"sqlite": 0.5, "postgresql": 2.0}
_WATCH_S: Final = 1.0
_ENDING_S: Final = 2.0  # after which it may go on behind our back: it takes nothing any more


class TakerDiedError(CallsheetError):
    """The engine's thread that takes work has ended by itself; it is begun again."""

    code: ClassVar[str] = "taker_died"


class Taker:
    """Has the engine take work from the queue when the notifier rings.

    Left to itself it asks several times a second, which is most of what an idle process does. Its
    thread for a queue is not public in DBOS 3.4, so this has contract tests.
    """

    def __init__(self, client: EngineClient, dbos: Any, concurrency: int) -> None:
        self._client, self._dbos, self._concurrency = client, dbos, concurrency
        active = dbos._active_workflows_set  # noqa: SLF001  # see above
        self._wake = _Wake(
            lambda: active.count_for_queue(QUEUE), _QUIET_S[client.engine.dialect.name]
        )
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Begin to take work; the engine is launched, and listens to no queue by itself."""
        self._client.notifier.on_work(self._wake.notify)
        await self._begin()

    async def _begin(self) -> None:
        await self._client.register_queue(self._concurrency)
        # in a thread: its own coroutine puts the engine's threads in the place of the loop's
        queue = await asyncio.to_thread(DBOS.retrieve_queue, QUEUE)
        self._thread = threading.Thread(
            target=queue_worker_thread,
            args=(self._wake, self._dbos, queue),
            name="engine-taker",
            daemon=True,
        )
        self._thread.start()

    async def watch(self) -> None:
        """See to it that work is taken, until cancelled. Raises TakerDiedError."""
        if self._thread is not None and not self._thread.is_alive():
            await self._begin()
        while self._thread is not None and self._thread.is_alive():  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(_WATCH_S)
        raise TakerDiedError

    async def stop(self) -> None:
        """Take no more."""
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _ENDING_S)


class _Wake(threading.Event):
    """The engine's stop event, on which it sleeps between two looks: a notifier ends its sleep too.

    While work is in hand it looks as often as it wants to, because what found no room is to follow
    soon; and once more after that. Else it sleeps until somebody rings, or `quiet_s` are over.
    """

    def __init__(self, in_hand: Callable[[], int], quiet_s: float) -> None:
        super().__init__()
        self._in_hand, self._quiet_s = in_hand, quiet_s
        self._was_busy = True  # the first look is at what an earlier process has left
        self._rung = threading.Event()

    def notify(self) -> None:
        """End the sleep."""
        self._rung.set()

    def set(self) -> None:
        """Tell the engine to stop."""
        super().set()
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep between two looks; True when it is to stop."""
        busy = self._in_hand() > 0
        self._rung.wait(timeout if busy or self._was_busy else self._quiet_s)
        self._rung.clear()
        self._was_busy = busy
        return self.is_set()
