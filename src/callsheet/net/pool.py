"""A pool of connections of which a request costs the same however many there are.

httpcore2's own asks every connection, twice a request, whether it still stands: with a hundred of
them that is more work than the request. Here a request takes the connection that was used last, and
only that one is asked.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpcore2 import (
    AsyncConnectionInterface,
    AsyncHTTPConnection,
    AsyncNetworkBackend,
    Origin,
    PoolTimeout,
    Request,
    Response,
)

from callsheet.net.bounds import BoundedBackend, bounded


class _Connection(AsyncHTTPConnection):
    """A connection that opens when it is first used, and what bounds its answers."""

    def __init__(
        self,
        origin: Origin,
        trusted: ssl.SSLContext,
        keep_alive_s: float,
        backend: AsyncNetworkBackend,
    ) -> None:
        self._bounds = BoundedBackend(backend)
        super().__init__(
            origin,
            ssl_context=trusted,
            keepalive_expiry=keep_alive_s,
            network_backend=self._bounds,
        )

    async def handle_async_request(self, request: Request) -> Response:
        """Ask. Raises UnfairAnswerError for an answer that is made to keep us busy."""
        self._bounds.expect_head()
        answer = await super().handle_async_request(request)
        self._bounds.expect_body()
        return answer


class ConnectionPool:
    """At most `most` connections, those that rest among them; HTTP/1.1.

    One that rests is let go after `keep_alive_s`, or when its place is needed.
    """

    def __init__(
        self,
        backend: AsyncNetworkBackend,
        trusted: ssl.SSLContext,
        *,
        most: int,
        keep_alive_s: float,
    ) -> None:
        self._backend, self._trusted = backend, trusted
        self._most, self._keep_alive_s = most, keep_alive_s
        self._turns = asyncio.Semaphore(most)
        self._busy = 0
        self._closed = False
        self._resting: list[AsyncConnectionInterface] = []  # what was used last is last

    @asynccontextmanager
    async def answered(self, request: Request) -> AsyncIterator[Response]:
        """Send a request; its answer's body is read within the block.

        Raises PoolTimeout if no connection becomes free in time, and what a connection raises.
        """
        async with self._turn(request.extensions.get("timeout", {}).get("pool")):
            connection = await self._connection(request.url.origin)
            try:
                answer = await connection.handle_async_request(request)
                try:
                    yield bounded(answer)
                finally:
                    await answer.aclose()
            finally:
                await self._put_back(connection)

    @asynccontextmanager
    async def _turn(self, seconds: float | None) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise PoolTimeout(error) from error
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._turns.release()

    async def _connection(self, origin: Origin) -> AsyncConnectionInterface:
        """Take one that rests and still stands; else make one, which connects when it is used."""
        while rested := self._rested(origin):
            if not rested.has_expired():
                return rested
            await rested.aclose()
        while self._resting and self._busy + len(self._resting) > self._most:
            await self._resting.pop(0).aclose()
        return _Connection(origin, self._trusted, self._keep_alive_s, self._backend)

    def _rested(self, origin: Origin) -> AsyncConnectionInterface | None:
        for place in range(len(self._resting) - 1, -1, -1):
            if self._resting[place].can_handle_request(origin):
                return self._resting.pop(place)
        return None

    async def _put_back(self, connection: AsyncConnectionInterface) -> None:
        if connection.is_available() and not self._closed:
            self._resting.append(connection)
        elif not connection.is_closed():
            await connection.aclose()
        while self._resting and self._resting[0].has_expired():
            await self._resting.pop(0).aclose()

    async def aclose(self) -> None:
        """Let the connections go: those that rest now, the others when they are done."""
        self._closed = True
        while self._resting:
            await self._resting.pop().aclose()
