"""Shutdown: a process that is told to stop begins nothing, and lets arrive what is on its way."""

import asyncio
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class GracefulShutdown:
    """What a process was told about its end: to stop, and, said again, to be quick about it.

    For `grace_s` seconds from the first word, orders that are out may be answered.
    """

    grace_s: float
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurried: asyncio.Event = field(default_factory=asyncio.Event)
    _until: float = 0.0  # of the event loop's clock

    def begin(self) -> None:
        """Begin to end; saying so again changes nothing."""
        if not self.asked.is_set():
            self._until = asyncio.get_running_loop().time() + self.grace_s
            self.asked.set()

    def ask(self) -> None:
        """Take the word of somebody who wants the process to end; a second one is impatient."""
        if self.asked.is_set():
            self.hurried.set()
        self.begin()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as that word, on the running event loop."""
        loop = asyncio.get_running_loop()
        for sign in _SIGNALS:
            loop.add_signal_handler(sign, self.ask)
        try:
            yield
        finally:
            for sign in _SIGNALS:
                loop.remove_signal_handler(sign)

    async def wait_for(self, running: Callable[[], Collection[asyncio.Task[Any]]]) -> None:
        """Wait until nothing is running any more, the grace is over, or somebody is impatient."""
        hurry = asyncio.create_task(self.hurried.wait())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._until):
                    while (tasks := running()) and not hurry.done():
                        await asyncio.wait({hurry, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurry.cancel()
