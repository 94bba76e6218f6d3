"""Lists of orders, read to the end: what they hold, what cannot be read, what moved meanwhile."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from callsheet.ports.hosted import BusyError, HostedProvider, Listing
from callsheet.ports.keys import ProviderKey
from callsheet.wiring.providers import adapters
from tests.contracts.providers import wired
from tests.sim.simulated import serving
from tests.support.plain import NO_TLS

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LUMA = "/dream-machine/v1/generations"
REPLICATE = "/v1/predictions"
Entries = list[dict[str, Any]]


def generation(number: int, **more: Any) -> dict[str, Any]:
    """Word an entry of Luma's list: of two, the one of the higher number is newer."""
    at = NOW + timedelta(seconds=number)
    told = {"id": f"g{number}", "created_at": at.isoformat(), "generation_type": "image"}
    return {**told, "request": {"prompt": f"wish {number}", "model": "photon-1"}, **more}


def prediction(number: int, **more: Any) -> dict[str, Any]:
    """Word an entry of Replicate's list."""
    at = NOW + timedelta(seconds=number)
    told = {"id": f"p{number}", "created_at": at.isoformat(), "model": "a/b"}
    return {**told, "input": {"prompt": f"wish {number}"}, **more}


@asynccontextmanager
async def listing_of(
    name: str, path: str, answer: Callable[[Request], Any]
) -> AsyncIterator[HostedProvider]:
    """Wire an adapter to a list."""

    async def listed(request: Request) -> JSONResponse:
        return JSONResponse(answer(request))

    async with (
        serving(Starlette(routes=[Route(path, listed)])) as base,
        httpx2.AsyncClient(base_url=base, trust_env=False, verify=NO_TLS) as http,
    ):
        yield wired(adapters()[name], http)


async def read(provider: HostedProvider, since: datetime = NOW) -> Listing:
    """List what there is since then."""
    return await provider.listed(since, [], ProviderKey("key-of-the-tests"))


def paged(entries: Entries, most: int, moved: Callable[[Entries], None] | None = None) -> Any:
    """Answer pages of Luma's list, newest first; after the first of them the list is `moved`."""

    def answer(request: Request) -> dict[str, Any]:
        start = int(request.query_params["offset"])
        page = entries[::-1][start : start + most]
        if moved is not None and not start:
            moved(entries)
        return {"generations": page}

    return answer


async def test_pages_may_be_shorter_than_asked_for() -> None:
    """A service that caps its pages at three has told all when nothing new comes any more."""
    entries = [generation(number) for number in range(8)]
    async with listing_of("luma", LUMA, paged(entries, 3)) as provider:
        found = await read(provider)
    assert [each.ticket for each in found.orders] == [f"g{number}" for number in range(7, -1, -1)]
    assert (found.complete, found.unreadable) == (True, 0)


async def test_list_is_read_no_further_than_asked_for() -> None:
    """Once a whole page is older, the rest is left alone."""
    asked: list[str] = []
    answer = paged([generation(number) for number in range(100)], 10)

    def counted(request: Request) -> dict[str, Any]:
        asked.append(request.query_params["offset"])
        told: dict[str, Any] = answer(request)
        return told

    async with listing_of("luma", LUMA, counted) as provider:
        found = await read(provider, NOW + timedelta(seconds=85))
    assert {f"g{number}" for number in range(85, 100)} <= {each.ticket for each in found.orders}
    assert len(asked) == 3


async def test_orders_that_come_meanwhile_hide_none() -> None:
    """They move the pages: what is told twice counts once, and nothing is passed over."""
    entries = [generation(number) for number in range(6)]

    def more(entries: Entries) -> None:
        entries.append(generation(6 + len(entries)))

    async with listing_of("luma", LUMA, paged(entries, 3, more)) as provider:
        found = await read(provider)
    assert [each.ticket for each in found.orders][:6] == [f"g{each}" for each in range(5, -1, -1)]
    assert found.complete


async def test_orders_that_go_meanwhile_make_a_list_incomplete() -> None:
    """The pages moved the other way: an order may have slipped through between two of them."""
    entries = [generation(number) for number in range(9)]

    def fewer(entries: Entries) -> None:
        del entries[-3:]

    async with listing_of("luma", LUMA, paged(entries, 3, fewer)) as provider:
        assert not (await read(provider)).complete


@pytest.mark.parametrize("name", ["luma", "replicate"])
async def test_what_cannot_be_read_of_an_entry_is_said(name: str) -> None:
    """One without its id is counted; one without time or inputs is an order all the same."""
    word = generation if name == "luma" else prediction
    gone: dict[str, Any] = {"request": None} if name == "luma" else {"input": {}}
    entries = [
        word(3, id=None),
        word(2, created_at="Mon, 30 Nov 2026 12:00:02 GMT"),
        word(1, **gone),
        word(0),
    ]
    page: dict[str, Any] = {"generations": entries, "results": entries, "next": None}
    path = LUMA if name == "luma" else REPLICATE
    async with listing_of(name, path, lambda _: page) as provider:
        found = await read(provider)
    undated, emptied, whole = found.orders
    assert found.unreadable >= 1
    assert undated.created_at is None
    assert emptied.payload is not None
    assert emptied.payload["body" if name == "luma" else "input"] is None
    assert whole.payload == (
        {"path": "image", "body": {"prompt": "wish 0", "model": "photon-1"}}
        if name == "luma"
        else {"model": "a/b", "input": {"prompt": "wish 0"}}
    )


async def test_list_that_breaks_off_is_no_list() -> None:
    """Where the way to the next page cannot be read, nothing was listed."""
    page = {"results": [prediction(0)], "next": 7}
    async with listing_of("replicate", REPLICATE, lambda _: page) as provider:
        with pytest.raises(BusyError):
            await read(provider)


async def test_an_old_entry_among_new_ones_ends_no_list() -> None:
    """Only a page of nothing but older entries is the last that matters."""

    def answer(request: Request) -> dict[str, Any]:
        if "cursor" in request.query_params:
            return {"results": [prediction(1)], "next": None}
        return {"results": [prediction(2), prediction(-9)], "next": f"{REPLICATE}?cursor=1"}

    async with listing_of("replicate", REPLICATE, answer) as provider:
        found = await read(provider)
    assert [each.ticket for each in found.orders] == ["p2", "p-9", "p1"]


async def test_an_entry_tells_whom_it_calls() -> None:
    """The address that we gave with an order names its take; it is no part of what was asked."""
    calls = "https://ours.example/webhooks/luma/tk_1?token=t"
    asked = {"prompt": "wish 0", "callback_url": calls}
    page = {"generations": [generation(0, request=asked)]}
    async with listing_of("luma", LUMA, lambda _: page) as provider:
        [found] = (await read(provider)).orders
    assert found.calls == calls
    assert found.payload == {"path": "image", "body": {"prompt": "wish 0"}}
