"""Supervision: the loops of a process are kept running, and none ends without a word.

A loop handles what it expects: a service that is away, a take that cannot be ordered. What nobody
foresaw ends it, and a loop that has ended does nothing any more while all else looks well. So each
runs under a supervisor, which reports its failure, starts it again, and lets the process end when
that does not help: whoever started the process starts it anew, and sees it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Final

from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.logs import event
from callsheet.ports.engine import Loop

_LOG = logging.getLogger("callsheet.loops")
MOST_FAILURES: Final = 5
WITHIN_S: Final = 600.0
_REST_S: Final = 1.0  # before a loop is started again; twice as long each time
_STEADY_S: Final = 5.0  # a loop that was started again is said to be down until it ran so long


class LoopBrokenError(CallsheetError):
    """A loop of the process failed again and again; the process ends, to be started anew."""

    code: ClassVar[str] = "loop_broken"

    def __init__(self, loop: str, error: Exception) -> None:
        super().__init__(
            f"the loop {loop!r} failed {MOST_FAILURES} times within {WITHIN_S / 60:.0f} minutes,"
            f" last with {type(error).__name__} (the log has it whole); this process ends, so that"
            " it is started anew"
        )
        self.loop = loop


class LoopEndedError(CallsheetError):
    """A loop that runs until it is told to stop came to an end by itself."""

    code: ClassVar[str] = "loop_ended"

    def __init__(self) -> None:
        super().__init__("it came to an end by itself")


@dataclass(slots=True)
class _Standing:
    """How one loop does, in seconds of the event loop's clock."""

    failures: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FAILURES))
    steady_at: float = 0.0  # from then on it counts as running again
    said: str = ""


class Supervisor:
    """Runs the loops of one process. `count` is told the name of each one that fails.

    One that failed is started again after `rest_s` seconds, then after twice as many.
    """

    def __init__(
        self, count: Callable[[str], None] = lambda _name: None, rest_s: float = _REST_S
    ) -> None:
        self._count, self._rest_s = count, rest_s
        self._standings: dict[str, _Standing] = {}
        self._guarded: asyncio.Task[object] | None = None
        self._broken: LoopBrokenError | None = None
        self._ending = False

    def start(self, name: str, loop: Loop) -> asyncio.Task[None]:
        """Run a loop until the task is cancelled; one that fails is started again."""
        standing = self._standings[name] = _Standing()
        return asyncio.create_task(self._keep(name, loop, standing), name=name)

    def start_all(self, loops: Mapping[str, Loop]) -> list[asyncio.Task[None]]:
        """Run several loops."""
        return [self.start(name, loop) for name, loop in loops.items()]

    async def _keep(self, name: str, loop: Loop, standing: _Standing) -> None:
        try:
            while True:
                error = await _failure(loop)
                await asyncio.sleep(self._reported(name, standing, error))
        finally:
            # one of the same name may have been started since
            if self._broken is None and self._standings.get(name) is standing:
                del self._standings[name]

    def _reported(self, name: str, standing: _Standing, error: Exception) -> float:
        """Report a failure; answers for how many seconds the loop is to rest."""
        now = asyncio.get_running_loop().time()
        standing.failures.append(now)
        recent = sum(at > now - WITHIN_S for at in standing.failures)
        rest_s = self._rest_s * float(2 ** (recent - 1))
        standing.steady_at = now + rest_s + _STEADY_S
        standing.said = f"failed with {type(error).__name__}, {recent} of {MOST_FAILURES} times"
        said = event(loop=name, failures=recent, again_in_s=rest_s)
        _LOG.critical("loop.failed", exc_info=error, extra=said)
        self._count(name)
        if recent >= MOST_FAILURES:
            self._give_up(LoopBrokenError(name, error))
        return rest_s

    def _give_up(self, broken: LoopBrokenError) -> None:
        if self._ending or self._broken is not None:
            return
        _LOG.critical("process.gives_up", extra=event(loop=broken.loop))
        self._broken = broken
        if self._guarded is not None:
            self._guarded.cancel()

    def down(self) -> dict[str, str]:
        """Tell which loops are down, or were a moment ago, and why."""
        now = asyncio.get_running_loop().time()
        return {
            name: standing.said
            for name, standing in sorted(self._standings.items())
            if standing.steady_at > now
        }

    def let_go(self) -> None:
        """Break nothing off any more: the process ends anyway, and has things to put away."""
        self._ending = True

    @asynccontextmanager
    async def guarding(self) -> AsyncIterator[None]:
        """Break the block off when a loop fails again and again. Raises LoopBrokenError."""
        task = self._guarded = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        try:
            yield
        except asyncio.CancelledError:
            if self._broken is None or task.uncancel() > 0:
                raise  # somebody else's wish
            raise self._broken from None
        finally:
            self._guarded = None
        if self._broken is not None:
            raise self._broken


async def _failure(loop: Loop) -> Exception:
    """Run a loop until it fails; how it did."""
    try:
        await loop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise  # it is told to stop
        return LoopEndedError()  # what it waited for was cancelled, not the loop
    except Exception as error:  # noqa: BLE001  # whatever it was, it is reported and counted
        return error
    return LoopEndedError()
