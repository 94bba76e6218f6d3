"""What a quality gate does with verdicts: a take passes, is made again, or waits for a person.

A quality gate is a stage between RENDER and the gate `review`. Its own part is to assess takes, in
an object that is a `QualityGate`; everything after that is here, and the same for all of them:

    async def work(tools: StageTools, payload: Payload) -> None:
        await examine(tools.ctx, payload, STEP, tools.technical)

`examine` reads the takes that this gate has not judged (`to_judge`), has them assessed a few rows
at a time, writes the verdicts down (`write`) and sends the job on or back (`go_on`). A gate that
must wait for something in between calls the three itself; each is safe to repeat.

A take that fails is ordered again, at most so many times for each variant of a row, all gates
together, and only if every budget has room for it. Verdict and new take are one transaction, so
after a crash both are there or none, and the new take is ordered like any other: once. The earlier
take stays, with its charge. What may not be ordered again, and what could not be assessed, waits
for a person: the job rests at the gate `review` until somebody has decided about each.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.catalog.asking import InvalidModelInputsError, checked
from callsheet.jobs.model import Change, Entry, Job, Shot, ShotUpdate
from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.line.context import LOG, LineContext
from callsheet.line.new_takes import new_take
from callsheet.line.pipeline import Step
from callsheet.line.take_inputs import take_inputs
from callsheet.line.together import together
from callsheet.line.transitions import begin_round, in_stage, leave
from callsheet.ports.engine import Payload
from callsheet.ports.models import UnknownModelError, UnusableCardError
from callsheet.quality.model import Decision
from callsheet.quality.verdicts import Action, Observation, TakeVerdict, failed
from callsheet.takes.model import Take, TakeStatus, moved
from callsheet.takes.standing import newest, row_entry, summed_up

ROWS: Final = 250  # read at a time
_TOGETHER: Final = 8  # rows that are assessed side by side, and then written down
NO_RETAKE_LEFT: Final = "this job allows no further retake"
NO_MONEY: Final = "no budget has room for making it again"
NOT_MADE_AGAIN: Final = "its model would not make it again"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a gate found out about a take; `rules` names what it was judged by.

    `observations` count against it, or are warnings where it passed (`warned`). With `hopeless`
    another take would come to the same, so none is ordered, and `hopeless` says why.
    """

    take: Take
    decision: Decision
    observations: tuple[Observation, ...] = ()
    rules: str = ""
    warned: bool = False
    hopeless: str = ""


@dataclass(frozen=True, slots=True)
class ToJudge:
    """A row, and those of its takes that a gate is to judge; `others` are its other newest ones.

    Takes come whole, with their inputs.
    """

    shot: Shot
    takes: Sequence[Take]
    others: Sequence[Take] = ()


class QualityGate(Protocol):
    """What one gate knows: whom it asks, and how it assesses."""

    name: str  # in verdicts: "technical", "semantic"

    def retakes(self, job: Job) -> int | None:
        """Say how often a variant of this job may be made again; None if it judges no take."""

    def concerns(self, shot: Shot) -> bool:
        """Tell whether takes of this row are judged."""

    async def assess(self, job: Job, row: ToJudge) -> Sequence[Assessment]:
        """Assess takes of one row; those left out are no concern of this gate.

        It is repeated after a crash, so what costs money or time is to be found again. An
        UnavailableError lets the stage wait.
        """


async def examine(ctx: LineContext, payload: Payload, step: Step, gate: QualityGate) -> None:
    """Do the work of a gate's stage: judge what it has not judged, then send the job on or back."""
    after = 0
    while True:
        async with ctx.books.database.read() as connection:
            job = await ctx.jobs.store.of_any_workspace(connection, JobId(payload["job"]))
            retakes = gate.retakes(job)
            if not in_stage(job, payload, step) or retakes is None:
                break
            after, page = await to_judge(ctx, connection, job, gate, after)
        for first in range(0, len(page), _TOGETHER):
            some = page[first : first + _TOGETHER]
            found = await together(gate.assess(job, row) for row in some)
            assessed = [each for of_row in found for each in of_row]
            async with ctx.books.database.begin() as connection:
                job = await ctx.jobs.store.lock(connection, job.id)
                if not in_stage(job, payload, step):
                    return
                await write(ctx, connection, job, gate.name, assessed, retakes)
        if not after:
            break
    await go_on(ctx, payload, step)


async def to_judge(
    ctx: LineContext, connection: AsyncConnection, job: Job, gate: QualityGate, after: int = 0
) -> tuple[int, list[ToJudge]]:
    """Read a page of rows after one that have takes which a gate is to judge.

    That is the newest take of each variant, if it made something, this gate has given no verdict
    about it, and no other gate has found it to fail. Answers the row to go on after, 0 at the end.
    """
    shots = await ctx.jobs.store.shots(connection, job.id, after=after, limit=ROWS)
    if not shots:
        return 0, []
    of_rows = newest(await ctx.books.takes.of_rows(connection, job.id, shots[0].row, shots[-1].row))
    made = {
        take.id
        for takes in of_rows.values()
        for take in takes
        if take.status is TakeStatus.SUCCEEDED and take.asset
    }
    judged = await ctx.verdicts.of_takes(connection, made)
    wanted = {
        take
        for take in made
        if not failed(judged.get(take, ()))
        and all(each.gate != gate.name for each in judged.get(take, ()))
    }
    whole = {take.id: take for take in await ctx.books.takes.some(connection, wanted)}
    page = []
    for shot in shots:
        takes = of_rows.get(shot.row, [])
        mine = [whole[take.id] for take in takes if take.id in whole]
        if mine and not shot.plan.removed and gate.concerns(shot):
            others = [take for take in takes if take.id not in whole]
            page.append(ToJudge(shot, mine, others))
    return shots[-1].row, page


async def write(
    ctx: LineContext,
    connection: AsyncConnection,
    job: Job,
    gate: str,
    assessed: Iterable[Assessment],
    retakes: int,
) -> Job:
    """Write verdicts about takes of a locked job down, with the retakes that follow from them.

    Said again it changes nothing: what this gate has judged stays judged. A take that is not the
    newest of its variant any more, or made another file, is left out.
    """
    rows = sorted({each.take.row for each in assessed})
    if not rows:
        return job
    every = await ctx.books.takes.of_these_rows(connection, job.id, rows)
    judged = await ctx.verdicts.of_takes(connection, [take.id for take in every])
    standing = newest(every)
    now = {take.id: take for takes in standing.values() for take in takes}
    new = [
        each
        for each in assessed
        if (take := now.get(each.take.id)) is not None
        and take.asset == each.take.asset
        and all(verdict.gate != gate for verdict in judged.get(take.id, ()))
    ]
    if not new:
        return job
    bounds = _Bounds(retakes, await _room(ctx, connection, job), _made_again(every, judged))
    shots = {shot.row: shot for shot in await ctx.jobs.store.shots_of(connection, job.id, rows)}
    verdicts, again = [], {}
    for each in new:
        verdict, take = _decided(ctx, job, shots[each.take.row], gate, each, bounds)
        verdicts.append(verdict)
        if take is not None:
            again[each.take.id] = take
    await ctx.books.takes.add(connection, again.values())
    await ctx.verdicts.add(connection, verdicts)
    entries = [Entry("verdict", _told(gate, verdicts, now))]
    changed = []
    for row in sorted({take.row for take in again.values()}):
        takes = [again.get(take.id, take) for take in standing[row]]
        status = summed_up(takes)
        changed.append(ShotUpdate(row, status=status, error=None))
        entries.append(row_entry(row, shots[row].scene_id, status, takes))
    await ctx.jobs.store.set_shots(connection, job.id, changed)
    moves = [(now[old].status, None) for old in again]
    change = Change(takes=moved([*moves, *((None, take.status) for take in again.values())]))
    did = Counter(each.action for each in verdicts)
    LOG.info(
        "takes.judged",
        extra=event(
            job=job.id,
            gate=gate,
            passed=did[Action.PASS],
            retakes=did[Action.RETAKE],
            to_people=did[Action.PERSON],
        ),
    )
    return await ctx.jobs.record(connection, job, entries, change)


async def go_on(ctx: LineContext, payload: Payload, step: Step) -> None:
    """Send a job on from a gate's stage; back to where takes are ordered, if some are to be."""
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, JobId(payload["job"]))
        if not in_stage(job, payload, step):
            return
        if job.tally.takes.open:
            orders = ctx.jobs.pipeline(job).orders_before(step.stage)
            await begin_round(ctx.jobs, connection, job, orders)
        else:
            await leave(ctx.jobs, connection, job)


@dataclass(slots=True)
class _Bounds:
    """How often each variant may still be made again, and what all that may cost."""

    retakes: int
    room: Money | None  # None is without bounds
    made_again: dict[tuple[int, int], int] = field(default_factory=dict)

    def refusal(self, each: Assessment) -> str:
        """Say why a take is not made again; "" if it may be."""
        if each.hopeless:
            return each.hopeless
        place = each.take.row, each.take.variant
        return NO_RETAKE_LEFT if self.made_again.get(place, 0) >= self.retakes else ""

    def covers(self, price: Money) -> bool:
        """Take a price out of what is left; False if there is no room for it."""
        if self.room is None:
            return True
        if price > self.room:
            return False
        self.room -= price
        return True


async def _room(ctx: LineContext, connection: AsyncConnection, job: Job) -> Money | None:
    """Say how much more this job may commit: less what its takes that wait will set aside."""
    left = await ctx.books.money.room(connection, job.workspace, job.id, ctx.books.clock())
    if left is None:
        return None
    return left - await ctx.books.takes.price_of_waiting(connection, job.id)


def _made_again(
    every: Sequence[Take], judged: Mapping[TakeId, Sequence[TakeVerdict]]
) -> dict[tuple[int, int], int]:
    counts: dict[tuple[int, int], int] = {}
    for take in every:
        again = sum(each.action is Action.RETAKE for each in judged.get(take.id, ()))
        counts[take.row, take.variant] = counts.get((take.row, take.variant), 0) + again
    return counts


def _decided(
    ctx: LineContext, job: Job, shot: Shot, gate: str, each: Assessment, bounds: _Bounds
) -> tuple[TakeVerdict, Take | None]:
    """Decide what becomes of a take, and word the one that is made in its place."""
    take = each.take
    assert take.asset is not None  # noqa: S101  # see `to_judge`
    verdict = TakeVerdict(
        take=take.id,
        gate=gate,
        job=job.id,
        asset=take.asset,
        decision=each.decision,
        action=Action.PASS if each.decision is Decision.PASS else Action.PERSON,
        at=ctx.books.clock(),
        warned=each.warned,
        observations=each.observations,
        rules=each.rules,
    )
    if each.decision is not Decision.FAIL:
        return verdict, None
    why = bounds.refusal(each)
    again = None if why else _again(ctx, job, shot, each)
    if not why and again is None:
        why = NOT_MADE_AGAIN
    if again is not None and not bounds.covers(again.price):
        again, why = None, NO_MONEY
    if again is None:
        return replace(verdict, why=why), None
    return replace(verdict, action=Action.RETAKE, retake=again.id), again


def _again(ctx: LineContext, job: Job, shot: Shot, each: Assessment) -> Take | None:
    """Word another take of the same: another seed, and in its prompt what was wrong with this one.

    None if its model does not take it any more.
    """
    take = each.take
    told = [seen.prompt for seen in each.observations if seen.prompt]
    attempt = take.attempt + 1
    try:
        card = ctx.providers.catalog.card(shot.model)
        for words in (told, []):  # a prompt may be too long with them
            try:
                checked(card, take_inputs(card, card, shot, take.variant, attempt, words))
            except InvalidModelInputsError:
                continue
            return new_take(ctx, job, shot, take.variant, attempt, again=attempt, told=words)
    except (UnknownModelError, UnusableCardError):
        return None
    return None


def _told(
    gate: str, verdicts: Sequence[TakeVerdict], takes: Mapping[TakeId, Take]
) -> dict[str, Any]:
    """Word an entry of the journal: how many passed, and each that did not."""
    others = [each for each in verdicts if each.action is not Action.PASS]
    return {
        "gate": gate,
        "passed": len(verdicts) - len(others),
        "takes": [
            {
                "take": each.take,
                "row": takes[each.take].row,
                "variant": takes[each.take].variant,
                "verdict": each.decision,
                "action": each.action,
                "retake": each.retake,
                "because": [seen.check for seen in each.observations],
                "why": each.why,
            }
            for each in others
        ],
    }
