"""Bringing stored: what a provider made comes into our store before the take is called done."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from callsheet.assets.errors import OutputTooLargeError
from callsheet.kernel.errors import CallsheetError, UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.orders.adoption import OutputLostError, adopt_output, lost
from callsheet.orders.context import OrderContext
from callsheet.orders.inline_outputs import drop_inline_outputs, kept
from callsheet.orders.loops import ROUND_S, keep_at, set_aside
from callsheet.orders.memory_budget import MemoryBudget
from callsheet.orders.progress import Moves
from callsheet.orders.recording import made_outputs
from callsheet.orders.settlement import TakeEnding, end
from callsheet.orders.terms import key_for
from callsheet.orders.write_batcher import WriteBatcher
from callsheet.ports.engine import Loop
from callsheet.ports.fetching import FetchError, FetchRefusedError
from callsheet.ports.hosted import Made
from callsheet.ports.models import ProviderError
from callsheet.ports.pictures import StudioUnavailableError, UnreadablePictureError
from callsheet.takes.claims import Claim
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.moving import TakeUpdate
from callsheet.takes.schedule import backoff_s

_LOG = logging.getLogger("callsheet.orders")
_AT_A_TIME: Final = 64
_IN_MEMORY: Final = 256 * 1024**2  # bytes of all outputs that are on their way at once
_CLAIM_S: Final = 330.0
_KEPT_TRYING: Final = timedelta(days=1)  # while whoever keeps the output cannot be reached
_GONE_LOOKS: Final = 10  # downloads of an output that is said not to be there: some minutes
_UNREADABLE_LOOKS: Final = 3  # a damaged file may have been damaged on its way
_DEFECT_LOOKS: Final = 3  # after which a person is told; it is tried on


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """What became of an output: an ending, or another try at `due_at`."""

    take: Take
    ending: TakeEnding | None
    due_at: float | None = None
    outputs: dict[str, object] | None = None
    said: dict[str, str] | None = None  # to a person, of what goes on failing


class OutputDownloader:
    """Brings outputs stored, for as long as it runs. Any number of processes may."""

    def __init__(self, ctx: OrderContext, who: str) -> None:
        self._ctx, self._who = ctx, who
        self._writer: WriteBatcher[StoredOutput] = WriteBatcher(
            partial(write_stored, ctx), gather_s=ROUND_S
        )
        self._downloading: set[asyncio.Task[None]] = set()
        self._room = MemoryBudget(_IN_MEMORY)

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this brings."""
        return {"downloader": self._run, "downloader-writer": self._writer.run}

    async def _run(self) -> None:
        mend = partial(set_aside, self._ctx)
        await keep_at(self.round, self._ctx.runtime.wake_downloader, mend=mend)

    async def end(self) -> None:
        """Break off what is being brought; somebody brings it again."""
        for task in self._downloading:
            task.cancel()
        await asyncio.gather(*self._downloading, return_exceptions=True)

    async def round(self) -> bool:
        """Claim what is due and bring it; tells whether there was anything."""
        ctx, free = self._ctx, _AT_A_TIME - len(self._downloading)
        if free <= 0:
            return False
        claim = Claim(self._who, ctx.books.clock(), _CLAIM_S)
        adopting = {TakeStatus.ADOPTING}
        async with ctx.books.database.begin(small=True) as connection:
            takes = await ctx.books.in_flight.claim_to_look_at(connection, adopting, claim, free)
        for take in takes:
            task = asyncio.create_task(self._download(take))
            self._downloading.add(task)
            task.add_done_callback(self._downloaded)
        return bool(takes)

    def _downloaded(self, task: asyncio.Task[None]) -> None:
        self._downloading.discard(task)
        self._ctx.runtime.wake_downloader.set()

    async def _download(self, take: Take) -> None:
        counted = take.looked_at()
        due_at = self._ctx.books.clock().timestamp() + backoff_s(take.flight.looks)
        try:
            self._writer.add(StoredOutput(take, await adopt_output(self._ctx, take, self._room)))
        except (
            FetchError,
            OutputLostError,
            UnreadablePictureError,
            OutputTooLargeError,
            StudioUnavailableError,  # most likely it was this very file that ended the process
        ) as error:
            if self._is_lost(counted, error):
                self._writer.add(StoredOutput(take, lost(take, error)))
                return
            _LOG.warning("take.output_refused", extra=event(take=take.id, reason=str(error)))
            self._writer.add(StoredOutput(counted, None, due_at, await self._fresh(take)))
        except UnavailableError as problem:
            # what was paid for is never thrown away: it stays `adopting` until our store is back
            with suppress(UnavailableError):
                await self._ctx.progress.troubled(take.job, problem)
            self._writer.add(StoredOutput(take, None, due_at))
        except Exception as defect:  # noqa: BLE001  # one take must not end the loop for all
            _LOG.exception("bringing.failed", extra=event(take=take.id))
            said = _stuck(take, defect) if counted.flight.looks == _DEFECT_LOOKS else None
            self._writer.add(StoredOutput(counted, None, due_at, said=said))

    def _is_lost(self, take: Take, error: CallsheetError) -> bool:
        """Tell whether an output that was paid for is given up."""
        if isinstance(error, FetchError) and error.retry:
            return (
                self._ctx.books.clock() - (take.times.adopting_at or take.times.created_at)
                > _KEPT_TRYING
            )
        if isinstance(error, FetchRefusedError):
            return take.flight.looks >= _GONE_LOOKS
        return take.flight.looks >= _UNREADABLE_LOOKS

    async def _fresh(self, take: Take) -> dict[str, object] | None:
        """Ask the provider again where the outputs lie: addresses expire."""
        provider, ticket = self._ctx.providers.hosted[take.provider], take.flight.ticket or ""
        try:
            standing = await provider.poll(ticket, await key_for(self._ctx, take))
        except ProviderError as error:
            _LOG.warning("take.output_unasked", extra=event(take=take.id, reason=str(error)))
            return None
        if not isinstance(standing, Made):
            return None
        return made_outputs(await kept(self._ctx, take, ticket, standing))


def _stuck(take: Take, defect: Exception) -> dict[str, str]:
    """Tell a person of an output that meets a defect of ours each time it is brought."""
    return {
        "code": "internal_error",
        "message": f"it was made, and cannot be brought stored: {type(defect).__name__}: {defect};"
        f" it is tried again, unless you decide: callsheet takes reconcile {take.id} --spent",
        "next_step": "reconcile",
    }


async def _tell(ctx: OrderContext, stored: StoredOutput) -> None:
    """Write beside a take why it is not downloaded."""
    async with ctx.books.database.begin(small=True) as connection:
        job = await ctx.progress.lock(connection, stored.take.job)
        hand = await ctx.books.in_flight.in_hand(connection, [stored.take])
        if stored.take.id not in hand:
            return
        take, into = hand[stored.take.id], Moves()
        looks = stored.take.flight.looks
        update = TakeUpdate(error=stored.said, due_at=stored.due_at, looks=looks)
        if await ctx.books.in_flight.move(connection, take, take.status, update):
            into.add(take, take.status)
        await ctx.progress.report(connection, job, into)


async def write_stored(ctx: OrderContext, stored: Sequence[StoredOutput]) -> None:
    """Write down what was downloaded. Safe to repeat. Raises UnavailableError."""
    for each in stored:
        if each.said is not None:
            await _tell(ctx, each)
    later = [each for each in stored if each.ending is None and each.said is None]
    if later:
        async with ctx.books.database.begin(small=True) as connection:
            for each in later:
                if each.outputs is not None:
                    await ctx.books.in_flight.set_outputs(connection, each.take, dict(each.outputs))
            await ctx.books.in_flight.look_later(
                connection, [(each.take, each.due_at) for each in later]
            )
    by_job: dict[JobId, list[TakeEnding]] = defaultdict(list)
    for each in stored:
        if each.ending is not None:
            by_job[each.take.job].append(each.ending)
    for job_id, endings in sorted(by_job.items()):
        async with ctx.books.database.begin(small=True) as connection:
            job = await ctx.progress.lock(connection, job_id)
            into = Moves()
            written = await end(ctx, connection, job, endings, into)
            await ctx.progress.report(connection, job, into)
        # what a take did not end with may be all that is left of what was paid for
        await drop_inline_outputs(ctx, [each.take for each in written if each.asset is not None])
