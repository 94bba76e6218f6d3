"""The pool of connections: how many there are, which one is used, and when one is let go."""

import asyncio
import ssl
from contextlib import AsyncExitStack

import httpcore2
import pytest
from tests.net.test_sockets import serving

from callsheet.net.pool import ConnectionPool
from callsheet.net.sockets import SocketBackend


class Server:
    """Names each connection by a letter, and keeps which are open and how each was used."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.open: set[str] = set()
        self.release = asyncio.Event()
        self.release.set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = "abcdefgh"[len({*self.used, *self.open})]
        self.open.add(name)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.used.append(name)
                await self.release.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        finally:
            self.open.discard(name)

    async def opens(self, count: int) -> None:
        """Wait until so many connections are open."""
        async with asyncio.timeout(10):
            while len(self.open) != count:  # noqa: ASYNC110  # what is waited for are the sockets
                await asyncio.sleep(0.01)


def pool(*, most: int = 4, keep_alive_s: float = 60.0) -> ConnectionPool:
    """Make a pool of plain connections."""
    trusted = ssl.create_default_context()
    return ConnectionPool(SocketBackend(), trusted, most=most, keep_alive_s=keep_alive_s)


async def get(connections: ConnectionPool, port: int) -> bytes:
    """Ask for a page and read it."""
    request = httpcore2.Request("GET", f"http://127.0.0.1:{port}/", headers=[("Host", "here")])
    async with connections.answered(request) as answer:
        return await answer.aread()


async def test_connection_that_was_used_last_is_used_first() -> None:
    """After a crowd, one connection serves what follows, and the others come to their end."""
    server, connections = Server(), pool(keep_alive_s=0.2)
    async with serving(server) as port:
        server.release.clear()
        crowd = [asyncio.create_task(get(connections, port)) for _ in range(3)]
        await server.opens(3)
        server.release.set()
        assert await asyncio.gather(*crowd) == [b"ok"] * 3
        assert len(server.open) == 3
        async with asyncio.timeout(10):
            while len(server.open) > 1:
                assert await get(connections, port) == b"ok"
                await asyncio.sleep(0.05)
        assert len({*server.used[3:]}) == 1
        await connections.aclose()


async def test_place_of_a_resting_connection_is_given_to_another_server() -> None:
    """What rests counts, and goes when its place is needed: the one that has rested longest."""
    first, second, third = Server(), Server(), Server()
    connections = pool(most=2)
    async with serving(first) as one, serving(second) as two, serving(third) as three:
        for port in (one, two, one, three):
            assert await get(connections, port) == b"ok"
        await second.opens(0)
        assert (first.open, third.open) == ({"a"}, {"a"})
        await connections.aclose()


async def test_connection_left_in_the_middle_of_an_answer_is_not_used_again() -> None:
    """What is left unread would be taken for the next answer."""
    server, connections = Server(), pool(most=1)
    async with serving(server) as port:
        url = f"http://127.0.0.1:{port}/"
        async with connections.answered(httpcore2.Request("GET", url, headers=[("Host", "x")])):
            """Nothing is read of it."""
        assert await get(connections, port) == b"ok"
        assert server.used == ["a", "b"]
        await connections.aclose()


async def test_failures_give_their_places_back() -> None:
    """Nobody there, gone away while waiting, gone away while asking: a pool of one goes on."""
    server, connections = Server(), pool(most=1)
    async with serving(server) as port:
        for _ in range(2):
            with pytest.raises(httpcore2.ConnectError):
                await get(connections, 1)
        server.release.clear()
        asking = asyncio.create_task(get(connections, port))
        await server.opens(1)
        waiting = asyncio.create_task(get(connections, port))
        await asyncio.sleep(0)
        for task in (waiting, asking):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        server.release.set()
        assert await get(connections, port) == b"ok"
        assert server.used == ["a", "b"]
        await connections.aclose()


async def test_closed_pool_keeps_nothing() -> None:
    """What rests is let go at once, what is in use when it is done."""
    server, connections = Server(), pool()
    async with serving(server) as port, AsyncExitStack() as held:
        await get(connections, port)
        url = f"http://127.0.0.1:{port}/"
        request = httpcore2.Request("GET", url, headers=[("Host", "here")])
        answer = await held.enter_async_context(connections.answered(request))
        await connections.aclose()
        assert await answer.aread() == b"ok"
        assert len(server.open) == 1
        await held.aclose()
        await server.opens(0)
