"""Hosted composites under way: which may go, and the local take that follows on each.

An answer is looked at by the local compositor, and kept, mended or replaced; an order that failed,
may not go, or takes too long is replaced. The local take is written down with what it follows on,
in one transaction: after a crash there are both or neither, and the hosted order is charged once,
whatever follows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.composites import CompositeRules, CompositeSettings
from callsheet.jobs.model import FINISHED, Job, JobKind
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.line.composite_rows import LOCAL_COMPOSITE, local_inputs
from callsheet.line.context import LOG, Jobs
from callsheet.line.take_inputs import HOSTED_MODEL
from callsheet.line.transitions import stage_payload
from callsheet.orders.progress import Admission
from callsheet.ports.models import Catalog, ProviderError
from callsheet.takes.composites import Bound, HostedComposites
from callsheet.takes.model import ENDED, WAITING, Take, TakeStatus, quoted_take
from callsheet.takes.standing import newest
from callsheet.takes.store import TakeStore
from callsheet.telemetry.metrics import Metrics

COMPOSITE: Final = "composite"  # among a job's settings: what its local takes are asked for
_ORDER_WORK: Final = "order"
_REASON_CHARS: Final = 400
_FOLLOWED: Final = frozenset({TakeStatus.SUCCEEDED, TakeStatus.FAILED})
_COUNTED: Final = frozenset({*_FOLLOWED, TakeStatus.CANCELLED})
Counted = list[tuple[TakeStatus | None, TakeStatus | None]]
_Wording = Callable[[Mapping[str, Any], Take], Mapping[str, Any]]


class CompositeLimitError(ProviderError):
    """A limit of hosted composites is reached; the local compositor makes this one."""

    code: ClassVar[str] = "composite_limit"

    def __init__(self, provider: str, span: str, limit: int) -> None:
        super().__init__(provider, f"the limit of hosted composites {span} is reached ({limit})")


class CompositesOffError(ProviderError):
    """Hosted composites were switched off before this one was ordered."""

    code: ClassVar[str] = "composites_off"

    def __init__(self, provider: str) -> None:
        super().__init__(provider, "hosted composites are off (USE_KONTEXT_COMPOSITE)")


class CompositeTimeoutError(ProviderError):
    """A hosted composite was not there in time; the local compositor makes it."""

    code: ClassVar[str] = "timeout"

    def __init__(self, provider: str, after_s: float, *, ordered: bool) -> None:
        rest = "; the order goes on, and is charged when it is done" if ordered else ""
        super().__init__(provider, f"not done within KONTEXT_TIMEOUT_SECONDS ({after_s:g} s){rest}")


@dataclass(frozen=True, slots=True)
class ComposedTakes:
    """What becomes of hosted composites; every method works in a locked job's transaction."""

    jobs: Jobs
    takes: TakeStore
    catalog: Catalog
    settings: CompositeSettings
    hosted: HostedComposites
    metrics: Metrics

    async def admit(
        self, connection: AsyncConnection, job: Job, takes: Sequence[Take]
    ) -> Admission:
        """Let hosted composites go as far as the limits allow, counted in this transaction.

        Those beyond a limit are refused, which lets the local compositor make them; rows of a
        batch wait for their turn where only too many are under way.
        """
        wishes = await self._wishes(connection, job, takes)
        if not wishes:
            return Admission()
        await self.hosted.lock(connection)
        rules = await self.settings.current(connection)
        now = self.jobs.clock()
        known = await self.hosted.let_go(connection, list(wishes))
        replaced = await self.hosted.replaced(connection, list(wishes))
        refused: dict[TakeId, ProviderError] = {
            take.id: CompositeTimeoutError(
                take.provider, rules.kontext_timeout_seconds, ordered=False
            )
            for take in takes
            if take.id in replaced
        }
        later: set[TakeId] = set()
        new = [take for take in takes if take.id in wishes and take.id not in known]
        if job.status in FINISHED:  # nothing of it is ordered any more
            new = []
        bounds = await self._bounds(connection, rules, now)
        let_go: list[TakeId] = []
        for take in new:
            short = next((each for each in bounds if each.left <= len(let_go)), None)
            if not rules.use_kontext_composite:
                refused[take.id] = CompositesOffError(take.provider)
            elif short is None:
                let_go.append(take.id)
            elif short is bounds[-1] and short.limit and job.kind is JobKind.BATCH:
                later.add(take.id)
            else:
                refused[take.id] = CompositeLimitError(take.provider, short.span, short.limit)
        await self.hosted.add(connection, let_go, now)
        return Admission(refused, frozenset(later))

    async def _bounds(
        self, connection: AsyncConnection, rules: CompositeRules, now: datetime
    ) -> list[Bound]:
        """Count against the limits; the one that passes by itself is the last."""
        at_once, hour, day = await self.hosted.bounds(
            connection,
            at_once=rules.max_concurrent_kontext,
            per_hour=rules.max_kontext_per_hour,
            per_day=rules.kontext_daily_generation_limit,
            now=now,
        )
        return [hour, day, at_once]

    async def not_waiting(
        self, connection: AsyncConnection, job: Job, provider: str
    ) -> tuple[list[Take], bool]:
        """List composites of a provider that takes no order now; and whether others wait there.

        No composite waits for a person: the local compositor makes it.
        """
        if COMPOSITE not in job.settings:
            return [], True
        takes = await self.takes.of_provider(connection, job.id, provider, WAITING)
        wishes = await self._wishes(connection, job, takes)
        return [take for take in takes if take.id in wishes], len(wishes) < len(takes)

    async def follow(
        self,
        connection: AsyncConnection,
        job: Job,
        moves: Sequence[tuple[Take, TakeStatus]],
    ) -> Counted:
        """Let the local compositor follow on hosted composites that ended.

        `moves` are those of takes that this transaction has made. Answers how counts move: those
        of the moves themselves, but for takes that are replaced, and of what follows.
        """
        counts: Counted = [(take.status, to) for take, to in moves]
        if COMPOSITE not in job.settings:
            return counts
        await self._measure(connection, moves)
        replaced = await self.hosted.replaced(connection, [take.id for take, _ in moves])
        counts = [(take.status, to) for take, to in moves if take.id not in replaced]
        if job.status in FINISHED or not self._is_rendered(job):
            return counts
        ended = {take.id for take, to in moves if to in _FOLLOWED and take.status is not to}
        if not ended - replaced:
            return counts
        rows = {take.row for take, _ in moves}
        by_row = newest(await self.takes.of_these_rows(connection, job.id, rows))
        standing = [take for takes in by_row.values() for take in takes if take.id in ended]
        return counts + await self._replaced(connection, job, standing, _after)

    async def replace(
        self, connection: AsyncConnection, job: Job, takes: Sequence[Take], after_s: float
    ) -> Counted:
        """Let the local compositor take the place of orders that take too long, and go on.

        Answers how counts move: from here on, what becomes of the orders moves none.
        """
        if job.status in FINISHED or job.work.paused or not self._is_rendered(job):
            return []
        by_row = newest(
            await self.takes.of_these_rows(connection, job.id, {take.row for take in takes})
        )
        ids = {take.id for take in takes}
        slow = [
            take
            for takes in by_row.values()
            for take in takes
            if take.id in ids and take.status not in ENDED
        ]
        await self.hosted.replace(connection, slow, self.jobs.clock())

        def too_slow(wish: Mapping[str, Any], take: Take) -> dict[str, Any]:
            late = CompositeTimeoutError(take.provider, after_s, ordered=take.status not in WAITING)
            return {**wish, "fell_back": _reason(late.code, str(late))}

        return await self._replaced(connection, job, slow, too_slow)

    async def _replaced(
        self, connection: AsyncConnection, job: Job, takes: Sequence[Take], worded: _Wording
    ) -> Counted:
        """Add a local take behind each hosted composite among these, and have them made."""
        wishes = await self._wishes(connection, job, takes)
        counts: Counted = []
        follows: list[Take] = []
        for take in (take for take in takes if take.id in wishes):
            following = self._following(job, take, worded(wishes[take.id], take))
            follows.append(following)
            counts += [(take.status, None), (None, following.status)]
        if follows:
            await self.takes.add(connection, follows)
            await self._send_out(connection, job, [take.id for take in follows])
        return counts

    async def _wishes(
        self, connection: AsyncConnection, job: Job, takes: Sequence[Take]
    ) -> dict[TakeId, Mapping[str, Any]]:
        """Find hosted composites among a job's takes: what the local compositor is asked for."""
        wish = job.settings.get(COMPOSITE)
        away = [take for take in takes if take.model != LOCAL_COMPOSITE]
        if not wish or not away:
            return {}
        if isinstance(wish, Mapping):
            return {take.id: wish for take in away}
        shots = await self.jobs.store.shots_of(connection, job.id, {take.row for take in away})
        by_row = {shot.row: shot for shot in shots if shot.inputs.get(HOSTED_MODEL)}
        return {
            take.id: local_inputs(self.catalog, by_row[take.row], take.variant)
            for take in away
            if take.row in by_row
        }

    def _is_rendered(self, job: Job) -> bool:
        step = self.jobs.pipeline(job).step(job.work.stage)
        return step is not None and step.orders

    def _following(self, job: Job, take: Take, inputs: Mapping[str, Any]) -> Take:
        card = self.catalog.card(LOCAL_COMPOSITE)
        if reason := str(inputs.get("fell_back") or ""):
            self.metrics.composite_fallbacks.labels(reason.partition(":")[0]).inc()
            said = event(job=job.id, take=take.id, reason=reason)
            LOG.warning("composite.fell_back", extra=said)
        valid = card.inputs.model_validate(inputs).model_dump(mode="json")
        place, content = take.place, take.digests.content
        return quoted_take(
            job,
            place.row,
            place.variant,
            place.attempt + 1,
            card,
            valid,
            self.jobs.clock(),
            content=content,
        )

    async def _send_out(
        self, connection: AsyncConnection, job: Job, takes: Sequence[TakeId]
    ) -> None:
        work_id = f"{_ORDER_WORK}:{job.id}:{job.work.round}:{takes[0]}"
        payload = {**stage_payload(job), "takes": [*takes]}
        await self.jobs.queue.enqueue(connection, _ORDER_WORK, work_id, payload, rank=1)

    async def _measure(
        self, connection: AsyncConnection, moves: Sequence[tuple[Take, TakeStatus]]
    ) -> None:
        """Count composites that ended, and tell of each."""
        now = self.jobs.clock()
        ended = [(take, to) for take, to in moves if to in _COUNTED and take.status is not to]
        ordered = await self.hosted.let_go(connection, [take.id for take, _ in ended])
        for take, to in ended:
            if take.id not in ordered and take.model != LOCAL_COMPOSITE:
                continue
            method = "pil" if take.model == LOCAL_COMPOSITE else "kontext"
            self.metrics.composites.labels(method, to).inc()
            began = take.times.ordered_at
            seconds = (now - began).total_seconds() if began else None
            if seconds is not None:
                self.metrics.composite_seconds.labels(method).observe(seconds)
            said = event(job=take.job, take=take.id, method=method, seconds=seconds)
            if to is TakeStatus.SUCCEEDED:
                LOG.info("composite.saved", extra=said)
            elif to is TakeStatus.FAILED:
                LOG.warning("composite.failed", extra=said)


def _after(wish: Mapping[str, Any], take: Take) -> dict[str, Any]:
    """Word what the local compositor is asked for after a hosted one ended."""
    if take.asset is None:
        error = take.error or {}
        said = str(error.get("message", "the hosted order failed"))
        return {**wish, "fell_back": _reason(str(error.get("code", "failed")), said)}
    answer = {"sha256": take.asset, "working": take.asset, "mode": "style_only"}
    return {**wish, "references": [*wish["references"], answer], "answered": True}


def _reason(code: str, text: str) -> str:
    """Say why a composite is local: a code that can be counted, then a sentence."""
    return f"{code}: {text}"[:_REASON_CHARS]
