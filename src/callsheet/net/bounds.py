"""What an answer may cost us before it is read: h11 and httpcore2 bound none of it.

Both work through what has come without ever letting the event loop run, and a server that answers
`103` without end, or a body in pieces of two bytes, keeps a process busy for as long as it likes.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from httpcore2 import (
    SOCKET_OPTION,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    RemoteProtocolError,
    Response,
)

from callsheet.net.sending import PlainError

_MOST_BEFORE_BODY: Final = 256 * 1024  # bytes; the last read may hold some of the body as well
_READ: Final = 16 * 1024  # bytes of a head: what is worked through before the loop runs again
_MOST_HEADERS: Final = 256
_FREE_PIECES: Final = 10_000  # of any size, beside one for each _LEAST_PIECE bytes
_LEAST_PIECE: Final = 256
_PIECES_AT_ONCE: Final = 32


class UnfairAnswerError(PlainError, RemoteProtocolError):
    """An answer is made to keep us busy: it was left."""


class BoundedBackend(AsyncNetworkBackend):
    """Opens one connection, whose answers are bounded up to their bodies."""

    def __init__(self, below: AsyncNetworkBackend) -> None:
        self._below = below
        self._left: int | None = None
        self._is_first = True

    def expect_head(self) -> None:
        """Begin to count: what comes next is the beginning of an answer."""
        self._left, self._is_first = _MOST_BEFORE_BODY, True

    def expect_body(self) -> None:
        """Count no more; who reads a body bounds it."""
        self._left = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect; raises what the backend below raises."""
        below = await self._below.connect_tcp(
            host, port, timeout=timeout, local_address=local_address, socket_options=socket_options
        )
        return _BoundedStream(self, below)

    async def sleep(self, seconds: float) -> None:
        """Wait before another try."""
        await self._below.sleep(seconds)

    async def turn(self, max_bytes: int) -> int:
        """Let the loop run, except before the first read, which waits anyway; how much to read."""
        if not self._is_first:
            await asyncio.sleep(0)
        self._is_first = False
        return max_bytes if self._left is None else min(max_bytes, _READ)

    def count(self, content: bytes) -> None:
        """Count what was read. Raises UnfairAnswerError."""
        if self._left is not None:
            self._left -= len(content)
            if self._left < 0:
                raise UnfairAnswerError(
                    f"more than {_MOST_BEFORE_BODY:,} bytes before an answer's body"
                )


class _BoundedStream(AsyncNetworkStream):
    """A connection that reads little at a time, and lets the loop run before each read."""

    def __init__(self, bounds: BoundedBackend, below: AsyncNetworkStream) -> None:
        self._bounds, self._below = bounds, below

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # the library's
        """Read what has come, at least a byte; nothing at the end. Raises UnfairAnswerError."""
        content = await self._below.read(await self._bounds.turn(max_bytes), timeout)
        self._bounds.count(content)
        return content

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # the library's
        """Write all of it."""
        await self._below.write(buffer, timeout)

    async def aclose(self) -> None:
        """Hang up."""
        await self._below.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's
    ) -> AsyncNetworkStream:
        """Go on in secret."""
        below = await self._below.start_tls(ssl_context, server_hostname, timeout)
        return _BoundedStream(self._bounds, below)

    def get_extra_info(self, info: str) -> Any:
        """Tell a fact about the connection."""
        return self._below.get_extra_info(info)


def bounded(answer: Response) -> Response:
    """Bound the headers of an answer, and the pieces of its body. Raises UnfairAnswerError."""
    if len(answer.headers) > _MOST_HEADERS:
        raise UnfairAnswerError(f"an answer of more than {_MOST_HEADERS} headers")
    answer.stream = _BoundedBody(answer.stream)
    return answer


class _BoundedBody:
    def __init__(self, below: Any) -> None:
        self._below = below

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = size = 0
        async for piece in self._below:
            pieces, size = pieces + 1, size + len(piece)
            if pieces > _FREE_PIECES + size // _LEAST_PIECE:
                raise UnfairAnswerError(f"{size:,} bytes of an answer in {pieces:,} pieces")
            if not pieces % _PIECES_AT_ONCE:
                await asyncio.sleep(0)
            yield piece

    async def aclose(self) -> None:
        await self._below.aclose()
