"""The direct way: a single generation that is answered at once goes out from where it was asked.

Whoever accepts it writes it down, sends it, brings home what came and ends it, in two commits that
it shares with all others of that moment, and without a work of the engine in between:

1. one transaction writes job, shot and take, holds the money and writes the order down;
2. the recovery log has the order: a database lost from here on forgets nothing;
3. the order goes out, once, under the rules by which every order does;
4. what came is stored under its hash;
5. one transaction ends the take and its job and charges, while the recovery log gets the answer;
6. the picture is examined in its locked-down process.

Whatever comes otherwise leaves the take where the loops that move all other takes take it over: a
refusal, a busy provider, an answer that is lost or without what was made, a process that ends. A
process that dies leaves a take that stands at `ordered` under its name, as any other would.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from callsheet.assets.model import Asset, AssetFacts
from callsheet.assets.service import HELD
from callsheet.controls.store import AnswerStore
from callsheet.jobs.many import want_ledgers
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.line.context import LineContext
from callsheet.line.direct_booking import (
    Booked,
    Booker,
    Booking,
    Elsewhere,
    Prepared,
    Replayed,
    Wish,
)
from callsheet.line.direct_ending import MadeOne, end_all
from callsheet.line.direct_recovery import answer_line, order_line
from callsheet.line.stages import render
from callsheet.line.transitions import enter
from callsheet.orders.adoption import mind_price, size_note
from callsheet.orders.availability import is_away
from callsheet.orders.examiner import EXAMINED_WITHIN_S, Examiner
from callsheet.orders.group_commits import GroupCommits
from callsheet.orders.payloads import PayloadBuilder, PreparedOrder
from callsheet.orders.progress import Moves
from callsheet.orders.recording import Result, sent_of, write_results
from callsheet.orders.recovery_log import Line, write_segment
from callsheet.orders.sending import Sender, with_outputs_kept
from callsheet.orders.terms import key_for, terms_of
from callsheet.orders.write_batcher import WriteBatcher
from callsheet.ports.engine import Loop
from callsheet.ports.hosted import (
    HostedProvider,
    Made,
    Submitted,
)
from callsheet.ports.models import Execution, ModelCard, ProviderError
from callsheet.ports.pictures import UnreadablePictureError
from callsheet.takes.at_once import MadeAtOnce
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.moving import TakeUpdate

_LOG = logging.getLogger("callsheet.line")
MOST_OPEN: Final = 128  # orders on their way at a time, of one process to one provider
_FIRST_S: Final = 0.5  # how long others wait for the first answer of a provider, which tells of us
_WRITING_S: Final = 2.0  # at the end, for what has come


@dataclass(frozen=True, slots=True)
class Ended:
    """A take that ended the direct way, and what people are told of its asset."""

    take: Take
    known: Mapping[Sha256, AssetFacts]


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A take that is written down; `ended` tells of its end, None if others bring it to one."""

    take: TakeId
    ended: asyncio.Task[Ended | None]


class DirectOrders:
    """Orders what can be answered at once, in whichever process accepts it."""

    def __init__(self, ctx: LineContext, answers: AnswerStore) -> None:
        self._ctx, self._answers = ctx, answers
        self._wording = PayloadBuilder(ctx)
        self._segments: GroupCommits[Line, None] = GroupCommits(self._write_lines)
        self._endings: GroupCommits[MadeOne, Take | None] = GroupCommits(partial(end_all, ctx))
        self._handing: WriteBatcher[Result] = WriteBatcher(self._hand_over)
        self._examiner = Examiner(ctx, ctx.parallel)
        self._booking: GroupCommits[Prepared, Booking] | None = None
        self._tasks: set[asyncio.Task[Ended | None]] = set()
        self._open: dict[str, int] = defaultdict(int)
        self._sender = Sender(ctx)
        self._told: dict[str, asyncio.Event] = defaultdict(asyncio.Event)  # of its first answer

    def loops(self, who: str) -> Mapping[str, Loop]:
        """Begin to take orders on, under this name; says what is to run meanwhile."""
        booker = Booker(self._ctx, self._answers, who)
        self._booking = GroupCommits(booker.book)
        return {
            "direct-booking": self._booking.run,
            "direct-segments": self._segments.run,
            "direct-endings": self._endings.run,
            "direct-handing": self._handing.run,
            **self._examiner.loops(),
        }

    async def end(self) -> None:
        """Take nothing on any more, and let what is on its way arrive, within the grace.

        The loops must be running still. What is broken off here is found by whoever looks next.
        """
        self._booking = None
        await self._ctx.runtime.shutdown.wait_for(lambda: [*self._tasks])
        rest = list(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WRITING_S):
                await self._handing.drain()

    def takes_on(self, card: ModelCard) -> bool:
        """Tell whether an order for a model would go out from here, as far as can be told now."""
        name = card.provider
        return (
            self._booking is not None
            and not self._ctx.runtime.shutdown.asked.is_set()
            and card.execution is Execution.SYNC
            and name in self._ctx.providers.hosted
            and not is_away(self._ctx, name)
            and self._open[name] < MOST_OPEN
        )

    async def order(self, wish: Wish) -> OnItsWay | Replayed | None:
        """Write a wish down and send it; None, with nothing written, if that must wait.

        Raises BudgetExceededError, ModelDisabledError, IdempotencyMismatchError and
        UnavailableError.
        """
        provider = self._ctx.providers.hosted[wish.card.provider]
        if not await self._may_send(provider.name):
            return None
        self._open[provider.name] += 1
        begun: asyncio.Future[Booking] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._carry(wish, provider, begun))
        self._tasks.add(task)
        task.add_done_callback(partial(self._carried, provider.name))
        booking = await asyncio.shield(begun)
        match booking:
            case Booked():
                return OnItsWay(wish.take.id, task)
            case Replayed():
                return booking
            case _:
                return None

    async def _may_send(self, provider: str) -> bool:
        """Let one order go first, until it is known that our key passes."""
        if provider not in self._sender.trusted and self._open[provider]:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_S):
                    await self._told[provider].wait()
            return provider in self._sender.trusted and self._open[provider] < MOST_OPEN
        return True

    def _carried(self, provider: str, task: asyncio.Task[Ended | None]) -> None:
        self._tasks.discard(task)
        self._open[provider] -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("take.direct_failed", exc_info=error)

    async def _carry(
        self, wish: Wish, provider: HostedProvider, begun: asyncio.Future[Booking]
    ) -> Ended | None:
        """Bring one wish to its end, or to where others take it over."""
        try:
            booking = await self._book(wish, provider)
        except Exception as error:  # noqa: BLE001  # it is raised where it was asked for
            begun.set_exception(error)
            return None
        if not isinstance(booking, Booked):
            begun.set_result(booking)
            return None
        order = booking.order
        try:
            try:
                await self._remember(booking)
            except UnavailableError as problem:
                await self._take_back(order.take, problem)
                return None
            finally:
                begun.set_result(booking)
            return await self._send(provider, order)
        except BaseException:
            self._ctx.runtime.sending.discard(
                sent_of(order.take)
            )  # nothing more is written of it here
            raise

    async def _book(self, wish: Wish, provider: HostedProvider) -> Booking:
        try:
            key = await key_for(self._ctx, wish.take)
            worded = await self._wording.word(provider, wish.take, key)
        except (ProviderError, UnavailableError):
            return Elsewhere.NOW  # what is amiss is told where it can be waited for
        if self._booking is None:
            return Elsewhere.NOW
        return await self._booking.add(Prepared(wish, provider, worded))

    async def _take_back(self, take: Take, problem: UnavailableError) -> None:
        """Let a take of which nothing was sent go the way of all others: the store is away."""
        _LOG.warning("take.handed_over", extra=event(take=take.id, reason=str(problem)))
        ctx = self._ctx
        async with ctx.books.database.begin(small=True) as connection:
            job = await ctx.progress.lock(connection, take.job)
            into, rest = Moves(), TakeUpdate(due_at=None)
            if await ctx.books.in_flight.move(connection, take, TakeStatus.HELD, rest):
                into.add(take, TakeStatus.HELD)
            await ctx.progress.report(connection, job, into)
            if job.wants_orders:
                current = await ctx.jobs.store.lock(connection, take.job)
                await enter(ctx.jobs, connection, current, render.STEP)
            await want_ledgers(connection, [job.id], ctx.books.clock().timestamp())
        ctx.runtime.sending.discard(sent_of(take))

    async def _remember(self, booked: Booked) -> None:
        """Write an order into the recovery log before it goes out."""
        await self._segments.add(order_line(booked))

    async def _write_lines(self, lines: Sequence[Line]) -> list[None]:
        await write_segment(self._ctx.media.blobs, lines)
        return [None] * len(lines)

    async def _send(self, provider: HostedProvider, each: PreparedOrder) -> Ended | None:
        result = await self._sender.send(provider, each)
        self._told[provider.name].set()
        content = _one_output(result)
        if content is not None and isinstance(result, Submitted):
            try:
                return await self._end_made(each.take, result, content)
            except UnreadablePictureError as error:
                reason = str(error)
            except UnavailableError as problem:
                reason = str(problem)
            _LOG.warning("take.handed_over", extra=event(take=each.take.id, reason=reason))
        await self._leave(provider, each, result)
        return None

    async def _end_made(self, take: Take, submitted: Submitted, content: bytes) -> Ended | None:
        """Store what came and end its take; None if it is in other hands by now.

        Raises UnreadablePictureError and UnavailableError: then its answer is to be kept.
        """
        ctx, now = self._ctx, self._ctx.books.clock()
        assert isinstance(submitted.standing, Made)  # noqa: S101  # the caller saw it
        terms = terms_of(ctx, take)
        adopted, unseen = await ctx.media.adopter.adopt_at_once(content, terms.makes)
        cost = submitted.standing.cost
        made = MadeAtOnce(
            take=take,
            ticket=submitted.ticket,
            asset=adopted.sha256,
            charged=take.price if cost is None else cost,
            cost=cost,
            answered_at=now,
            note=size_note(take, adopted.seen.size) or adopted.seen.note,
        )
        mind_price(terms, take, made.charged)
        asset = Asset(
            sha256=adopted.sha256,
            workspace=take.workspace,
            size=adopted.size,
            created_at=now,
            made_from={"take": take.id, "model": take.model, "ticket": submitted.ticket},
            examine_at=now.timestamp() + EXAMINED_WITHIN_S if unseen else None,
            **adopted.seen.facts,
        )
        one = MadeOne(made, asset, str(take.inputs.get("scene") or "single"))
        ended, noted = await asyncio.gather(
            self._endings.add(one),
            self._segments.add(answer_line(made, adopted)),
            return_exceptions=True,
        )
        if isinstance(ended, BaseException):
            raise ended
        if ended is None:
            return None
        if isinstance(noted, BaseException):
            await self._want_ledger(take, noted)
        ctx.runtime.sending.discard(sent_of(take))
        if unseen:
            self._examiner.add(ended, adopted.seen.size)
        return Ended(ended, {adopted.sha256: adopted.seen.told})

    async def _want_ledger(self, take: Take, problem: BaseException) -> None:
        """Have the job's own ledger object written: the recovery log does not have its end."""
        _LOG.warning("recovery.waits", extra=event(take=take.id, reason=str(problem)))
        now = self._ctx.books.clock().timestamp()
        async with self._ctx.books.database.begin(small=True) as connection:
            await want_ledgers(connection, [take.job], now, anew=True)

    async def _leave(
        self, provider: HostedProvider, each: PreparedOrder, result: Submitted | ProviderError
    ) -> None:
        """Leave a take to those who move all others, with what is known of its order."""
        result = await with_outputs_kept(self._ctx, each, result)
        self._handing.add(Result(provider, each.take, result))

    async def _hand_over(self, results: Sequence[Result]) -> None:
        """Write down what others go on with; each job has a ledger object from now on."""
        await write_results(self._ctx, results)
        now = self._ctx.books.clock().timestamp()
        async with self._ctx.books.database.begin(small=True) as connection:
            await want_ledgers(connection, [each.take.job for each in results], now)


def _one_output(result: Submitted | ProviderError) -> bytes | None:
    """Take what an answer holds if that is all there is, and small enough to be in memory."""
    if not isinstance(result, Submitted) or not isinstance(result.standing, Made):
        return None
    made = result.standing
    if made.urls or len(made.inline) != 1 or len(made.inline[0].content) > HELD:
        return None
    return made.inline[0].content
