"""The recovery log: what single generations leave in the store, many in one object.

A batch has a ledger object of its own. A single generation would cost more in such objects than
in all else, so what must outlive the database is written for many at once, as segments: objects
that never change, each written in one go and named by when.

    recovery/{day}/{hour}/{time}-{random}

The first line of a segment says its format and the digest of the rest. Each other line is one
order that is about to be sent, or one answer that came: an order's line is in the store before the
order goes out, an answer's before its caller hears of it.
"""

import json
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from callsheet.assets.model import asset_key
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.logs import event
from callsheet.ports.blobs import BlobNotFoundError, BlobStore

PREFIX: Final = "recovery/"
_FORMAT: Final = "callsheet recovery 1"
_TYPE: Final = "application/x-ndjson"
_LOG = logging.getLogger("callsheet.recovery")
_MERGED: Final = "-merged"
_MERGED_AFTER_H: Final = 2
_MERGED_UNTIL_H: Final = 50
_MERGED_BYTES: Final = 4 << 20
_FEW: Final = 8  # segments that are left as they are
_CLOCKS_S: Final = 600.0  # how far the clocks of two hosts may be apart


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order that is about to be sent, with all that its job and take are made of."""

    kind: ClassVar[str] = "order"

    job: JobId
    take: TakeId
    workspace: str
    at: str  # when it was written down, ISO 8601
    model: str
    provider: str
    use: str
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any]  # of the job: with the Idempotency-Key, if there was one
    price: int  # micro-dollars
    digest: Sha256  # of how it was worded


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What an order was answered with, and where in the store that lies."""

    kind: ClassVar[str] = "answer"

    job: JobId
    take: TakeId
    at: str  # when it came
    order_no: int
    ticket: str
    cost: int | None  # micro-dollars, as the provider told it
    charged: int  # micro-dollars
    sha256: Sha256
    size: int  # bytes
    media_type: str
    width: int | None = None
    height: int | None = None
    beginning: str | None = None  # of a text
    note: str | None = None


Line = OrderLine | AnswerLine
_KINDS: Final[Mapping[str, type[Line]]] = {each.kind: each for each in (OrderLine, AnswerLine)}


def outputs_of(answer: AnswerLine) -> dict[str, Any]:
    """Say where an output lies, as a take keeps it: in our own store, under its hash."""
    return {"urls": [f"parcel:{asset_key(answer.sha256)}"], "cost": answer.cost}


async def write_segment(blobs: BlobStore, lines: Sequence[Line]) -> None:
    """Write lines as one segment. Raises StoreUnavailableError."""
    at = max(datetime.fromisoformat(line.at) for line in lines)
    await _put_segment(blobs, f"{_hour(at)}/{at:%M%S.%f}-{os.urandom(4).hex()}", lines)


async def _put_segment(blobs: BlobStore, key: str, lines: Sequence[Line]) -> None:
    body = b"".join(_worded(line) for line in lines)
    head = json.dumps({"format": _FORMAT, "sha256": sha256_of(body)}).encode()
    await blobs.put(key, head + b"\n" + body, _TYPE)


async def merge_segments(blobs: BlobStore, now: datetime) -> int:
    """Make few segments of the many of the last days' hours; answers how many are gone.

    What is merged is there before its parts are removed, so a kill leaves lines twice, which says
    nothing new. Damaged segments stay. Raises StoreUnavailableError.
    """
    gone = 0
    for hours in range(_MERGED_AFTER_H, _MERGED_UNTIL_H):
        parts: list[str] = []
        lines: list[Line] = []
        size = 0
        async for info in blobs.list(f"{_hour(now - timedelta(hours=hours))}/"):
            if info.key.endswith(_MERGED):
                continue
            if read := await _read(blobs, info.key):
                parts.append(info.key)
                lines += read
                size += info.size
            if size >= _MERGED_BYTES:
                gone += await _merge(blobs, parts, lines)
                parts, lines, size = [], [], 0
        gone += await _merge(blobs, parts, lines)
    return gone


async def _merge(blobs: BlobStore, parts: Sequence[str], lines: Sequence[Line]) -> int:
    if len(parts) < _FEW:
        return 0
    await _put_segment(blobs, f"{parts[0]}{_MERGED}", lines)
    for key in parts:
        await blobs.delete(key)
    return len(parts)


def _worded(line: Line) -> bytes:
    told = {name: getattr(line, name) for name in line.__slots__}
    return json.dumps({"kind": line.kind, **told}).encode() + b"\n"


def _hour(at: datetime) -> str:
    return f"{PREFIX}{at.astimezone(UTC):%Y-%m-%d/%H}"


async def all_lines(blobs: BlobStore) -> AsyncIterator[list[Line]]:
    """Read the whole log, segment by segment, in order of time. Raises StoreUnavailableError."""
    async for info in blobs.list(PREFIX):
        yield await _read(blobs, info.key)


async def answers_since(
    blobs: BlobStore, since: datetime, now: datetime, takes: Sequence[TakeId]
) -> dict[TakeId, AnswerLine]:
    """Find what orders of some takes were answered with, since the first of them was sent."""
    wanted, found = set(takes), dict[TakeId, AnswerLine]()
    at = since - timedelta(seconds=_CLOCKS_S)
    last = now + timedelta(seconds=_CLOCKS_S)
    hours = dict.fromkeys([_hour(at), *(_hour(each) for each in _hours(at, last)), _hour(last)])
    for hour in hours:
        async for info in blobs.list(f"{hour}/"):
            earlier = hour == _hour(at) and info.key < f"{hour}/{at:%M%S}"
            if earlier and not info.key.endswith(_MERGED):  # which is named by its first line
                continue
            for line in await _read(blobs, info.key):
                if isinstance(line, AnswerLine) and line.take in wanted:
                    found[line.take] = line
    return found


def _hours(since: datetime, until: datetime) -> list[datetime]:
    count = int((until - since).total_seconds() // 3600)
    return [since + timedelta(hours=place) for place in range(1, count + 1)]


async def _read(blobs: BlobStore, key: str) -> list[Line]:
    """Read a segment; what is damaged is reported and left out."""
    try:
        head, _, body = (await blobs.get(key)).partition(b"\n")
        told = json.loads(head)
        if told["format"] == _FORMAT and told["sha256"] == sha256_of(body):
            return [_line(json.loads(text)) for text in body.splitlines()]
        reason = "its checksum does not fit"
    except BlobNotFoundError:
        return []  # merged with others just now
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error)
    _LOG.critical("recovery.corrupt", extra=event(key=key, reason=reason))
    return []


def _line(written: Mapping[str, Any]) -> Line:
    values = dict(written)
    return _KINDS[values.pop("kind")](**values)
