"""Streams in blocks of one size: large enough to be cheap, small enough to hold."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

BLOCK_BYTES = 1024 * 1024


async def gathered(content: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Join small pieces until there are at least `size` bytes; only the last may be shorter."""
    pieces: list[bytes] = []
    held = 0
    async for piece in content:
        pieces.append(piece)
        held += len(piece)
        if held >= size:
            yield _joined(pieces)
            pieces.clear()
            held = 0
    if held:
        yield _joined(pieces)


def _joined(pieces: list[bytes]) -> bytes:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give a block that was read ahead, then the rest."""
    yield first
    del first  # not held while the rest goes by
    async for block in rest:
        yield block


class Source:
    """A stream handed to a client that hides what went wrong in it, and that may be called off.

    Cancelling such a client leaves its upload and its tasks behind; a stream that fails makes it
    clean up. So `stop` lets the stream fail.
    """

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        self._content = content
        self._stopped = asyncio.Event()
        self.size = 0
        self.error: BaseException | None = None

    def stop(self) -> None:
        """Let the stream fail where it is."""
        self._stopped.set()

    async def blocks(self) -> AsyncIterator[bytes]:
        """Pass the stream on."""
        stopped: asyncio.Future[Any] = asyncio.ensure_future(self._stopped.wait())
        try:
            while (block := await self._next(stopped)) is not None:
                self.size += len(block)
                yield block
        except (Exception, asyncio.CancelledError) as error:
            self.error = error
            raise
        finally:
            stopped.cancel()

    async def _next(self, stopped: asyncio.Future[Any]) -> bytes | None:
        coming = asyncio.ensure_future(_next_or_none(self._content))
        first: tuple[asyncio.Future[Any], ...] = (coming, stopped)
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            await asyncio.wait([coming])
        if self._stopped.is_set():
            raise StoppedError
        return coming.result()


class StoppedError(Exception):
    """A stream was called off; never leaves this package."""


async def _next_or_none(content: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(content)
    except StopAsyncIteration:
        return None
