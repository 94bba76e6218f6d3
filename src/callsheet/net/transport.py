"""What carries httpx2's requests to a provider: httpcore2's pool on our own connections.

httpx2's own transport does the same, but takes no network backend.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import httpcore2
import httpx2

from callsheet.net.sockets import SocketBackend

# The same names on both sides (https://httpx2.pydantic.dev/exceptions/): the most special first.
_ERRORS: Final = (
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "TimeoutException",
    "ConnectError",
    "ReadError",
    "WriteError",
    "NetworkError",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
    "RemoteProtocolError",
    "ProtocolError",
)
_TOLD_AS: Final = tuple((getattr(httpcore2, name), getattr(httpx2, name)) for name in _ERRORS)


class SocketTransport(httpx2.AsyncBaseTransport):
    """A pool of at most `max_connections`, which speaks HTTP/1.1 and asks no proxy."""

    def __init__(self, trusted: ssl.SSLContext, max_connections: int) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trusted,
            max_connections=max_connections,
            keepalive_expiry=httpx2.Limits().keepalive_expiry,
            network_backend=SocketBackend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; the body of its answer is read by who asked."""
        url = request.url
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _told():
            answered = await self._pool.handle_async_request(asked)
        return httpx2.Response(
            status_code=answered.status,
            headers=answered.headers,
            stream=_Body(answered),
            extensions=answered.extensions,
        )

    async def aclose(self) -> None:
        """Let connections go."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answered: httpcore2.Response) -> None:
        self._answered = answered

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told():
            async for piece in self._answered.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        await self._answered.aclose()


@contextmanager
def _told() -> Iterator[None]:
    """Tell the pool's errors as httpx2's."""
    try:
        yield
    except Exception as error:
        for known, told in _TOLD_AS:
            if isinstance(error, known):
                raise told(str(error)) from error
        raise
