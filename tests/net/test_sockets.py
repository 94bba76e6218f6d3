"""Connections on asyncio, met with real servers that behave and that do not."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpcore2
import httpx2
import pytest
from tests.net.certificates import certify

from callsheet.net.sockets import SocketBackend
from callsheet.net.transport import SocketTransport

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve connections on a free port."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
                await serve(reader, writer)
                writer.close()
                await writer.wait_closed()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request on a connection, and count them."""
    count = 0
    while True:
        await reader.readuntil(b"\r\n\r\n")
        count += 1
        body = str(count).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def client(trusted: ssl.SSLContext | None = None, *, most: int = 4) -> httpx2.AsyncClient:
    """Make a client on our connections, as a provider's is made."""
    transport = SocketTransport(trusted or ssl.create_default_context(), most)
    return httpx2.AsyncClient(transport=transport, timeout=5, trust_env=False)


async def test_connection_is_used_again() -> None:
    """One connection for requests that follow each other."""
    async with serving(answer) as port, client() as http:
        said = [(await http.get(f"http://127.0.0.1:{port}")).text for _ in range(3)]
    assert said == ["1", "2", "3"]


async def test_connection_that_was_hung_up_is_not_used_again() -> None:
    """An order must not go out on a line on which its answer cannot come."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        await writer.drain()

    async with serving(once) as port, client() as http:
        for _ in range(3):
            assert (await http.post(f"http://127.0.0.1:{port}")).text == "1"
            await asyncio.sleep(0.05)


async def test_connection_that_rested_long_is_not_used_again() -> None:
    """Its server may be about to hang up, and an order that leaves then is in doubt."""
    asked = 0

    async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hang up on a request that comes after a rest, as one that just decided to does."""
        nonlocal asked
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await reader.readexactly(1)
            if asked and loop.time() - began > 2.5:
                writer.transport.abort()
                return
            await reader.readuntil(b"\r\n\r\n")
            asked += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")

    async with serving(impatient) as port, client() as http:
        for _ in range(2):
            assert (await http.post(f"http://127.0.0.1:{port}")).text == "1"
            await asyncio.sleep(2.6)
    assert asked == 2


async def test_kernel_is_asked_whether_a_line_still_stands() -> None:
    """Also when the loop had no time yet to hear that it does not."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        stream = await SocketBackend().connect_tcp("127.0.0.1", port, timeout=5)
        theirs, _ = listening.accept()
        assert not stream.get_extra_info("is_readable")
        theirs.close()
        assert stream.get_extra_info("is_readable")
        await stream.aclose()


async def test_large_bodies_both_ways() -> None:
    """More than any buffer holds: who sends waits until there is room."""
    size = 8 * 1024**2

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body)
        await writer.drain()

    body = bytes(range(256)) * (size // 256)
    async with serving(echo) as port, client() as http:
        assert (await http.post(f"http://127.0.0.1:{port}", content=body)).content == body


async def test_what_is_not_read_is_held_back() -> None:
    """A server that sends without end fills no memory of ours."""

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    async with serving(flood) as port:
        stream = await SocketBackend().connect_tcp("127.0.0.1", port, timeout=5)
        await asyncio.sleep(0.2)
        assert len(stream._line.arrived) < 1 << 20  # type: ignore[attr-defined]  # what it holds
        read = 0
        while read < 8 << 20:
            read += len(await stream.read(1 << 16, timeout=5))
        await stream.aclose()


async def test_silence_is_a_timeout() -> None:
    """A server that accepts and says nothing."""

    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(say_nothing) as port, client() as http:
        with pytest.raises(httpx2.ReadTimeout):
            await http.get(f"http://127.0.0.1:{port}", timeout=0.05)


async def test_who_does_not_read_is_a_timeout() -> None:
    """A server that takes nothing of a large request."""

    async def read_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's can
        await asyncio.sleep(30)

    async with serving(read_nothing) as port, client() as http:
        with pytest.raises(httpx2.WriteTimeout):
            await http.post(f"http://127.0.0.1:{port}", content=bytes(32 << 20), timeout=0.2)


async def test_nobody_there() -> None:
    """Nothing was sent: an order can be made again."""
    async with serving(answer) as port:
        pass
    async with client() as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"http://127.0.0.1:{port}")
        with pytest.raises(httpx2.ConnectError):
            await http.get("http://nobody.invalid")


async def test_line_that_breaks_in_an_answer() -> None:
    """Something was sent, and nobody knows what came of it."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with serving(half) as port, client() as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.get(f"http://127.0.0.1:{port}")
    async with serving(reset) as port, client() as http:
        with pytest.raises(httpx2.TransportError):
            await http.get(f"http://127.0.0.1:{port}")


async def test_no_room_in_the_pool_is_told_as_never_sent() -> None:
    """It is the same error that the client's own transport raises."""

    async def slowly(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(slowly) as port, client(most=1) as http:
        busy = asyncio.create_task(http.get(f"http://127.0.0.1:{port}"))
        await asyncio.sleep(0.05)
        with pytest.raises(httpx2.PoolTimeout):
            await http.get(f"http://127.0.0.1:{port}", timeout=httpx2.Timeout(5, pool=0.05))
        busy.cancel()


async def test_secret_lines(tmp_path: Path) -> None:
    """TLS to who is trusted, and to nobody else."""
    server, trusted = certify(tmp_path, "localhost")
    async with serving(answer, server) as port:
        async with client(trusted) as http:
            said = [(await http.get(f"https://localhost:{port}")).text for _ in range(2)]
        assert said == ["1", "2"]
        async with client() as http:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await http.get(f"https://localhost:{port}")

    async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(speak_plainly) as port, client(trusted) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"https://localhost:{port}")


def test_every_error_of_the_pool_has_its_name_in_httpx2() -> None:
    """An error that came through untold would be met by nobody."""
    families = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError)
    known = {value for value in vars(httpcore2).values() if isinstance(value, type)}
    ours = {each for each in known if issubclass(each, (*families, httpcore2.UnsupportedProtocol))}
    assert ours
    for each in ours:
        told = getattr(httpx2, each.__name__)
        assert issubclass(told, httpx2.TransportError)
