"""Making a simulated service fail on command, below HTTP where that is how services fail."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADMIN_PATH = "/_sim/"


class FaultMode(StrEnum):
    """How a request fails."""

    UNAVAILABLE = "503"
    HANG = "hang"  # the connection stays open and silent
    RESET = "reset"  # the connection is cut without an answer
    CUT = "cut"  # the answer begins and its body is cut


@dataclass
class Faults:
    """What the next requests meet; orders to this class itself are never hit."""

    mode: FaultMode = FaultMode.UNAVAILABLE
    left: int = 0
    met: int = 0
    answered: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def arrange(self, mode: FaultMode, count: int) -> None:
        """Let the next `count` requests fail; those that hang from before are let go."""
        self.released.set()
        self.released = asyncio.Event()
        self.mode, self.left = mode, count

    def next(self) -> FaultMode | None:
        """Take the fault that the present request meets, if any."""
        self.answered += 1
        if self.left <= 0:
            return None
        self.left -= 1
        self.met += 1
        return self.mode


class FaultyService:
    """An ASGI application that meets the faults arranged for it."""

    def __init__(self, app: ASGIApp, faults: Faults, unavailable: ASGIApp) -> None:
        self._app, self._faults, self._unavailable = app, faults, unavailable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or fail as arranged."""
        if scope["type"] != "http" or scope["path"].startswith(ADMIN_PATH):
            await self._app(scope, receive, send)
            return
        match self._faults.next():
            case None:
                await self._app(scope, receive, send)
            case FaultMode.UNAVAILABLE:
                await self._unavailable(scope, receive, send)
            case FaultMode.HANG:
                await _hang(receive, self._faults.released)
            case FaultMode.RESET:
                await _reset(receive)
            case FaultMode.CUT:
                await self._app(scope, receive, _cutting(receive, send))


async def _hang(receive: Receive, released: asyncio.Event) -> None:
    gone = asyncio.ensure_future(_until_gone(receive))
    freed = asyncio.ensure_future(released.wait())
    await asyncio.wait([gone, freed], return_when=asyncio.FIRST_COMPLETED)
    for task in (gone, freed):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await _reset(receive)


async def _reset(receive: Receive) -> None:
    # ASGI has no word for this; uvicorn's receive is a method of the object with the connection
    connection = getattr(receive, "__self__", None)
    if connection is not None:
        connection.transport.abort()
    await _until_gone(receive)


def _cutting(receive: Receive, send: Send) -> Send:
    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            return
        half = message.get("body", b"")[: max(1, len(message.get("body", b"")) // 2)]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _reset(receive)

    return cut


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
