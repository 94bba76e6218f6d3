"""What carries httpx2's requests to a provider: httpcore2 on our own connections.

httpx2's own transport does the same, but takes no network backend, and no pool.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final

import httpcore2
import httpx2

from callsheet.net.pool import ConnectionPool
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
# Servers hang up after 5 s without a request (uvicorn, Node, Apache) or more, as httpx2 does. An
# order that leaves at that moment is in doubt until the provider's list has proved that it never
# arrived: a connection that has rested for 2 s is not used for one.
_KEEP_ALIVE_S: Final = 2.0
_TOLD_AS: Final = tuple((getattr(httpcore2, name), getattr(httpx2, name)) for name in _ERRORS)


class SocketTransport(httpx2.AsyncBaseTransport):
    """A pool of at most `max_connections`, which speaks HTTP/1.1.

    `backend` opens the connections, straight to their hosts if it is left out.
    """

    def __init__(
        self,
        trusted: ssl.SSLContext,
        max_connections: int,
        backend: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._pool = ConnectionPool(
            backend or SocketBackend(), trusted, most=max_connections, keep_alive_s=_KEEP_ALIVE_S
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
        held = AsyncExitStack()
        with _told():
            answered = await held.enter_async_context(self._pool.answered(asked))
        return httpx2.Response(
            status_code=answered.status,
            headers=answered.headers,
            stream=_Body(answered, held),
            extensions=answered.extensions,
        )

    async def aclose(self) -> None:
        """Let connections go."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answered: httpcore2.Response, held: AsyncExitStack) -> None:
        self._answered, self._held = answered, held

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told():
            async for piece in self._answered.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        await self._held.aclose()


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
