"""Secret lines end well in whatever state they are, and in every Python that we support."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from tests.net.certificates import certify
from tests.net.test_sockets import Serve, answer, client, serving

from callsheet.net.sockets import SocketBackend

PATIENCE_S = 10.0


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for localhost: the server's side, and a client that trusts it."""
    return certify(tmp_path, "localhost")


@pytest.fixture(autouse=True)
async def complaints() -> AsyncIterator[list[Any]]:
    """Hear what the loop complains of, and want nothing of it."""
    heard: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: heard.append(context))
    yield heard
    await asyncio.sleep(0.05)
    assert heard == []


async def connected(port: int) -> httpcore2.AsyncNetworkStream:
    """Open a line in the clear."""
    return await SocketBackend().connect_tcp("localhost", port, timeout=PATIENCE_S)


async def secret(port: int, trusted: ssl.SSLContext) -> httpcore2.AsyncNetworkStream:
    """Open a secret line."""
    plain = await connected(port)
    return await plain.start_tls(trusted, "localhost", timeout=PATIENCE_S)


async def until_ended(stream: httpcore2.AsyncNetworkStream) -> None:
    """Read until the other side has hung up, in good manners or bad."""
    try:
        while await stream.read(1 << 16, timeout=PATIENCE_S):
            pass
    except httpcore2.ReadError:
        pass


async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take one request, answer, and say goodbye."""
    await reader.readuntil(b"\r\n\r\n")
    _writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1")


async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take one request and drop the line."""
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def keep(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take all and say nothing until the other side hangs up."""
    while await reader.read(1 << 16):
        pass


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send without end."""
    while True:
        writer.write(bytes(1 << 16))
        await writer.drain()


@pytest.mark.parametrize("serve", [hang_up, cut_off], ids=["goodbye", "cut off"])
async def test_line_that_the_other_side_closed_first(
    serve: Serve, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """It is hung up without complaint, as often as one likes, and its facts may still be asked."""
    async with serving(serve, tls[0]) as port:
        stream = await secret(port, tls[1])
        await stream.write(b"GET / HTTP/1.1\r\n\r\n", timeout=PATIENCE_S)
        await until_ended(stream)
        for _ in range(3):
            await stream.aclose()
            assert stream.get_extra_info("is_readable")
            stream.get_extra_info("ssl_object")
        with pytest.raises(httpcore2.WriteError):
            await stream.write(b"more")
        assert await stream.read(1, timeout=1) == b""


@pytest.mark.parametrize("serve", [keep, flood], ids=["silent", "flooding"])
@pytest.mark.parametrize("turns", [0, 1, 2, 5])
async def test_line_that_we_close_first(
    serve: Serve, turns: int, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """However much is under way, and however often it is closed at a time."""
    async with serving(serve, tls[0]) as port:
        stream = await secret(port, tls[1])
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.gather(*(stream.aclose() for _ in range(3)))
        await until_ended(stream)
        await stream.aclose()


async def test_line_that_is_closed_in_the_midst_of_being_closed(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """Whoever closes it is called off: the line is down, and the server hears of it."""
    heard = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await keep(reader, _writer)
        heard.set()

    async with serving(listen, tls[0]) as port:
        stream = await secret(port, tls[1])
        closing = asyncio.create_task(stream.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        async with asyncio.timeout(PATIENCE_S):
            await heard.wait()


async def test_answered_line_is_used_and_closed_by_the_client(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """A server that closes after each answer, as many do, costs no error."""
    async with serving(hang_up, tls[0]) as port, client(tls[1]) as http:
        for _ in range(3):
            assert (await http.get(f"https://localhost:{port}")).text == "1"
    async with serving(answer, tls[0]) as port, client(tls[1]) as http:
        assert (await http.get(f"https://localhost:{port}")).text == "1"


async def never_greet(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take the greeting of TLS and say nothing."""
    await reader.read()


async def leave(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take the greeting of TLS and hang up."""
    await reader.read(1)


async def abort(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the greeting of TLS and cut the line."""
    await reader.read(1)
    writer.transport.abort()


async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer TLS with words."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("serve", "error"),
    [
        (never_greet, httpcore2.ConnectTimeout),
        (leave, httpcore2.ConnectError),
        (abort, httpcore2.ConnectError),
        (speak_plainly, httpcore2.ConnectError),
    ],
    ids=["silence", "goodbye", "cut off", "plain words"],
)
async def test_secrecy_that_is_not_agreed_on(
    serve: Serve, error: type[Exception], tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """It is told as "not connected", and the line below is down."""
    async with serving(serve) as port:
        plain = await connected(port)
        with pytest.raises(error):
            await plain.start_tls(tls[1], "localhost", timeout=0.3)
        await until_ended(plain)
        await plain.aclose()


async def test_certificate_that_is_not_trusted(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """The line is down for both, and closing it again is no fault."""
    async with serving(answer, tls[0]) as port:
        plain = await connected(port)
        with pytest.raises(httpcore2.ConnectError) as caught:
            await plain.start_tls(ssl.create_default_context(), "localhost", timeout=PATIENCE_S)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        await until_ended(plain)
        await plain.aclose()


@pytest.mark.parametrize("turns", [1, 2, 3, 20])
async def test_secrecy_that_is_called_off(
    turns: int, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Whoever waits for it is cancelled: the server hears that the line is down, and soon."""
    gone = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            gone.set()

    async with serving(listen) as port:
        plain = await connected(port)
        task = asyncio.create_task(plain.start_tls(tls[1], "localhost", timeout=PATIENCE_S))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(PATIENCE_S):
            await gone.wait()
        await plain.aclose()


@pytest.mark.parametrize("how", ["we", "they"])
async def test_secrecy_on_a_line_that_is_down(
    how: str, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """It is refused at once: nobody is there to answer, and nobody would tell us so."""

    async def hang_up_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pass

    by: dict[str, Callable[[httpcore2.AsyncNetworkStream], Any]] = {
        "we": lambda stream: stream.aclose(),
        "they": until_ended,
    }
    async with serving(hang_up_at_once if how == "they" else keep) as port:
        plain = await connected(port)
        await by[how](plain)
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(httpcore2.ConnectError):
                await plain.start_tls(tls[1], "localhost")
        await plain.aclose()
