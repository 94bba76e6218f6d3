"""How far the judges of a workspace can be trusted, and what they said of a take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.moments import time_text
from callsheet.ports.database import Database
from callsheet.quality.judge.calibration import LEAST_DECISIONS, Calibration, calibrated
from callsheet.quality.judge.store import Judging, JudgingStore
from callsheet.takes.store import TakeStore


@dataclass(frozen=True, slots=True)
class JudgeView:
    """Reads what judges said; each verb may raise DatabaseUnavailableError."""

    database: Database
    store: JudgingStore
    takes: TakeStore

    async def calibration(
        self, workspace: WorkspaceId, model: str | None = None
    ) -> Mapping[str, Calibration]:
        """Compare what models said with what people decided, by model."""
        async with self.database.read() as connection:
            compared = await self.store.compared(connection, workspace, model)
        return calibrated(compared)

    async def of_take(self, workspace: WorkspaceId, take: str) -> list[dict[str, Any]]:
        """Tell as JSON what each model said of a take. Raises TakeNotFoundError."""
        async with self.database.read() as connection:
            found = await self.takes.find(connection, workspace, take)
            judgings = (await self.store.of_takes(connection, [found.id])).get(found.id, [])
        return [judging_document(each) for each in judgings]


def calibration_document(found: Mapping[str, Calibration]) -> dict[str, Any]:
    """Spell calibrations as JSON."""
    judges = [each.to_json() for each in found.values()]
    return {"least_decisions": LEAST_DECISIONS, "confidence": 0.95, "judges": judges}


def judging_document(judging: Judging) -> dict[str, Any]:
    """Spell what a model said of a take as JSON; the answers themselves are its askings' texts."""
    return {
        "take": judging.take,
        "model": judging.model,
        "sha256": judging.asset,
        "decision": judging.decision,
        "because": judging.because,
        "scores": dict(judging.scores) if judging.scores else None,
        "spread": dict(judging.spread) if judging.spread else None,
        "failed": list(judging.failed),
        "questions": [each.to_json() for each in judging.questions],
        "pictures": [{"sha256": each.sha256, "shows": each.shows} for each in judging.pictures],
        "askings": [str(TakeId(each)) for each in judging.asked],
        "at": time_text(judging.at),
    }
