"""How takes stand with those who check them: gates by their verdicts, people by their decisions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.store import AssetStore
from callsheet.jobs.contents import contents_of
from callsheet.jobs.decisions import Decision, DecisionStore
from callsheet.jobs.store import JobStore
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.ports.database import Database
from callsheet.quality.examinations import ExaminationStore, examination_document
from callsheet.quality.states import Quality, assessed_as, quality_of, said_of
from callsheet.quality.verdicts import TakeVerdict, VerdictStore, verdict_document
from callsheet.takes.model import Take
from callsheet.takes.store import TakeStore

_MOST: Final = 1_000
_ROWS: Final = 500  # of a page


@dataclass(frozen=True, slots=True)
class Standing:
    """How a take stands; `decision` is the newest one about it, which holds unless it is stale."""

    take: Take
    verdicts: Sequence[TakeVerdict] = ()
    decision: Decision | None = None
    stale: bool = False
    retake_of: TakeId | None = None

    @property
    def _holding(self) -> Decision | None:
        return None if self.stale else self.decision

    @property
    def quality(self) -> Quality | None:
        """Where it stands, in a word."""
        return quality_of(self.take.asset, assessed_as(self.verdicts, self._holding))

    @property
    def said(self) -> str:
        """Why it stands there."""
        return said_of(self.verdicts, self._holding)

    def document(self) -> dict[str, Any]:
        """Spell it, for the state of its job and for its own life."""
        decision = self.decision
        return {
            "qa": self.quality,
            "qa_note": self.said or None,
            "verdicts": [verdict_document(each) for each in self.verdicts],
            "decision": None if decision is None else decision_document(decision, stale=self.stale),
            "retake_of": self.retake_of,
        }


def decision_document(decision: Decision, *, stale: bool) -> dict[str, Any]:
    """Spell a decision."""
    return {
        "decision": decision.choice,
        "reason": decision.reason,
        "by": decision.by,
        "at": decision.at.isoformat(),
        "sha256": decision.asset,
        "content_digest": decision.content,
        "stale": stale,
    }


def place_document(take: Take) -> dict[str, Any]:
    """Spell where a take belongs, and what a decision about it is bound to."""
    return {
        "take": take.id,
        "job": take.job,
        "row": take.row,
        "variant": take.variant,
        "attempt": take.attempt,
        "status": take.status,
        "sha256": take.asset,
        "content_digest": take.digests.content,
    }


@dataclass(frozen=True, slots=True)
class QualityView:
    """Reads how takes stand, and what was found in files."""

    database: Database
    jobs: JobStore
    takes: TakeStore
    assets: AssetStore
    verdicts: VerdictStore = field(default_factory=VerdictStore)
    decisions: DecisionStore = field(default_factory=DecisionStore)
    examinations: ExaminationStore = field(default_factory=ExaminationStore)

    async def standings(
        self, connection: AsyncConnection, job: JobId, takes: Sequence[Take]
    ) -> dict[TakeId, Standing]:
        """Read how takes of one job stand, in the caller's transaction.

        Which take one was made in the place of is known where that is among them.
        """
        ids = [take.id for take in takes]
        verdicts = await self.verdicts.of_takes(connection, ids)
        newest = {each.take: each for each in await self.decisions.of_takes(connection, ids)}
        rows = {take.row for take in takes if take.id in newest}
        shown = await contents_of(self.jobs, connection, job, rows) if rows else {}
        before = {
            each.retake: take
            for take, given in verdicts.items()
            for each in given
            if each.retake is not None
        }
        return {
            take.id: Standing(
                take,
                verdicts.get(take.id, ()),
                decided := newest.get(take.id),
                decided is not None and decided.is_stale(shown[take.row]),
                before.get(take.id),
            )
            for take in takes
        }

    async def of_take(self, workspace: WorkspaceId, take: str) -> Standing:
        """Read how one take stands. Raises TakeNotFoundError."""
        async with self.database.read() as connection:
            found = await self.takes.find(connection, workspace, take)
            of_row = await self.takes.of_these_rows(connection, found.job, [found.row])
            standings = await self.standings(connection, found.job, of_row)
        return standings[found.id]

    async def told(self, workspace: WorkspaceId, take: str) -> dict[str, Any]:
        """Tell how one take stands, with its place. Raises TakeNotFoundError."""
        standing = await self.of_take(workspace, take)
        return {**place_document(standing.take), **standing.document()}

    async def of_job(self, job: JobId, *, waiting: bool = False) -> list[Standing]:
        """Read how the takes of a job stand, the first thousand; with `waiting` those that wait."""
        async with self.database.read() as connection:
            if waiting:
                names = await self.verdicts.waiting(connection, job, _MOST)
                takes = await self.takes.some(connection, names)
            else:
                takes = await self.takes.first_of_job(connection, job, _MOST)
            standings = await self.standings(connection, job, takes)
        return [standings[take.id] for take in takes]

    async def pages(self, job: JobId) -> AsyncIterator[list[Standing]]:
        """Read how every take of a job stands, in the order of its rows, page by page."""
        after = 0
        while True:
            async with self.database.read() as connection:
                rows = await self.jobs.shots(connection, job, after=after, limit=_ROWS)
                if not rows:
                    return
                takes = await self.takes.of_rows(connection, job, rows[0].row, rows[-1].row)
                standings = await self.standings(connection, job, takes)
            yield [standings[take.id] for take in takes]
            after = rows[-1].row

    async def findings(self, workspace: WorkspaceId, sha256: str) -> list[Mapping[str, Any]]:
        """Read what was found in an asset, newest examination first. Raises AssetNotFoundError."""
        async with self.database.read() as connection:
            asset = await self.assets.find(connection, workspace, sha256)
            found = await self.examinations.of_asset(connection, workspace, asset.sha256)
        return [examination_document(each) for each in found]
