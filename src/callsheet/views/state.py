"""The state document of a job: what the API answers, streams carry and the ledger keeps."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import AssetFacts
from callsheet.assets.store import AssetStore
from callsheet.delivery.links import AssetLinks
from callsheet.jobs.model import FINISHED, Job, JobKind, Shot
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.kernel.moments import time_text
from callsheet.ports.database import Database
from callsheet.provenance.model import Signature
from callsheet.provenance.store import SignatureStore
from callsheet.takes.model import Take
from callsheet.takes.standing import newest
from callsheet.takes.store import TakeStore
from callsheet.views.quality import QualityView, Standing
from callsheet.views.signed import shown_signed, signed_of

SCHEMA: Final = 1
PAGE: Final = 250  # rows; telling them holds the loop up for some milliseconds
_TOLD: Final = (
    *("url", "thumbnail", "mediaType", "width", "height", "text"),
    *("duration", "sampleRate", "channels"),
)
_UNKNOWN: Final = AssetFacts("image/png")


def shown_asset(
    links: AssetLinks, asset: Sha256 | None, facts: Mapping[Sha256, AssetFacts]
) -> dict[str, str | float | None]:
    """Tell what was made: where it is, what it is, and a picture of it or how the text begins."""
    if asset is None:
        return dict.fromkeys(_TOLD)
    known = facts.get(asset, _UNKNOWN)
    shown = known.thumbnail and known.beginning is None
    return {
        "url": links.asset(asset),
        "thumbnail": links.thumbnail(asset) if shown else None,
        "mediaType": known.media_type,
        "width": known.width,
        "height": known.height,
        "text": known.beginning,
        "duration": None if known.duration_s is None else round(known.duration_s, 3),
        "sampleRate": known.sample_rate,
        "channels": known.channels,
    }


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the takes of some rows; `earlier` are all of a variant, oldest first."""

    facts: Mapping[Sha256, AssetFacts]
    standings: Mapping[TakeId, Standing]
    earlier: Mapping[tuple[int, int], Sequence[Take]]
    signed: Mapping[Sha256, Signature]

    def signature(self, take: Take) -> Signature | None:
        """Find the signature of what a take made."""
        return self.signed.get(take.asset) if take.asset else None


def _earlier(takes: Iterable[Take]) -> dict[tuple[int, int], list[Take]]:
    of_variant: dict[tuple[int, int], list[Take]] = {}
    for take in sorted(takes, key=lambda each: each.attempt):
        of_variant.setdefault((take.row, take.variant), []).append(take)
    return of_variant


def _told_earlier(standing: Standing) -> dict[str, Any]:
    """Tell a take that a newer one has replaced; what it cost stays spent."""
    take = standing.take
    return {
        "take": take.id,
        "attempt": take.attempt,
        "status": take.status,
        "sha256": take.asset,
        "cost": str(take.charged),
        "model": take.model,
        "qa": standing.quality,
        "qa_note": standing.said or None,
        "error": dict(take.error) if take.error else None,
    }


@dataclass(frozen=True, slots=True)
class StateView:
    """Builds state documents."""

    jobs: JobStore
    takes: TakeStore
    assets: AssetStore
    links: AssetLinks
    quality: QualityView
    signatures: SignatureStore

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
        if job.kind is not JobKind.SINGLE and job.status in FINISHED:
            is_film = job.kind is JobKind.PRODUCTION
            document["files"] = self.links.files(job.id, film=is_film)
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
        standings = await self.quality.standings(connection, job.id, every)
        signed = await signed_of(self.signatures, connection, job, made)
        known = _Known(facts, standings, _earlier(every), signed)
        return [(shot, self._row(job, shot, takes.get(shot.row, []), known)) for shot in shots]

    def _row(self, job: Job, shot: Shot, takes: Sequence[Take], known: "_Known") -> dict[str, Any]:
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
            "variants": [
                {
                    **self._variant(take, known),
                    **shown_signed(self.links, job, known.signature(take)),
                }
                for take in takes
            ],
        }

    def _variant(self, take: Take, known: "_Known") -> dict[str, Any]:
        """Tell one variant: its newest take, with links that work for a day at least."""
        earlier = known.earlier.get((take.row, take.variant), ())
        return {
            "variant": take.variant,
            "take": take.id,
            "attempt": take.attempt,
            "status": take.status,
            "ticket": take.flight.ticket,
            **shown_asset(self.links, take.asset, known.facts),
            "sha256": take.asset,
            "content_digest": take.digests.content,
            "cost": str(take.charged),
            "model": take.model,
            **known.standings[take.id].document(),
            "earlier": [_told_earlier(known.standings[each.id]) for each in earlier[:-1]],
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
