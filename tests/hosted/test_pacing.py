"""Turns at a provider, and requests that must not be late."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from tests.support.plain import NO_TLS

from callsheet.net.sending import Departure, TooLateToSendError
from callsheet.orders.bulk_status import Pacer


async def test_turns_come_evenly_after_a_small_burst() -> None:
    """Of 600 a minute ten come at once, and the rest one by one."""
    pacer = Pacer(600)
    began = time.monotonic()
    await asyncio.gather(*(pacer.turn() for _ in range(20)))
    assert 0.8 < time.monotonic() - began < 5


async def test_nothing_bounds_what_has_no_limit() -> None:
    """Without a limit every turn comes at once, until the provider asks for a rest."""
    pacer = Pacer(None)
    began = time.monotonic()
    await asyncio.gather(*(pacer.turn() for _ in range(1_000)))
    pacer.rest(0.3)
    await pacer.turn()
    assert time.monotonic() - began >= 0.3


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a bare server that keeps what it hears."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1_000))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    serving = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with serving:
        yield f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}/", heard


async def test_request_in_time_is_sent(server: tuple[str, list[bytes]]) -> None:
    """Before its time has passed a request goes out as any other."""
    url, heard = server
    until = asyncio.get_running_loop().time() + 10
    async with httpx2.AsyncClient(verify=NO_TLS) as http:
        answer = await http.post(url, content=b"x", extensions=Departure(until).extensions)
    assert answer.text == "ok"
    assert heard[0].startswith(b"POST / HTTP/1.1")


async def test_request_that_is_late_sends_no_byte(server: tuple[str, list[bytes]]) -> None:
    """Past its time nothing leaves, although the connection stands."""
    url, heard = server
    until = asyncio.get_running_loop().time() - 0.001
    async with httpx2.AsyncClient(verify=NO_TLS) as http:
        with pytest.raises(TooLateToSendError):
            await http.post(url, content=b"x", extensions=Departure(until).extensions)
    await asyncio.sleep(0.05)
    assert heard in ([], [b""])
