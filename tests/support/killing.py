"""A worker that ends itself, as a power cut would, at a named point of its work.

    python -m tests.support.killing LOG [POINT [SIGNAL]]

Every point it passes is written to LOG. A point is the function of the line that is at work and
what it is about to do or has just done: ``intend/before commit``, ``send/after submit``. At the
named point the process kills itself, or with SIGSTOP stands still as under a debugger or on a host
that is frozen; without a point it only writes the points down.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.cli.session import opened
from callsheet.ports.database import Database
from callsheet.ports.fetching import Download, Downloader
from callsheet.ports.hosted import HostedOrder, HostedProvider, Standing, Submitted
from callsheet.ports.keys import ProviderKey
from callsheet.settings import read_settings
from callsheet.telemetry.logs import configure
from callsheet.worker.service import work_until_stopped

_ROOMS = (
    "callsheet.orders.",
    "callsheet.line.stages.",
    "callsheet.line.direct",
    "callsheet.line.judging",
    "callsheet.line.verdicts",
    "callsheet.line.quality_gate",
    "callsheet.provenance.",
)
_SENT_S = 0.15  # long enough for an order to arrive at a simulator that waits before it answers


@dataclass
class Points:
    """Counts the points passed, and kills at the chosen one."""

    log: Path
    deadly: str = ""
    signal: int = signal.SIGKILL
    passed: Counter[str] = field(default_factory=Counter)

    def __call__(self, what: str) -> None:
        """Pass a point."""
        name = f"{_caller()}/{what}"
        self.passed[name] += 1
        with self.log.open("a") as log:
            log.write(f"{name}\n")
        if name == self.deadly and self.passed[name] == 1:
            os.kill(os.getpid(), self.signal)


def _caller() -> str:
    """Name the innermost function of the line on the stack."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(_ROOMS):
            return frame.f_code.co_name
        frame = frame.f_back
    return "elsewhere"


@dataclass
class KillingDatabase:
    """A database whose writing transactions are points."""

    real: Database
    point: Points

    @asynccontextmanager
    async def begin(self, *, small: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes."""
        async with self.real.begin(small=small) as connection:
            yield connection
            self.point("before commit")
        self.point("after commit")

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction that only reads."""
        return self.real.read()


class KillingProvider:
    """A provider whose calls are points; everything else is the real one's."""

    def __init__(self, real: HostedProvider, point: Points) -> None:
        self._real, self._point = real, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Place an order; a point before, one while the answer is awaited, one after."""
        self._point("before submit")
        sending = asyncio.create_task(self._real.submit(order))
        await asyncio.wait([sending], timeout=_SENT_S)
        self._point("while submitting")
        submitted = await sending
        self._point("after submit")
        return submitted

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Ask; a point before and after."""
        self._point("before poll")
        standing = await self._real.poll(ticket, key)
        self._point("after poll")
        return standing


@dataclass
class KillingDownloader:
    """A downloader with a point when the first piece has come."""

    real: Downloader
    point: Points

    @asynccontextmanager
    async def download(
        self,
        url: str,
        *,
        provider: str,
        max_bytes: int,
        timeout_s: float,
        headers: Mapping[str, str],
    ) -> AsyncIterator[Download]:
        """Open a download."""
        async with self.real.download(
            url, provider=provider, max_bytes=max_bytes, timeout_s=timeout_s, headers=headers
        ) as download:
            yield replace(download, blocks=self._pieces(download.blocks))

    async def _pieces(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for block in blocks:
            yield block
            self.point("while downloading")


async def work(log: Path, deadly: str, how: int) -> None:
    """Work, with points in the way, until told to stop."""
    point = Points(log, deadly, how)
    async with opened(read_settings()) as cs:
        line, database = cs.line, KillingDatabase(cs.database, point)
        mortal = replace(
            line,
            books=replace(line.books, database=database),
            providers=replace(
                line.providers,
                hosted={n: KillingProvider(p, point) for n, p in line.providers.hosted.items()},
                downloader=KillingDownloader(line.providers.downloader, point),
            ),
        )
        technical = replace(cs.technical, database=database)
        gathering = replace(cs.signing.gathering, database=database)
        signing = replace(cs.signing, gathering=gathering)
        judges = replace(cs.judges, ctx=mortal)
        mortals = replace(cs, line=mortal, technical=technical, signing=signing, judges=judges)
        await work_until_stopped(mortals)


def main() -> None:
    """Read where to write points down, at which one to end, and by which signal."""
    configure("INFO")
    arguments = [*sys.argv[1:], "", "SIGKILL"][:3]
    asyncio.run(work(Path(arguments[0]), arguments[1], signal.Signals[arguments[2] or "SIGKILL"]))
