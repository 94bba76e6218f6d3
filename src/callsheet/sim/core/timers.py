"""Many appointments and one task that keeps them: a heap instead of a sleeping task for each."""

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Callable
from itertools import count

_AT_A_STRETCH = 200  # appointments kept before other tasks get their turn

log = logging.getLogger(__name__)


class Timers:
    """Calls what is due, in order of time. `clock` is in seconds, wall time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call `call` at `when`, or at once if that is past; never from within this method."""
        heapq.heappush(self._heap, (when, next(self._order), call))
        if self._heap[0][0] == when:
            self._woken.set()

    def clear(self) -> None:
        """Forget all appointments."""
        self._heap.clear()

    async def run(self) -> None:
        """Keep appointments until cancelled."""
        while True:
            self._woken.clear()
            for _ in range(_AT_A_STRETCH):
                if not self._heap or self._heap[0][0] > self._clock():
                    break
                _, _, call = heapq.heappop(self._heap)
                try:
                    call()
                except Exception:
                    log.exception("sim.appointment_failed")
            await self._wait()

    async def _wait(self) -> None:
        left = self._heap[0][0] - self._clock() if self._heap else None
        if left is not None and left <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._woken.wait()
