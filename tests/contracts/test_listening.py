"""What a provider promises that says on an open line when an order has ended."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import httpx2
import pytest

from callsheet.ports.following import AudibleProvider
from callsheet.ports.hosted import BusyError, Ended, Made
from callsheet.wiring.providers import adapters
from tests.contracts.providers import Bench, bench_of, wired
from tests.support.plain import NO_TLS

RUN = "run=0.05"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Wire ComfyUI to its simulator: no other provider can be heard yet."""
    async with bench_of("comfyui") as made:
        yield made


class Line:
    """An open line, and what was heard on it."""

    def __init__(self, provider: AudibleProvider) -> None:
        self.heard: Counter[str] = Counter()
        self.opened = asyncio.Event()
        self._ended = asyncio.Event()
        self.task = asyncio.create_task(provider.listen(self.opened.set, self._hear))

    def _hear(self, ticket: str) -> None:
        self.heard[ticket] += 1
        self._ended.set()

    async def until(self, ticket: str) -> None:
        """Wait until an end is heard."""
        async with asyncio.timeout(5):
            while ticket not in self.heard:
                self._ended.clear()
                await self._ended.wait()

    async def lost(self) -> str:
        """Wait until the line breaks; answers why."""
        async with asyncio.timeout(5):
            with pytest.raises(BusyError) as caught:
                await self.task
        return str(caught.value)


@contextlib.asynccontextmanager
async def listening(bench: Bench, provider: AudibleProvider | None = None) -> AsyncIterator[Line]:
    """Listen for a block, from when the line stands."""
    heard = provider or bench.provider
    assert isinstance(heard, AudibleProvider)
    line = Line(heard)
    try:
        async with asyncio.timeout(5):
            await line.opened.wait()
        yield line
    finally:
        line.task.cancel()
        await asyncio.gather(line.task, return_exceptions=True)


async def ordered(bench: Bench, mark: str = RUN) -> str:
    """Order something; answers its ticket."""
    return (await bench.provider.submit(await bench.order(mark))).ticket


async def test_every_end_is_heard(bench: Bench) -> None:
    """Made, failed or stopped: the ticket is told; then a look finds the end, and no other."""
    async with listening(bench) as line:
        made, failed = await ordered(bench), await ordered(bench, f"{RUN}, error=memory")
        stopped = await ordered(bench, "run=60")
        silent = await ordered(bench, f"{RUN}, socket=lost")
        submitted = await bench.provider.poll(silent, bench.key)
        assert isinstance(await bench.followed(silent, submitted), Made)
        await bench.provider.cancel(stopped, bench.key)
        for ticket in (made, failed, stopped):
            await line.until(ticket)
            assert isinstance(await bench.provider.poll(ticket, bench.key), Made | Ended)
        assert silent not in line.heard


async def test_nobody_hears_of_others_orders(bench: Bench) -> None:
    """Each process hears of what it ordered itself, and of nothing else."""
    other = wired(adapters()[bench.name], bench.http)
    assert isinstance(other, AudibleProvider)
    async with listening(bench) as line, listening(bench, other) as another:
        theirs = await other.submit(await bench.order(RUN))
        await another.until(theirs.ticket)
        ours = await ordered(bench)
        await line.until(ours)
        assert set(line.heard) == {ours}
        assert set(another.heard) == {theirs.ticket}


async def test_broken_line_says_so_and_can_be_opened_again(bench: Bench) -> None:
    """Cut off, flooded, refused or without a word: it is busy, and the next line hears again."""
    for mark, said in (("drop", "NetworkError"), ("huge", "too big")):
        async with listening(bench) as line:
            await ordered(bench, f"{RUN}, socket={mark}")
            assert said in await line.lost()
    for fault, said in (("fail", "403"), ("reset", "NetworkError"), ("hang", "timed out")):
        dealt = {"route": "socket", "faults": {fault: 500 if fault == "fail" else True}}
        await bench.http.post("/_admin/faults", json={"next": [dealt]})
        assert isinstance(bench.provider, AudibleProvider)
        line = Line(bench.provider)
        assert said in await line.lost()
        assert not line.opened.is_set()
    async with httpx2.AsyncClient(base_url="http://127.0.0.1:9", verify=NO_TLS) as http:
        nobody = wired(adapters()[bench.name], http)
        assert isinstance(nobody, AudibleProvider)
        assert "connection refused" in await Line(nobody).lost()
    async with listening(bench) as line:
        await line.until(await ordered(bench))
