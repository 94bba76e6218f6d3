"""What a provider promises that tells of many orders in one answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from callsheet.ports.following import SurveyableProvider
from callsheet.ports.hosted import BusyError, KeyRefusedError
from tests.contracts.providers import Bench, bench_of

PAGE = 100


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Wire Replicate to its simulator: no other provider can be surveyed yet."""
    async with bench_of("replicate") as made:
        yield made


def surveyable(bench: Bench) -> SurveyableProvider:
    """Name the provider as what it is here."""
    provider = bench.provider
    assert isinstance(provider, SurveyableProvider)
    return provider


async def ordered(bench: Bench, mark: str) -> str:
    """Order something; answers its ticket."""
    return (await bench.provider.submit(await bench.order(mark))).ticket


async def test_those_at_work_are_told(bench: Bench) -> None:
    """However many pages they fill; none that is made, failed or stopped."""
    began = datetime.now(UTC)
    running = {await ordered(bench, "run=60") for _ in range(PAGE + 5)}
    for mark in ("run=0.01", "run=0.01, error=memory"):
        ticket = await ordered(bench, mark)
        await bench.followed(ticket, await bench.provider.poll(ticket, bench.key))
    stopped = await ordered(bench, "run=60")
    await bench.provider.cancel(stopped, bench.key)
    until = datetime.now(UTC) + timedelta(seconds=1)
    told = await surveyable(bench).at_work(began, until, bench.key)
    assert set(told) == running


async def test_only_what_was_made_then_is_told(bench: Bench) -> None:
    """Orders of another time are left out, on either side."""
    await ordered(bench, "run=60")
    middle = datetime.now(UTC)
    later = await ordered(bench, "run=60")
    end, hour = datetime.now(UTC), timedelta(hours=1)
    provider = surveyable(bench)
    assert set(await provider.at_work(middle, end + hour, bench.key)) == {later}
    assert later not in await provider.at_work(middle - hour, middle, bench.key)
    assert not await provider.at_work(middle - hour, middle - hour / 2, bench.key)


async def test_it_fails_as_looking_at_one_does(bench: Bench) -> None:
    """A list that is broken says so, and so does a key that is refused."""
    now = datetime.now(UTC)
    provider = surveyable(bench)
    faults = {"route": "list", "faults": {"fail": 500}, "count": 3}
    await bench.http.post("/_admin/faults", json={"next": [faults]})
    with pytest.raises(BusyError):
        await provider.at_work(now - timedelta(minutes=1), now, bench.key)
    assert not await provider.at_work(now - timedelta(minutes=1), now, bench.key)
    await bench.http.post("/_admin/conditions", json={"revoked": [bench.key.secret]})
    with pytest.raises(KeyRefusedError):
        await provider.at_work(now - timedelta(minutes=1), now, bench.key)
