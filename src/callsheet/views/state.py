"""The state document of a job: what the API answers, streams carry and the ledger keeps."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import AssetFacts
from callsheet.assets.store import AssetStore
from callsheet.delivery.links import AssetLinks
from callsheet.jobs.model import FINISHED, Job, JobKind, Shot
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.moments import time_text
from callsheet.ports.database import Database
from callsheet.quality.states import quality_of
from callsheet.takes.model import OUT, Take
from callsheet.takes.standing import newest
from callsheet.takes.store import TakeStore

SCHEMA: Final = 1
PAGE: Final = 250  # rows; telling them holds the loop up for some milliseconds
_UNKNOWN: Final = AssetFacts("image/png")


def shown_asset(
    links: AssetLinks, asset: Sha256 | None, facts: Mapping[Sha256, AssetFacts]
) -> dict[str, str | int | None]:
    """Tell what was made: where it is, what it is, and a picture of it or how the text begins."""
    if asset is None:
        return dict.fromkeys(("url", "thumbnail", "mediaType", "width", "height", "text"))
    known = facts.get(asset, _UNKNOWN)
    shown = known.thumbnail and known.beginning is None
    return {
        "url": links.asset(asset),
        "thumbnail": links.thumbnail(asset) if shown else None,
        "mediaType": known.media_type,
        "width": known.width,
        "height": known.height,
        "text": known.beginning,
    }


@dataclass(frozen=True, slots=True)
class StateView:
    """Builds state documents."""

    jobs: JobStore
    takes: TakeStore
    assets: AssetStore
    links: AssetLinks

    def header(self, job: Job) -> dict[str, Any]:
        """Tell all but the rows."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "version": job.work.sequence,
            "batchId": job.id,
            "kind": job.kind,
            "name": job.name,
            "runMode": job.run_mode,
            "status": job.status,
            "stage": job.work.stage,
            "round": job.work.round,
            "progress": round(job.progress, 4),
            "counts": {
                "rows": job.tally.rows,
                "takes": job.tally.takes.total,
                **asdict(job.tally.takes),
                "failed_rows": job.tally.failed_rows,
            },
            "cost": {
                "quoted": str(job.cost.quoted),
                "held": str(job.cost.held),
                "charged": str(job.cost.charged),
            },
            "references": dict(job.tally.references),
            "problem": dict(job.problem) if job.problem else None,
            "createdAt": time_text(job.times.created_at),
            "startedAt": time_text(job.times.started_at),
            "updatedAt": time_text(job.times.updated_at),
            "finishedAt": time_text(job.times.finished_at),
        }
        if job.kind is JobKind.BATCH and job.status in FINISHED:
            document["files"] = self.links.files(job.id)
        return document

    async def rows(
        self,
        connection: AsyncConnection,
        job: Job,
        *,
        after: int = 0,
        offset: int = 0,
        limit: int = PAGE,
    ) -> list[dict[str, Any]]:
        """Tell a page of rows, in order, those after a row number."""
        told = self.told(connection, job, after=after, offset=offset, limit=limit)
        return [row for _, row in await told]

    async def told(
        self,
        connection: AsyncConnection,
        job: Job,
        *,
        after: int = 0,
        offset: int = 0,
        limit: int = PAGE,
    ) -> list[tuple[Shot, dict[str, Any]]]:
        """Tell a page of rows, each with what it was asked for."""
        shots = await self.jobs.shots(connection, job.id, after=after, offset=offset, limit=limit)
        if not shots:
            return []
        every = await self.takes.of_rows(connection, job.id, shots[0].row, shots[-1].row)
        takes = newest(every)
        made = {take.asset for of_row in takes.values() for take in of_row if take.asset}
        facts = await self.assets.facts(connection, job.workspace, made)
        rows = [(shot, self._row(shot, takes.get(shot.row, []), facts)) for shot in shots]
        _tell_earlier(rows, every)
        return rows

    def _row(
        self, shot: Shot, takes: Sequence[Take], facts: Mapping[Sha256, AssetFacts]
    ) -> dict[str, Any]:
        """Tell one row and its variants."""
        return {
            "row": shot.row,
            "scene_id": shot.scene_id,
            "prompt": shot.prompt,
            "model": shot.model,
            "size": f"{shot.width}x{shot.height}",
            "inputs": dict(shot.inputs),
            "status": shot.status,
            "quoted": str(shot.quoted),
            "error": dict(shot.error) if shot.error else None,
            "references": [dict(each) for each in shot.references.kept],
            "dropped": [dict(each) for each in shot.references.dropped],
            "variants": [self._variant(take, facts) for take in takes],
        }

    def _variant(self, take: Take, facts: Mapping[Sha256, AssetFacts]) -> dict[str, Any]:
        """Tell one variant: its newest take, with links that work for a day at least."""
        return {
            "variant": take.variant,
            "take": take.id,
            "attempt": take.attempt,
            "status": take.status,
            "ticket": take.flight.ticket,
            **shown_asset(self.links, take.asset, facts),
            "sha256": take.asset,
            "cost": str(take.charged),
            "model": take.model,
            "qa": quality_of(take.asset),
            "note": take.note,
            "error": dict(take.error) if take.error else None,
        }

    async def pages(
        self, database: Database, job: Job, *, offset: int = 0, most: int | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Tell every row of a job, or so many of them, page by page."""
        async for page in self.told_pages(database, job, offset=offset, most=most):
            yield [row for _, row in page]

    async def told_pages(
        self, database: Database, job: Job, *, offset: int = 0, most: int | None = None
    ) -> AsyncIterator[list[tuple[Shot, dict[str, Any]]]]:
        """Tell rows page by page, each with what it was asked for.

        Each page is read by itself, and is at least as new as `job`: no connection is kept for as
        long as somebody takes to do something with it.
        """
        after, left = 0, most
        while left is None or left > 0:
            limit = PAGE if left is None else min(PAGE, left)
            async with database.read() as connection:
                page = await self.told(connection, job, after=after, offset=offset, limit=limit)
            if not page:
                return
            yield page
            after, offset = page[-1][0].row, 0
            left = None if left is None else left - len(page)


def _tell_earlier(rows: Sequence[tuple[Shot, dict[str, Any]]], takes: Sequence[Take]) -> None:
    """Tell beside a variant of its earlier takes that cost something, or still may."""
    earlier: dict[tuple[int, int], list[Take]] = {}
    for take in takes:
        earlier.setdefault((take.row, take.variant), []).append(take)
    for shot, row in rows:
        for variant in row["variants"]:
            told = [
                {
                    "take": take.id,
                    "model": take.model,
                    "status": take.status,
                    "cost": str(take.charged),
                }
                for take in earlier[shot.row, variant["variant"]]
                if take.attempt < variant["attempt"] and (take.charged.micros or take.status in OUT)
            ]
            if told:
                variant["earlier"] = told
