"""Fetching from servers that behave, and from servers that do not."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from tests.net.raw_server import (
    Answer,
    RawServer,
    any_loopback,
    body,
    flooding,
    redirect,
    said,
    watching,
)

from callsheet.net.fetcher import FetchBusyError, PublicFetcher
from callsheet.ports.fetching import (
    FetchError,
    FetchRefusedError,
    FetchTimeoutError,
    FetchTooLargeError,
    FetchUnreachableError,
    ForbiddenAddressError,
)

KILOBYTE = 1_000


async def fetch(server: RawServer, *, max_bytes: int = KILOBYTE, timeout_s: float = 20) -> bytes:
    """Fetch from a server that the operator vouches for."""
    fetcher = PublicFetcher(allow_hosts=frozenset({server.place}))
    try:
        fetched = await fetcher.fetch(server.url(), max_bytes=max_bytes, timeout_s=timeout_s)
    finally:
        await fetcher.close()
    return fetched.content


@pytest.fixture
async def victim() -> AsyncIterator[RawServer]:
    """Run a server in the private network, on a port that is open for public hosts."""
    async with RawServer(body(b"secret"), host=any_loopback(), port=8080) as server:
        yield server


async def test_picture_comes_with_its_address_and_type() -> None:
    """A plain answer is handed over whole, with its final address and the claimed type."""
    answer = body(b"pixels", "Content-Type: Image/PNG; charset=x\r\nSet-Cookie: a=b")
    async with RawServer(answer) as server:
        fetcher = PublicFetcher(allow_hosts=frozenset({server.place}))
        fetched = await fetcher.fetch(server.url("/a b"), max_bytes=6, timeout_s=20)
        await fetcher.fetch(server.url("/next"), max_bytes=6, timeout_s=20)
        await fetcher.close()

    assert (fetched.content, fetched.claimed_type) == (b"pixels", "image/png")
    assert fetched.url == server.url("/a%20b")
    assert server.requests[0].startswith(b"GET /a%20b HTTP/1.1\r\nHost: " + server.place.encode())
    assert b"User-Agent: callsheet" in server.requests[0]
    assert b"cookie" not in server.requests[1].lower()


async def test_proxy_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch, victim: RawServer
) -> None:
    """A proxy that the environment names sees nothing of it."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, victim.url(""))
    async with RawServer(body(b"direct")) as server:
        assert await fetch(server) == b"direct"
    assert victim.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_followed(status: int) -> None:
    """A relative redirect leads to the page it names."""

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        page = body(b"here") if b"GET /there?x=1 " in request else redirect("/there?x=1", status)
        await page(request, writer)

    async with RawServer(answer) as server:
        assert await fetch(server) == b"here"


@pytest.mark.parametrize(
    "location",
    [
        "http://{victim}/admin",
        "//{victim}/admin",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://localhost:8080/",
        "http://pictures.example:22/",
        "http://2130706433:8080/",
        "file:///etc/passwd",
        "gopher://{victim}/_GET",
        "http://[",
    ],
)
async def test_redirect_into_the_private_network_is_refused(
    location: str, victim: RawServer
) -> None:
    """A redirect is judged like a first address, and its goal is never contacted."""
    async with RawServer(redirect(location.format(victim=victim.place))) as server:
        with pytest.raises(ForbiddenAddressError):
            await fetch(server)
    assert victim.connections == 0


async def test_redirect_loop_ends() -> None:
    """The sixth redirect is not followed."""
    async with RawServer(redirect("/again")) as server:
        with pytest.raises(FetchError, match="more than 5 times"):
            await fetch(server)
    assert len(server.requests) == 6


async def test_private_address_is_not_contacted(victim: RawServer) -> None:
    """A private address that a user names directly is refused without a connection."""
    fetcher = PublicFetcher()
    with pytest.raises(ForbiddenAddressError, match=r"not on the public internet"):
        await fetcher.fetch(victim.url(), max_bytes=KILOBYTE, timeout_s=20)
    await fetcher.close()
    assert victim.connections == 0


async def _drip(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _silence(_request: bytes, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _endless_interim(_request: bytes, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("answer", [_drip, _silence, _endless_interim])
async def test_whole_fetch_has_one_deadline(answer: Answer) -> None:
    """A server that drips, is silent or promises without end is left at the deadline."""
    async with RawServer(answer) as server:
        with pytest.raises(FetchTimeoutError) as caught:
            await fetch(server, max_bytes=1_000_000, timeout_s=0.3)
    assert caught.value.retry


async def test_endless_body_is_cut_at_the_limit() -> None:
    """A body without a length is read no further than allowed."""
    sent = 0

    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    async with RawServer(answer) as server:
        with pytest.raises(FetchTooLargeError):
            await fetch(server, max_bytes=100_000)
    assert sent < 20_000_000  # what the sockets' buffers took, and no more


async def test_declared_length_beyond_the_limit_is_refused_unread() -> None:
    """The declared length alone is reason enough."""
    async with RawServer(said(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")) as server:
        with pytest.raises(FetchTooLargeError, match="1,001 bytes"):
            await fetch(server)


async def test_body_beyond_its_declared_length_is_cut() -> None:
    """Bytes after the declared length are not part of the answer."""
    async with RawServer(said(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef")) as server:
        assert await fetch(server) == b"abc"


async def test_chunked_body_is_counted_too() -> None:
    """Chunks are added up against the limit."""
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n%b\r\n" % (
        b"x" * 100
    )
    whole = chunks + b"0\r\n\r\n"
    async with RawServer(said(whole)) as server:
        assert await fetch(server, max_bytes=100) == b"x" * 100
    async with RawServer(said(whole)) as server:
        with pytest.raises(FetchTooLargeError):
            await fetch(server, max_bytes=99)


BROKEN = {
    "shorter than declared": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "no answer": b"",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "absurd length": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
    "huge headers": b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 2_000_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X-More: a\r\n" * 200_000 + b"\r\n",
    "compressed transfer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
async def test_broken_answer_may_be_tried_again(text: bytes) -> None:
    """What is no whole HTTP answer is an error that a second try may not meet."""
    async with RawServer(said(text)) as server:
        with pytest.raises(FetchUnreachableError) as caught:
            await fetch(server)
    assert caught.value.retry


async def test_reset_connection_may_be_tried_again() -> None:
    """A connection that is reset in the middle is an error that a second try may not meet."""

    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await writer.drain()
        writer.transport.abort()

    async with RawServer(answer) as server:
        with pytest.raises(FetchUnreachableError):
            await fetch(server)


async def test_compressed_answer_is_refused() -> None:
    """A small answer that would unpack to a large one is not unpacked."""
    bomb = gzip.compress(bytes(1_000_000))
    async with RawServer(body(bomb, "Content-Encoding: gzip")) as server:
        with pytest.raises(FetchError, match="compressed"):
            await fetch(server, max_bytes=10_000)


@pytest.mark.parametrize(
    ("status", "again"),
    [
        *((status, False) for status in (204, 206, 304, 403, 404)),
        *((status, True) for status in (408, 429, 500, 503)),
    ],
)
async def test_error_status_is_told(status: int, *, again: bool) -> None:
    """Any status but a whole answer is an error that carries it and says if it may pass."""
    async with RawServer(said(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)) as server:
        with pytest.raises(FetchRefusedError) as caught:
            await fetch(server)
    assert caught.value.status == status
    assert caught.value.retry is again
    assert isinstance(caught.value, FetchBusyError) is again


async def test_closed_port_is_unreachable() -> None:
    """An address where nobody listens is unreachable, for now."""
    async with RawServer(body(b"")) as server:
        pass
    with pytest.raises(FetchUnreachableError):
        await fetch(server)


async def test_pool_is_bounded_and_shared() -> None:
    """More fetches than connections queue up and all arrive."""
    open_now = most = 0

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0)
        await body(b"pixels")(request, writer)
        open_now -= 1

    async with RawServer(answer) as server:
        fetcher = PublicFetcher(allow_hosts=frozenset({server.place}), max_connections=3)
        answers = await asyncio.gather(
            *(fetcher.fetch(server.url(f"/{n}"), max_bytes=9, timeout_s=20) for n in range(20))
        )
        await fetcher.close()

    assert [fetched.content for fetched in answers] == [b"pixels"] * 20
    assert most <= 3


async def test_cancelled_fetches_give_their_connections_back() -> None:
    """A pool of one serves the next caller after a caller has gone away."""
    waiting = asyncio.Event()

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"GET /slow" in request:
            waiting.set()
            await asyncio.Event().wait()
        await body(b"pixels")(request, writer)

    async with RawServer(answer) as server:
        fetcher = PublicFetcher(allow_hosts=frozenset({server.place}), max_connections=1)
        slow = asyncio.create_task(fetcher.fetch(server.url("/slow"), max_bytes=9, timeout_s=60))
        await waiting.wait()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        fetched = await fetcher.fetch(server.url("/next"), max_bytes=9, timeout_s=20)
        await fetcher.close()

    assert fetched.content == b"pixels"


async def _interim_flood(_request: bytes, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4_000)
        await writer.drain()


async def _interim_headers(_request: bytes, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n" + b"a:\r\n" * 20_000 + b"\r\n")
        await writer.drain()


async def _crumbs(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2\r\nxx\r\n" * 20_000)
        await writer.drain()


async def _slow_chunks(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write((b"1;" + b"a" * 400 + b"\r\nx\r\n") * 300)
        await writer.drain()


MANY_HEADERS = said(b"HTTP/1.1 200 OK\r\n" + b"a:\r\n" * 20_000 + b"\r\n")
KEEPING_BUSY: dict[str, Answer] = {
    "endless interim answers": _interim_flood,
    "interim answers of many headers": _interim_headers,
    "pieces of two bytes": _crumbs,
    "long words beside short pieces": _slow_chunks,
    "many headers": MANY_HEADERS,
}


@pytest.mark.parametrize("answer", KEEPING_BUSY.values(), ids=KEEPING_BUSY.keys())
async def test_server_that_keeps_us_busy_is_left_and_nobody_else_waits(answer: Answer) -> None:
    """Whatever it sends without end, others get their turn, and the fetch ends with its reason."""
    with flooding(answer) as place:
        fetcher = PublicFetcher(allow_hosts=frozenset({place}))
        async with watching() as stalls:
            with pytest.raises(FetchError, match=r"an answer|pieces"):
                await fetcher.fetch(f"http://{place}/x.png", max_bytes=10**8, timeout_s=60)
        await fetcher.close()
    assert max(stalls) < 1.0


@pytest.mark.parametrize("answer", KEEPING_BUSY.values(), ids=KEEPING_BUSY.keys())
async def test_output_that_keeps_us_busy_is_left_too(answer: Answer) -> None:
    """Read block by block it is bounded alike."""
    with flooding(answer) as place:
        fetcher = PublicFetcher(allow_hosts=frozenset({place}))
        async with watching() as stalls:
            with pytest.raises(FetchError, match=r"an answer|pieces"):
                await _downloaded(fetcher, f"http://{place}/x.png")
        await fetcher.close()
    assert max(stalls) < 1.0


async def _downloaded(fetcher: PublicFetcher, url: str, **headers: str) -> bytes:
    async with fetcher.download(url, max_bytes=10**8, timeout_s=60, headers=headers) as download:
        return b"".join([block async for block in download.blocks])


async def test_fair_answer_in_many_pieces_is_read() -> None:
    """A picture of some megabytes in chunks of a few hundred bytes is nothing strange."""
    chunks = b"".join(b"200\r\n" + bytes(512) + b"\r\n" for _ in range(8_000))
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 20
    async with RawServer(said(early + whole)) as server:
        assert len(await fetch(server, max_bytes=5_000_000)) == 8_000 * 512
