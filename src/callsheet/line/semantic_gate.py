"""The semantic gate: what a judge has answered about takes, as far as it is to be trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.intake.model import RunMode
from callsheet.jobs.model import Job, Shot
from callsheet.kernel.ids import TakeId
from callsheet.line.judging import Judges
from callsheet.line.verdicts import Assessment, ToJudge
from callsheet.quality.judge.asking import asking_of
from callsheet.quality.judge.calibration import Calibration, calibrated, is_sampled
from callsheet.quality.judge.scoring import Opinion, opinion_of
from callsheet.quality.judge.store import Judging
from callsheet.quality.judge.wish import JudgeWish, wish_of
from callsheet.quality.model import Decision
from callsheet.quality.verdicts import Observation
from callsheet.takes.model import Take

GATE: Final = "semantic"


@dataclass(slots=True)
class SemanticGate:
    """Implements line.verdicts.QualityGate by what the judge has answered."""

    judges: Judges
    name: str = GATE
    _trust: Calibration | None = None
    _opinions: dict[TakeId, tuple[Judging, Opinion]] = field(default_factory=dict)

    def retakes(self, job: Job) -> int | None:
        """Say how often a variant of this job may be made again; None if it is not judged."""
        return wish_for(job).retakes if is_judged(job) else None

    def concerns(self, shot: Shot) -> bool:
        """Judge takes of every row: what the judge cannot see is a person's."""
        return not shot.plan.removed

    async def assess(self, job: Job, row: ToJudge) -> Sequence[Assessment]:
        """Weigh what the judge has answered about takes of a row."""
        wish = wish_for(job)
        ctx = self.judges.ctx
        ids = [take.id for take in row.takes]
        async with ctx.books.database.read() as connection:
            judgings = await self.judges.store.of_takes(connection, ids)
        trust = await self._trusted(job, wish)
        return [
            await self._assessed(wish, trust, take, judgings.get(take.id, [])) for take in row.takes
        ]

    async def _trusted(self, job: Job, wish: JudgeWish) -> Calibration:
        """Read how far the judge has proved itself, once for all rows."""
        if self._trust is None:
            async with self.judges.ctx.books.database.read() as connection:
                compared = await self.judges.store.compared(connection, job.workspace, wish.model)
            self._trust = calibrated(compared).get(wish.model, Calibration(wish.model))
        return self._trust

    async def _assessed(
        self, wish: JudgeWish, trust: Calibration, take: Take, judgings: Sequence[Judging]
    ) -> Assessment:
        judging = next((each for each in judgings if each.model == wish.model), None)
        rules = f"{wish.model}, asked {wish.askings} times, {wish.point}"
        if judging is None or not judging.questions:
            because = judging.because if judging else "not assessed: it was not put to the judge"
            return Assessment(take, Decision.PERSON, (_person(str(because)),), rules)
        opinion = await self._opinion(judging)
        return _weighed(wish, trust, take, opinion, rules)

    async def _opinion(self, judging: Judging) -> Opinion:
        """Sum up what the judge said."""
        answers = await self.judges.answers(judging)
        askings = [asking_of(take, text, judging.questions) for take, text in answers]
        opinion = opinion_of(judging.questions, askings)
        self._opinions[judging.take] = judging, opinion
        return opinion

    async def keep(self, connection: AsyncConnection, takes: Iterable[TakeId]) -> None:
        """Write down what the judge said of takes: it is counted when a person has decided."""
        now = self.judges.ctx.books.clock()
        for judging, opinion in (self._opinions[take] for take in takes if take in self._opinions):
            await self.judges.store.decided(connection, judging, opinion, now)


def _weighed(
    wish: JudgeWish, trust: Calibration, take: Take, opinion: Opinion, rules: str
) -> Assessment:
    """Let an opinion count as far as the judge is known; a pass may still need a person."""
    match opinion.decision:
        case Decision.FAIL:
            return Assessment(take, Decision.FAIL, _failed(opinion), rules)
        case Decision.PERSON:
            return Assessment(take, Decision.PERSON, (_person(opinion.because),), rules)
        case Decision.PASS:
            # what the judge said is not told here: who decides shall not lean on it
            doubts = trust.doubts(opinion.types, wish.point)
            if doubts is None and is_sampled(take.id, str(take.asset)):
                doubts = "one in ten is, whatever the judge says"
            if doubts is not None:
                return Assessment(
                    take, Decision.PERSON, (_person(f"left to you: {doubts}"),), rules
                )
            return Assessment(take, Decision.PASS, (), rules)


def _person(because: str) -> Observation:
    return Observation(f"judge.{GATE}", because, "Look at it and decide.")


def _failed(opinion: Opinion) -> tuple[Observation, ...]:
    """Word what is wrong; the prompt of the next take is told of it, and not of scores."""
    seen = opinion.failed or (opinion.because,)
    return tuple(
        Observation(
            f"judge.{each.partition(':')[0]}" if opinion.failed else f"judge.{GATE}",
            each,
            "It is made again, if that is allowed.",
            f"Avoid what was wrong before: {each}." if opinion.failed else "",
        )
        for each in seen
    )


def is_judged(job: Job) -> bool:
    """Tell whether a job's takes are put to a judge; previews are not."""
    return job.run_mode is RunMode.LIVE and wish_of(job.settings) is not None


def wish_for(job: Job) -> JudgeWish:
    """Read how a job that is judged is judged."""
    wish = wish_of(job.settings)
    assert wish is not None  # noqa: S101  # other jobs do not come here
    return wish
