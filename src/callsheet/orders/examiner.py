"""Examining what was stored unseen: in a locked-down process, soon after its take has ended.

A picture that an answer held is stored by what its own bytes say of it, so that nobody waits for a
decoder. Then it is decoded, gets its thumbnail, and what the decoder finds is told: by the take, by
its job's journal, and by its link where it proves to be no picture. Which are left is written with
the assets, so that another process goes on with what one that died has left.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Never

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import AssetFacts
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.logs import event
from callsheet.orders.adoption import size_note
from callsheet.orders.context import OrderContext
from callsheet.orders.group_commits import GroupCommits
from callsheet.orders.progress import Moves
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.engine import Loop
from callsheet.ports.pictures import StudioUnavailableError, UnreadablePictureError
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import Take
from callsheet.takes.tables import TAKES

EXAMINED_WITHIN_S: Final = 60.0  # by whoever stored it; then it is anybody's
_LOG = logging.getLogger("callsheet.orders")
_WAITING: Final = 512  # of this process; what is more is found again in the database
_SWEEP_S: Final = 10.0
_SWEPT: Final = 64
_TRIES: Final = 3  # of a picture that ends the process which examines it


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A picture to be examined, and the take that it was made for."""

    workspace: WorkspaceId
    sha256: Sha256
    origin: str  # see Studio.shown
    take: TakeId
    size: tuple[int, int] | None = None  # as its header tells it, where its take knows that


@dataclass(frozen=True, slots=True)
class _Examined:
    """What the decoder found; `unreadable` is why it found nothing."""

    unseen: _Unseen
    facts: AssetFacts
    note: str | None = None
    unreadable: str | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Its size in pixels, if it is known."""
        width, height = self.facts.width, self.facts.height
        return None if width is None or height is None else (width, height)


class Examiner:
    """Examines what was stored unseen, for as long as it runs. Any number of processes may."""

    def __init__(self, ctx: OrderContext, parallel: int) -> None:
        self._ctx, self._parallel = ctx, parallel
        self._queue: asyncio.Queue[_Unseen] = asyncio.Queue(_WAITING)
        self._tries: dict[Sha256, int] = {}
        self._results: GroupCommits[_Examined, None] = GroupCommits(self._write)

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this examines."""
        workers = {f"examiner-{number}": self._run for number in range(self._parallel)}
        return {**workers, "examiner-results": self._results.run, "examiner-sweep": self._sweep}

    def add(self, take: Take, size: tuple[int, int] | None) -> None:
        """Examine what a take has, soon; its note speaks of this size, in pixels, already."""
        if take.asset is not None:
            origin = f"{take.workspace}/{take.provider}"
            with contextlib.suppress(asyncio.QueueFull):  # it is swept up later
                self._queue.put_nowait(_Unseen(take.workspace, take.asset, origin, take.id, size))

    async def _run(self) -> Never:
        while True:
            unseen = await self._queue.get()
            try:
                await self._results.add(await self._examined(unseen))
            except UnavailableError as problem:  # it falls due again
                said = event(asset=unseen.sha256, reason=str(problem))
                _LOG.warning("asset.examined_later", extra=said)
                await asyncio.sleep(1.0)

    async def _examined(self, unseen: _Unseen) -> _Examined:
        sha256 = unseen.sha256
        try:
            seen = await self._ctx.media.adopter.examine(sha256, unseen.origin)
        except UnreadablePictureError as error:
            return _unreadable(unseen, error.reason)
        except BlobNotFoundError:
            return _unreadable(unseen, "our store has lost it")
        except StudioUnavailableError as problem:  # most likely it was this very file
            self._tries[sha256] = self._tries.get(sha256, 0) + 1
            if self._tries[sha256] < _TRIES:
                raise
            return _unreadable(unseen, str(problem))
        self._tries.pop(sha256, None)
        width, height = seen.size or (None, None)
        facts = AssetFacts(seen.media_type, None, width, height, seen.thumbnail)
        return _Examined(unseen, facts, note=seen.note)

    async def _write(self, found: Sequence[_Examined]) -> list[None]:
        """Write what was found; a take is told where there is something to tell."""
        ctx = self._ctx
        async with ctx.books.database.begin(small=True) as connection:
            told = [
                (each.unseen.workspace, each.unseen.sha256, each.facts, each.unreadable)
                for each in found
            ]
            await ctx.books.assets.examined(connection, told)
        for each in found:
            if each.unreadable or each.note or each.size != each.unseen.size:
                await self._tell(each)
        return [None] * len(found)

    async def _tell(self, found: _Examined) -> None:
        ctx = self._ctx
        async with ctx.books.database.read() as connection:
            try:
                take = await ctx.books.takes.of_any_workspace(connection, found.unseen.take)
            except TakeNotFoundError:
                return
        note, error = _worded(take, found)
        if note == take.note and error is None:
            return
        async with ctx.books.database.begin(small=True) as connection:
            job = await ctx.progress.lock(connection, take.job)
            await _note(connection, take.id, note, error)
            into = Moves()
            into.add(take, take.status)  # it stays, and its row is told anew
            await ctx.progress.report(connection, job, into)
        if error is not None:
            said = event(take=take.id, job=take.job, asset=found.unseen.sha256, reason=note)
            _LOG.error("asset.unreadable", extra=said)

    async def _sweep(self) -> Never:
        """Take up what others have left, when there is nothing else to do here."""
        ctx = self._ctx
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = ctx.books.clock().timestamp()
            if not self._queue.empty():
                continue
            try:
                async with ctx.books.database.read() as connection:
                    if not await ctx.books.assets.any_to_examine(connection, now):
                        continue
                async with ctx.books.database.begin() as connection:
                    due = await ctx.books.assets.claim_to_examine(
                        connection, now, now + EXAMINED_WITHIN_S, _SWEPT
                    )
            except UnavailableError as problem:
                _LOG.warning("examining.waits", extra=event(reason=str(problem)))
                continue
            for workspace, sha256, take in due:
                with contextlib.suppress(asyncio.QueueFull):
                    self._queue.put_nowait(_Unseen(workspace, sha256, workspace, TakeId(take)))


def _unreadable(unseen: _Unseen, reason: str) -> _Examined:
    facts = AssetFacts("", thumbnail=False)
    return _Examined(unseen, facts, unreadable=reason)


def _worded(take: Take, found: _Examined) -> tuple[str | None, dict[str, str] | None]:
    """Say what is odd about what came, and what is wrong with it."""
    if found.unreadable:
        reason = f"it came and was paid for, and cannot be read: {found.unreadable}"
        return reason, {"code": "unreadable_picture", "message": reason, "next_step": "stop"}
    odd = (size_note(take, found.size), found.note)
    return "; ".join(filter(None, odd)) or None, None


async def _note(
    connection: AsyncConnection, take: TakeId, note: str | None, error: dict[str, str] | None
) -> None:
    await connection.execute(
        sa.update(TAKES).where(TAKES.c.id == take).values(note=note, error=error)
    )
