"""Inline outputs: answers that hold what was ordered, kept whole before anything else is done.

There is no address from which their outputs could be fetched again: what is lost here was paid for.
An answer is one object, written in one go: a line of JSON that says which order it answers and
what else it told, then the outputs one after the other. So whoever finds it can finish what the
process that got it could not.

    deliveries/{take}/{epoch of its order}-{digest of the ticket}
"""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from callsheet.kernel.digests import sha256_of
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.hosted import Made
from callsheet.takes.model import Take
from callsheet.takes.schedule import backoff_s

PREFIX: Final = "deliveries/"
_TYPE: Final = "application/x-callsheet-parcel"
_FORMAT: Final = "callsheet parcel 1"
_MOST_HEAD: Final = 64 * 1024  # bytes
_ADDRESS: Final = re.compile(r"parcel:(?P<key>[^#]+)(?:#(?P<start>\d+)\+(?P<length>\d+))?")
_LOG = logging.getLogger("callsheet.orders")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one output lies within our store; all of the object from `start` without a length."""

    key: str
    start: int = 0
    length: int | None = None

    @property
    def address(self) -> str:
        """Write it as a take keeps it among the addresses of its outputs."""
        return f"parcel:{self.key}#{self.start}+{self.length}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted order was answered with: the provider's id, and where outputs lie."""

    ticket: str
    outputs: dict[str, Any]
    order_no: int  # which order of its take it answers


@dataclass(frozen=True, slots=True)
class _Head:
    """What a kept answer says of itself and, by the last three, of its order."""

    take: TakeId
    provider: str
    ticket: str
    order_no: int
    epoch: int
    order_digest: str | None
    cost: int | None  # micro-dollars
    types: list[str]  # as the provider claims them
    sizes: list[int]  # bytes
    format: str = _FORMAT


async def kept(ctx: OrderContext, take: Take, ticket: str, made: Made) -> Made:
    """Put what came within an answer into our store, however long that takes; say where it is.

    `take` is as it was claimed to be ordered or looked at.
    """
    if not made.inline:
        return made
    head = _Head(
        take=take.id,
        provider=take.provider,
        ticket=ticket,
        order_no=take.flight.order_no,
        epoch=take.flight.epoch,
        order_digest=take.flight.order_digest,
        cost=None if made.cost is None else made.cost.micros,
        types=[each.media_type for each in made.inline],
        sizes=[len(each.content) for each in made.inline],
    )
    line = json.dumps(asdict(head)).encode() + b"\n"
    key = f"{PREFIX}{take.id}/{take.flight.epoch}-{sha256_of(ticket.encode())[:16]}"
    content = b"".join((line, *(each.content for each in made.inline)))
    tries = 0
    while True:
        try:
            await ctx.media.blobs.put(key, content, _TYPE)
            break
        except UnavailableError as problem:
            _LOG.warning("take.parcel_waits", extra=event(take=take.id, reason=str(problem)))
            await asyncio.sleep(backoff_s(tries))
            tries += 1
    places = _places(key, len(line), head.sizes)
    return replace(made, urls=(*made.urls, *(each.address for each in places)), inline=())


def _places(key: str, start: int, sizes: Iterable[int]) -> list[Place]:
    places = []
    for size in sizes:
        places.append(Place(key, start, size))
        start += size
    return places


async def kept_answers(ctx: OrderContext, takes: Iterable[TakeId]) -> dict[TakeId, list[Answer]]:
    """Read which answers to some takes' orders our store holds, the latest order's first."""
    wanted = set(takes)
    keys = [
        info.key
        async for info in ctx.media.blobs.list(PREFIX)
        if take_of_inline_output(info.key) in wanted
    ]
    found: dict[TakeId, list[tuple[int, Answer]]] = {}
    for key in keys:
        with contextlib.suppress(BlobNotFoundError):  # brought stored by another, just now
            if (read := await _read_answer(ctx, key)) is not None:
                found.setdefault(take_of_inline_output(key), []).append(read)
    return {
        take: [answer for _, answer in sorted(answers, key=lambda each: -each[0])]
        for take, answers in found.items()
    }


async def _read_answer(ctx: OrderContext, key: str) -> tuple[int, Answer] | None:
    """Read what an inline output says of itself; None if it says nothing, as those of version 0.1.

    Raises BlobNotFoundError.
    """
    beginning = b"".join([block async for block in ctx.media.blobs.stream(key, 0, _MOST_HEAD)])
    line, _, _ = beginning.partition(b"\n")
    try:
        head = _Head(**json.loads(line))
    except (ValueError, TypeError):
        return None
    places = _places(key, len(line) + 1, head.sizes)
    outputs = {"urls": [each.address for each in places], "cost": head.cost}
    return head.epoch, Answer(head.ticket, outputs, head.order_no)


async def drop_inline_outputs(ctx: OrderContext, takes: Sequence[Take]) -> None:
    """Remove what was adopted; what cannot be removed now is swept later."""
    urls = [url for take in takes for url in (take.flight.outputs or {}).get("urls", ())]
    places = [place for place in map(place_of, urls) if place is not None]
    for key in {place.key for place in places if place.key.startswith(PREFIX)}:  # and no asset
        with contextlib.suppress(UnavailableError):
            await ctx.media.blobs.delete(key)


def place_of(url: str) -> Place | None:
    """Read where an output lies in our store; None for an address elsewhere."""
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return None
    if match["start"] is None:
        return Place(match["key"])
    return Place(match["key"], int(match["start"]), int(match["length"]))


def take_of_inline_output(key: str) -> TakeId:
    """Name the take that an inline output is for."""
    return TakeId(key.removeprefix(PREFIX).partition("/")[0])


def content_of(ctx: OrderContext, place: Place) -> AsyncIterator[bytes]:
    """Read an output that is kept. Raises BlobNotFoundError."""
    return ctx.media.blobs.stream(place.key, place.start, place.length)
