"""Rebuilding jobs from manifest and state: what the public ledger tells, and no more."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.lineage import Lineage, add_lineage, of_take
from callsheet.assets.model import Asset, asset_key
from callsheet.controls.model import request_kept
from callsheet.controls.store import AnswerStore
from callsheet.delivery.errors import LedgerCorruptError
from callsheet.delivery.ledger import Ledger
from callsheet.intake.model import RunMode
from callsheet.jobs.model import (
    DONE,
    FINISHED,
    Cost,
    Counts,
    Entry,
    Job,
    JobKind,
    JobStatus,
    JobTimes,
    Shot,
    ShotStatus,
    Tally,
    Work,
)
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.accepted import Accepted, Priced
from callsheet.line.batch import BATCH
from callsheet.line.context import LineContext
from callsheet.line.control import PAUSED
from callsheet.line.estimates import corrections_in
from callsheet.line.manifest import reference_in, shot_in
from callsheet.line.new_takes import new_take
from callsheet.line.recovery.from_snapshot import RESTORED_MESSAGE
from callsheet.line.recovery.result import Restored, write_money
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.models import ModelCard, Payload
from callsheet.takes.model import ENDED, Take, TakeStatus, counted
from callsheet.takes.outputs import main_outputs, restore_outputs
from callsheet.takes.snapshot import RESTORED_DOUBT
from callsheet.takes.standing import summed_up


@dataclass(frozen=True, slots=True)
class PublicLedgerReader:
    """Brings jobs back from what the public ledger tells: with less, where there is nothing else.

    So are jobs that a callsheet wrote which knew no recovery snapshots.
    """

    ctx: LineContext
    ledger: Ledger
    answers: AnswerStore

    async def version(self, job_id: JobId) -> int:
        """Tell how far the public ledger is; not at all if there is no good one."""
        try:
            return int((await self.ledger.read(job_id))["version"])
        except (LedgerCorruptError, BlobNotFoundError):
            return 0

    async def restore(self, job_id: JobId) -> Restored:
        """Bring one job back.

        Raises LedgerCorruptError, BlobNotFoundError, UnknownModelError, UnusableCardError.
        """
        manifest = await self.ledger.manifest(job_id)
        state = await self.ledger.read(job_id)
        job = _job(manifest, state)
        shots, takes, assets = [], [], []
        async for written, row in self._rows(manifest, state):
            asked = shot_in(job_id, written)
            shot = replace(
                asked,
                references=replace(
                    asked.references,
                    kept=tuple(row.get("references", ())),
                    dropped=tuple(row.get("dropped", ())),
                ),
                error=row.get("error"),
            )
            made = [
                pair
                for variant in row["variants"]
                if (pair := await self._made(job, shot, variant)) is not None
            ]
            out = [
                take
                for variant in row["variants"]
                if (take := self._maybe_out(job, shot, variant)) is not None
            ]
            back = [*(take for take, _ in made), *out]
            takes += back
            assets += [asset for _, asset in made]
            shots.append(replace(shot, status=_status(job, shot, row, back)))
        job = replace(
            job,
            tally=replace(
                job.tally,
                rows=len(shots),
                takes=_counts(job, shots, takes),
                failed_rows=_failed_rows(shots, takes),
            ),
            cost=replace(
                job.cost,
                held=Money(sum(take.price.micros for take in takes if take.flight.held_on)),
                charged=Money(sum(take.charged.micros for take in takes)),
            ),
        )
        await self._write(job, shots, takes, assets, manifest)
        return Restored(job_id, rows=len(shots), pictures=len(assets))

    async def _rows(
        self, manifest: Mapping[str, Any], state: Mapping[str, Any]
    ) -> AsyncIterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Read each shot of a manifest with what a state tells of it; both are in order of row."""
        told = (row async for page in self.ledger.rows(state) for row in page)
        row = await anext(told, None)
        async for page in self.ledger.shots(manifest):
            for written in page:
                while row is not None and row["row"] < written["row"]:
                    row = await anext(told, None)
                known = row is not None and row["row"] == written["row"]
                yield written, row if known and row else {"variants": []}

    async def _made(
        self, job: Job, shot: Shot, variant: Mapping[str, Any]
    ) -> tuple[Take, Asset] | None:
        """Bring back a take that succeeded, if its picture is still in the store."""
        if variant["status"] != TakeStatus.SUCCEEDED:
            return None
        sha256 = Sha256(variant["sha256"])
        try:
            info = await self.ctx.media.blobs.head(asset_key(sha256))
        except BlobNotFoundError:
            return None
        worded = new_take(self.ctx, job, shot, variant["variant"], variant["attempt"])
        take = replace(
            worded,
            id=TakeId(variant["take"]),
            status=TakeStatus.SUCCEEDED,
            # it is no stranger in its provider's list
            flight=replace(worded.flight, ticket=variant.get("ticket")),
            charged=Money.usd(variant["cost"]),
            asset=sha256,
            times=replace(worded.times, finished_at=job.times.updated_at),
            note=variant.get("note"),
        )
        asset = Asset(
            sha256=sha256,
            workspace=job.workspace,
            media_type=info.content_type,
            size=info.size,
            created_at=job.times.updated_at,
            made_from={"take": take.id, "model": take.model},
            beginning=variant.get("text"),
            width=variant.get("width"),
            height=variant.get("height"),
            thumbnail=bool(variant.get("thumbnail") or variant.get("text")),
        )
        return take, asset

    def _maybe_out(self, job: Job, shot: Shot, variant: Mapping[str, Any]) -> Take | None:
        """Bring back a take of which an order may be with a provider: it is never ordered blindly.

        With the provider's id it is followed. Without one it is in doubt; what was sent with
        references, or in the place of a take that failed its checks, cannot be told from others in
        the provider's list, so a person decides.
        """
        if TakeStatus(variant["status"]) in ENDED or job.run_mode is not RunMode.LIVE:
            return None
        worded = new_take(self.ctx, job, shot, variant["variant"], variant["attempt"])
        if worded.provider not in self.ctx.providers.hosted:
            return None
        now = self.ctx.books.clock()
        flight = replace(
            worded.flight, held_on=now.date().isoformat(), holds=1, due_at=now.timestamp()
        )
        take = replace(
            worded,
            id=TakeId(variant["take"]),
            times=replace(worded.times, ordered_at=job.times.updated_at),
            flight=flight,
        )
        if variant.get("ticket"):
            return replace(
                take,
                status=TakeStatus.RUNNING,
                times=replace(take.times, running_at=now),
                flight=replace(flight, ticket=variant["ticket"]),
            )
        card = self.ctx.providers.catalog.card(take.model)
        untold = shot.references.kept or variant.get("retake_of")
        payload = None if untold else _payload(card, take)
        blind = payload is None
        return replace(
            take,
            status=TakeStatus.IN_DOUBT,
            flight=replace(
                flight,
                order_digest=digest_of(payload) if payload is not None else None,
                due_at=None if blind else now.timestamp(),
            ),
            error=RESTORED_DOUBT if blind else None,
        )

    async def _write(
        self,
        job: Job,
        shots: list[Shot],
        takes: list[Take],
        assets: list[Asset],
        manifest: Mapping[str, Any],
    ) -> None:
        ctx = self.ctx
        async with ctx.books.database.begin() as connection:
            await ctx.jobs.store.add(connection, job)
            await ctx.jobs.store.add_shots(connection, shots)
            references = [reference_in(written) for written in manifest["references"]]
            await ctx.references.store.add(connection, job.id, references)
            await ctx.books.takes.add(connection, takes)
            await ctx.books.assets.add(connection, assets)
            await restore_outputs(connection, main_outputs(takes))
            await add_lineage(connection, [fact for take in takes for fact in _lineage(take)])
            await write_money(ctx, connection, takes)
            await self._write_answer(connection, job, shots, takes)
            entry = Entry("restored", {"version": job.work.sequence, "pictures": len(assets)})
            await ctx.jobs.record(connection, job, [entry])

    async def _write_answer(
        self, connection: AsyncConnection, job: Job, shots: Sequence[Shot], takes: Sequence[Take]
    ) -> None:
        """Remember under which key this was asked for: who repeats the wish gets this answer."""
        request = request_kept(job.settings)
        if request is None:
            return
        if job.kind is not JobKind.SINGLE:
            rows = tuple((shot.row, shot.quoted) for shot in shots)
            notes = tuple(job.settings.get("notes", ()))
            priced = Priced(rows, corrections_in(job.settings), notes)
            answer = Accepted(job.id, job.run_mode, priced).to_answer()
        elif takes:
            answer = {"take": takes[0].id}
        else:
            return  # what failed, or was to be drawn here, is not brought back
        await self.answers.add(connection, job.workspace, request, answer, job.times.created_at)


def _lineage(take: Take) -> list[Lineage]:
    made = [take.asset] if take.asset else []
    return of_take(take, made, take.times.finished_at or take.times.created_at) if made else []


def _payload(card: ModelCard, take: Take) -> Payload | None:
    """Word an order as it may have been sent; None if its card would not word it any more."""
    try:
        payload: Payload = card.payload(card.inputs.model_validate(take.inputs))
    except InvalidInputError:
        return None
    return payload


def _job(manifest: Mapping[str, Any], state: Mapping[str, Any]) -> Job:
    """Rebuild the job row. One that was at work rests: restoring must not spend by itself."""
    job_id, status = JobId(manifest["batchId"]), JobStatus(state["status"])
    finished = status in FINISHED
    message = RESTORED_MESSAGE.format(job=job_id)
    created_at = datetime.fromisoformat(manifest["createdAt"])
    return Job(
        id=job_id,
        workspace=WorkspaceId(manifest["workspace"]),
        kind=JobKind(manifest["kind"]),
        name=manifest["name"],
        run_mode=RunMode(manifest["runMode"]),
        tally=Tally(rows=0, references=state["references"]),
        cost=Cost(quoted=Money.usd(state["cost"]["quoted"])),
        times=JobTimes(
            created_at=created_at,
            updated_at=_moment(state["updatedAt"]) or created_at,
            started_at=_moment(state["startedAt"]),
            finished_at=_moment(state["finishedAt"]),
        ),
        status=status if finished else JobStatus.WAITING,
        problem=state["problem"] if finished else {"code": PAUSED, "message": message},
        settings=manifest["settings"],
        work=Work(
            stage=DONE if finished else BATCH.first.stage,
            round=int(state["round"]),
            paused=not finished,
            sequence=int(state["version"]),
            ledger_version=int(state["version"]),
        ),
        asked=Sha256(asked) if (asked := manifest.get("asked")) else None,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _status(job: Job, shot: Shot, row: Mapping[str, Any], made: list[Take]) -> ShotStatus:
    if not shot.model:
        return ShotStatus.FAILED  # it was refused when its sheet was read
    if len(made) == shot.variants:
        return summed_up(made)
    if job.status not in FINISHED:
        return ShotStatus.QUEUED  # what is missing is made when the job goes on
    lost = {ShotStatus.SUCCEEDED: ShotStatus.FAILED}
    written = ShotStatus(row.get("status", ShotStatus.FAILED))
    return lost.get(written, written)


def _failed_rows(shots: list[Shot], takes: list[Take]) -> int:
    """Count rows that failed before they had any take."""
    made = {take.row for take in takes}
    return sum(shot.status is ShotStatus.FAILED and shot.row not in made for shot in shots)


def _counts(job: Job, shots: list[Shot], takes: list[Take]) -> Counts:
    missing = sum(shot.variants for shot in shots if shot.model) - len(takes)
    counts = counted(take.status for take in takes)
    if job.status is JobStatus.CANCELLED:
        return replace(counts, cancelled=missing)
    return replace(counts, failed=missing) if job.status in FINISHED else counts
