"""A server that ends itself at a named point of its own orders; see `killing`.

    python -m tests.support.killing_web COMMAND PORT LOG [POINT [SIGNAL]]

COMMAND is `up`, all in one, or `web`, which orders what is answered at once and works not.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.cli.session import opened
from callsheet.controls.store import SwitchStore
from callsheet.line.direct import DirectOrders
from callsheet.line.single import Generations
from callsheet.ports.blobs import BlobInfo, BlobStore, Condition, Content
from callsheet.settings import read_settings
from callsheet.telemetry.logs import configure
from callsheet.web.server import serve
from tests.support.killing import KillingDatabase, KillingProvider, Points

_BESIDE_S: Final = 0.2  # for an object to be written


@dataclass
class PausingDatabase(KillingDatabase):
    """A database that waits before each commit, so that what is written beside it is written."""

    @asynccontextmanager
    async def begin(self, *, small: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes."""
        async with self.real.begin(small=small) as connection:
            yield connection
            await asyncio.sleep(_BESIDE_S)
            self.point("before commit")
        self.point("after commit")


@dataclass
class KillingStore:
    """A store whose writes are points; everything else is the real one's."""

    real: BlobStore
    point: Points

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def put(
        self, key: str, content: Content, content_type: str, condition: Condition = None
    ) -> BlobInfo:
        """Write one object; a point before and after."""
        self.point("before put")
        info = await self.real.put(key, content, content_type, condition)
        self.point("after put")
        return info


async def run(command: str, port: int, log: Path, deadly: str, how: int) -> None:
    """Serve, with points in the way, until told to stop."""
    point = Points(log, deadly, how)
    async with opened(read_settings(port=port)) as cs:
        hosted: Mapping[str, Any] = cs.line.providers.hosted
        line = cs.line
        line = replace(
            line,
            books=replace(line.books, database=PausingDatabase(cs.database, point)),
            providers=replace(
                line.providers,
                hosted={name: KillingProvider(real, point) for name, real in hosted.items()},
            ),
            media=replace(line.media, blobs=KillingStore(line.media.blobs, point)),
        )
        direct = DirectOrders(line, cs.answers)
        generations = Generations(line, SwitchStore(), cs.answers, direct)
        points = replace(cs, line=line, direct=direct, generations=generations)
        with cs.shutdown.on_signals():
            async with points.working() if command == "up" else points.ordering():
                await serve(points)


def main() -> None:
    """Read what to run, where to write points down, at which one to end, and by which signal."""
    configure("INFO")
    command, port, log, deadly, how = [*sys.argv[1:], "", "SIGKILL"][:5]
    number = signal.Signals[how or "SIGKILL"]
    asyncio.run(run(command, int(port), Path(log), deadly, number))
