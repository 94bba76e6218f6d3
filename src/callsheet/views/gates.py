"""What the quality gates of a job did, and what its good takes cost.

A take is good where its gates let it pass or a person approved it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from callsheet.assets.model import AssetFacts
from callsheet.assets.store import AssetStore
from callsheet.jobs.model import Job
from callsheet.kernel.digests import Sha256
from callsheet.kernel.money import Money
from callsheet.ports.database import Database
from callsheet.quality.states import Quality
from callsheet.quality.verdicts import Action, TakeVerdict
from callsheet.takes.model import Take
from callsheet.views.quality import QualityView, Standing

_GOOD: Final = {Quality.PASS, Quality.WARN}


@dataclass(frozen=True, slots=True)
class GateView:
    """Sums up what gates did."""

    database: Database
    quality: QualityView
    assets: AssetStore

    async def of_job(self, job: Job) -> dict[str, Any]:
        """Sum up one job as JSON: its `gates` by name, and what was `spent` for what is good.

        `retakes_by_reason` counts, for each check, the retakes that it spoke for. `not_ordered`
        counts retakes that a gate would have asked for and that were not ordered, with what they
        would have cost (at the price of the take that failed) and why.

        Raises DatabaseUnavailableError.
        """
        gates: dict[str, _Gate] = {}
        spent = _Spent()
        async for page in self.quality.pages(job.id):
            for each in page:
                for verdict in each.verdicts:
                    gates.setdefault(verdict.gate, _Gate()).count(each.take, verdict)
            spent.count(page, await self._facts(job, page))
        return {
            "job": job.id,
            "gates": {name: gate.document() for name, gate in sorted(gates.items())},
            "spent": spent.document(),
        }

    async def _facts(self, job: Job, page: Sequence[Standing]) -> Mapping[Sha256, AssetFacts]:
        names = {each.take.asset for each in page if each.take.asset is not None}
        async with self.database.read() as connection:
            return await self.assets.facts(connection, job.workspace, names)


@dataclass(slots=True)
class _Gate:
    actions: Counter[Action] = field(default_factory=Counter)
    warned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    refused_cost: Money = field(default_factory=Money)

    def count(self, take: Take, verdict: TakeVerdict) -> None:
        self.actions[verdict.action] += 1
        self.warned += verdict.warned
        if verdict.action is Action.RETAKE:
            self.reasons.update({seen.check for seen in verdict.observations})
        if verdict.why:
            self.refused[verdict.why] += 1
            self.refused_cost += take.price

    def document(self) -> dict[str, Any]:
        return {
            "judged": self.actions.total(),
            "passed": self.actions[Action.PASS],
            "warned": self.warned,
            "retakes": self.actions[Action.RETAKE],
            "retakes_by_reason": dict(self.reasons.most_common()),
            "to_people": self.actions[Action.PERSON],
            "not_ordered": self.refused.total(),
            "not_ordered_cost": str(self.refused_cost),
            "not_ordered_because": dict(self.refused.most_common()),
        }


@dataclass(slots=True)
class _Spent:
    charged: Money = field(default_factory=Money)
    on_good: Money = field(default_factory=Money)
    good: int = 0
    seconds: float = 0.0

    def count(self, page: Sequence[Standing], facts: Mapping[Sha256, AssetFacts]) -> None:
        for each in page:
            self.charged += each.take.charged
            if each.quality in _GOOD and each.take.asset is not None:
                self.good += 1
                self.on_good += each.take.charged
                fact = facts.get(each.take.asset)
                self.seconds += (fact.duration_s or 0.0) if fact is not None else 0.0

    def document(self) -> dict[str, Any]:
        return {
            "charged": str(self.charged),
            "on_good": str(self.on_good),
            "on_what_is_not_used": str(self.charged - self.on_good),
            "good": self.good,
            "per_good_take": _each(self.charged, self.good),
            "good_seconds": round(self.seconds, 3),
            "per_good_second": _each(self.charged, self.seconds),
        }


def _each(charged: Money, count: float) -> str | None:
    return str(Money(round(charged.micros / count))) if count else None
