"""Following: orders that are out are asked about when due, whoever placed them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from callsheet.engine.supervision import Loop
from callsheet.jobs.model import JobStatus
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.line.endings import Moves, end, write_moves
from callsheet.line.hosted.bad_ends import ended
from callsheet.line.hosted.calling import call_address
from callsheet.line.hosted.doors import shut
from callsheet.line.hosted.keys import key_for
from callsheet.line.hosted.pacing import Pacer
from callsheet.line.hosted.parcels import kept
from callsheet.line.hosted.reconciling import reconcile
from callsheet.line.hosted.results import made_outputs
from callsheet.line.hosted.rhythm import ROUND_S, keep_at
from callsheet.line.hosted.scribe import Scribe
from callsheet.line.hosted.setting_aside import set_aside
from callsheet.line.hosted.surveying import MOST, REST_S, WORTH_IT, tickets_at_work, turn_s
from callsheet.line.hosted.terms import terms_of
from callsheet.line.house import House
from callsheet.ports.following import SurveyableProvider
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    HostedProvider,
    Made,
    Pending,
    ProviderBlockedError,
    Standing,
    TicketUnknownError,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.takes.flight import Claim
from callsheet.takes.model import OUT, Take, TakeStatus
from callsheet.takes.schedule import backoff_s, next_look_s

_LOG = logging.getLogger("callsheet.hosted")
POLLS: Final = 64
_CLAIM_S: Final = 60.0
_RUNNING: Final = frozenset({TakeStatus.RUNNING})
_DOUBTFUL: Final = OUT - _RUNNING
_LONG_S: Final = 30.0  # of what takes longer, the next look is not in a hurry


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a running take found."""

    provider: HostedProvider
    take: Take
    found: Standing | ProviderError
    key_print: str = ""
    rest_s: float = 0.0  # before which the next look is not due


class Follower:
    """Follows what is due, for as long as it runs. Any number of processes may."""

    def __init__(self, house: House, who: str) -> None:
        self._house, self._who = house, who
        self._scribe: Scribe[Look] = Scribe(partial(write_looks, house), gather_s=ROUND_S)
        self._looking: set[asyncio.Task[None]] = set()
        self._surveyed: set[str] = set()  # providers that are being asked about many takes at once
        self._one_by_one_until: dict[str, float] = {}  # by provider, after its list failed
        self._surveyable = {
            name: provider
            for name, provider in house.hosted.items()
            if isinstance(provider, SurveyableProvider)
        }
        self._pacers = {
            name: Pacer(provider.pace.reads_per_minute) for name, provider in house.hosted.items()
        }

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this follows."""
        return {"follower": self._run, "follow-scribe": self._scribe.run}

    async def _run(self) -> None:
        mend = partial(set_aside, self._house)
        await keep_at(self.round, self._house.wake_follower, mend=mend)

    async def end(self) -> None:
        """Break off what is being looked at; somebody looks again."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def round(self) -> bool:
        """Claim what is due and look at it; tells whether there was anything."""
        free = POLLS - len(self._looking)
        if free < POLLS // 2:  # half of them at a time, when more is due than may be asked
            return False
        house = self._house
        claim = Claim(self._who, house.clock(), _CLAIM_S)
        async with house.database.begin(small=True) as connection:
            claimed = partial(house.flight.claim_to_look_at, connection)
            doubtful = await claimed(_DOUBTFUL, claim, free)
            running = await claimed(_RUNNING, claim, free, but=self._surveyed)
        for provider, group in self._by_provider(doubtful):
            self._start(reconcile(house, provider, group))
        for provider, group in self._by_provider(running):
            if len(group) >= WORTH_IT and self._may_survey(provider.name):
                self._surveyed.add(provider.name)
                self._start(self._survey(provider, group))
            else:
                for take in group:
                    self._start(self._look(provider, take))
        return bool(doubtful or running)

    def _by_provider(self, takes: Sequence[Take]) -> Iterator[tuple[HostedProvider, list[Take]]]:
        groups: dict[str, list[Take]] = defaultdict(list)
        for take in takes:
            if take.provider in self._house.hosted:
                groups[take.provider].append(take)
            else:
                _LOG.error("take.orphaned", extra=event(take=take.id, provider=take.provider))
        return ((self._house.hosted[name], group) for name, group in groups.items())

    def _may_survey(self, provider: str) -> bool:
        """Tell whether a provider can be asked about many takes at once, and is not being asked."""
        one_by_one_until = self._one_by_one_until.get(provider, 0.0)
        return (
            provider in self._surveyable
            and provider not in self._surveyed
            and asyncio.get_running_loop().time() >= one_by_one_until
        )

    async def _survey(self, provider: HostedProvider, takes: Sequence[Take]) -> None:
        """Ask about many takes at once, and one by one about those that are not at work.

        Those at work rest until all others of this provider have had a turn.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            more, out = await self._more_of(provider)
            takes = [*takes, *more]
            surveyable, pacer = self._surveyable[provider.name], self._pacers[provider.name]
            at_work, answered = await tickets_at_work(self._house, surveyable, takes, pacer)
            if not answered:
                self._one_by_one_until[provider.name] = loop.time() + REST_S
            rest: list[Take] = []
            for take in takes:
                stopping = take.cancel_asked or lateness_s(self._house, take) > 0
                if take.ticket in at_work and not stopping:
                    self._note(Look(provider, take, Pending(), rest_s=turn_s(out)))
                else:
                    rest.append(take)
            for first in range(0, len(rest), POLLS):
                group = rest[first : first + POLLS]
                await asyncio.gather(*(self._look(provider, take) for take in group))
            await asyncio.sleep(began + turn_s(len(takes)) - loop.time())
        finally:
            self._surveyed.discard(provider.name)

    async def _more_of(self, provider: HostedProvider) -> tuple[list[Take], int]:
        """Claim what else is due of a provider's running takes; count all that run there."""
        flight, claim = self._house.flight, Claim(self._who, self._house.clock(), _CLAIM_S)
        async with self._house.database.begin() as connection:
            more = await flight.claim_to_look_at(
                connection, _RUNNING, claim, MOST, of=provider.name
            )
            return more, await flight.count_running(connection, provider.name)

    def _start(self, look: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_reported(look))
        self._looking.add(task)
        task.add_done_callback(self._looked)

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._looking.discard(task)
        if len(self._looking) == POLLS // 2 or not self._looking:
            self._house.wake_follower.set()

    async def _look(self, provider: HostedProvider, take: Take) -> None:
        found: Standing | ProviderError
        pacer, key_print = self._pacers[provider.name], ""
        try:
            await pacer.turn()
            key = await key_for(self._house, take)
            key_print = key.print
            if take.cancel_asked or lateness_s(self._house, take) > 0:
                await _stop(provider, take, key)
            found = await provider.poll(take.ticket or "", key)
            if isinstance(found, Made):
                found = await kept(self._house, take, take.ticket or "", found)
        except ProviderError as error:
            found = error
        if isinstance(found, BusyError) and found.retry_after_s is not None:
            pacer.rest(found.retry_after_s)
        self._note(Look(provider, take, found, key_print))

    def _note(self, look: Look) -> None:
        pending = isinstance(look.found, Pending)
        unhurried = pending and terms_of(self._house, look.take).expected_s >= _LONG_S
        self._scribe.add(look, hurry=not unhurried)


async def _stop(provider: HostedProvider, take: Take, key: ProviderKey) -> None:
    """Ask to stop an order; whether it stopped is seen by looking."""
    try:
        await provider.cancel(take.ticket or "", key)
    except ProviderError as error:
        _LOG.warning("take.not_stopped", extra=event(take=take.id, reason=str(error)))


async def _reported(look: Coroutine[Any, Any, None]) -> None:
    """Report a look that fails for a reason nobody foresaw; the take falls due again."""
    try:
        await look
    except UnavailableError as problem:
        _LOG.warning("following.waits", extra=event(reason=str(problem)))
    except Exception:  # noqa: BLE001  # one take must not end the loop for all
        _LOG.exception("following.failed")


def lateness_s(house: House, take: Take) -> float:
    """Say for how long a running take is over its model's time limit; negative before that."""
    limit = terms_of(house, take).time_limit_s
    began = take.running_at or take.created_at
    return (house.clock() - began).total_seconds() - limit


async def write_looks(house: House, looks: Sequence[Look]) -> None:
    """Write down what looks found. Safe to repeat. Raises UnavailableError."""
    now = house.clock()
    made = [(each.take, made_outputs(each.found)) for each in looks if isinstance(each.found, Made)]
    later = [(each, _next(house, each)) for each in looks]
    resting = [(take, due_at) for _, (take, due_at, ended) in later if not ended]
    async with house.database.begin(small=True) as connection:
        await house.flight.made(connection, made, now)
        await house.flight.look_later(connection, resting)
    if made:
        house.wake_bringer.set()
    by_job: dict[JobId, list[Look]] = defaultdict(list)
    for each, (_, _, over) in later:
        if over and not isinstance(each.found, Made):
            by_job[each.take.job].append(each)
    for job_id, group in sorted(by_job.items()):
        await _write_endings(house, job_id, group)
    for each in looks:
        match each.found:
            case ProviderBlockedError() as error:
                await shut(house, error, each.key_print)
            case BusyError(retry_after_s=float() | int() as asked):
                async with house.database.begin() as connection:
                    until = now.timestamp() + asked
                    await house.doors.rest(connection, each.provider.name, until)


def _next(house: House, look: Look) -> tuple[Take, float | None, bool]:
    """Decide about one look: when to look again, or that the take's state changes."""
    take, now = look.take, house.clock().timestamp()
    counted = replace(take, looks=take.looks + 1)
    match look.found:
        case Made() | Ended() | TicketUnknownError():
            return take, None, True
        case Pending() if lateness_s(house, take) > terms_of(house, take).time_limit_s:
            return take, None, True  # told to stop long ago, and it goes on
        case Pending():
            webhook = call_address(house, look.provider, take.id) is not None
            expected = terms_of(house, take).expected_s
            wait = max(look.rest_s, next_look_s(expected, counted.looks, webhook=webhook))
            if take.cancel_asked:
                wait = min(wait, 2.0)
            return counted, now + wait, False
        case BusyError(retry_after_s=asked):
            return counted, now + backoff_s(counted.looks, asked), False
        case _:
            return counted, now + backoff_s(counted.looks), False


async def _write_endings(house: House, job_id: JobId, group: Sequence[Look]) -> None:
    async with house.database.begin(small=True) as connection:
        job = await house.jobs.lock(connection, job_id)
        into, endings = Moves(), []
        hand = await house.flight.in_hand(connection, [each.take for each in group])
        for each in group:
            if each.take.id not in hand:
                continue
            take = hand[each.take.id]
            if isinstance(each.found, Ended):
                cancelled = job.status is JobStatus.CANCELLED and each.found.cancelled
                endings.append(ended(house, take, each.found, cancelled=cancelled))
            else:  # only a person can tell what became of it
                said = _unanswerable(each)
                await house.flight.move(
                    connection, take, TakeStatus.IN_DOUBT, error=said, due_at=None
                )
                into.add(take, TakeStatus.IN_DOUBT)
        await end(house, connection, job, endings, into)
        await write_moves(house, connection, job, into)


def _unanswerable(look: Look) -> dict[str, str]:
    reason = str(look.found) if isinstance(look.found, ProviderError) else "it does not end"
    return {
        "code": "in_doubt",
        "message": f"{reason}; look it up at {look.take.provider} (order {look.take.ticket}), then"
        f" decide with: callsheet takes reconcile {look.take.id} --spent or --never-ordered",
        "next_step": "reconcile",
    }
