"""Watchers: what one open stream has still to send, and how fast it may."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from callsheet.web.frames import Frame

BEHIND: Final = 512  # frames a watcher may be behind


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long a stream waits before it says something, in seconds."""

    state_apart: float = 0.5
    state_at_least: float = 2.0
    heartbeat: float = 15.0
    callers_looked_at: float = 0.8


class Watcher:
    """One open stream: the frames that it has not sent yet, and what let its reader in.

    At most one state is among them, behind all entries: what comes after it says more. So a slow
    reader holds some entries, never hundreds of states with all their rows.
    """

    def __init__(self, *, rows: bool, state_apart: float, credential: str = "") -> None:
        self.rows, self.credential = rows, credential
        self._apart = state_apart
        self._frames: deque[Frame] = deque()
        self._changed = asyncio.Event()
        self._over = False
        self._due = 0.0

    def offer(self, frame: Frame) -> bool:
        """Take a frame; False if the reader is too far behind: it gets what is here and the end."""
        if self._frames and not self._frames[-1].entry:
            self._frames.pop()
        if self._over or len(self._frames) >= BEHIND:
            self.end()
            return False
        self._frames.append(frame)
        self._changed.set()
        return True

    @property
    def is_over(self) -> bool:
        """Tell whether it has been ended."""
        return self._over

    def end(self, *, at_once: bool = False) -> None:
        """End the stream, after what is here or without it."""
        if at_once:
            self._frames.clear()
        self._over = True
        self._changed.set()

    def state_sent(self) -> None:
        """Remember that the stream has just sent a state: the next one keeps its distance."""
        self._due = asyncio.get_running_loop().time() + self._apart

    async def next(self) -> Frame | None:
        """Wait for the next frame; None at the end. A state waits for its time."""
        while True:
            early = self._due - asyncio.get_running_loop().time()
            if self._frames and (early <= 0 or self._frames[0].entry or self._frames[0].last):
                frame = self._frames.popleft()
                if not frame.entry:
                    self.state_sent()
                return frame
            if self._over:
                return None
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(early if self._frames else None):
                    await self._changed.wait()
