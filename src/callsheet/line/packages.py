"""Packages of what a job made: previewed, refused by name, released against rules, streamed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

from callsheet.accounts.provider_keys import AuditStore, Deed
from callsheet.delivery.checksums import checked
from callsheet.delivery.errors import (
    NamesCollideError,
    PackageNotReadyError,
    ReleaseRefusedError,
)
from callsheet.delivery.manifests import TAG_MANIFEST
from callsheet.delivery.naming import DEFAULT, NameTemplate
from callsheet.delivery.package import (
    Package,
    PackageFile,
    PackageStore,
    PackageWish,
    media_type_of,
    package_folder,
)
from callsheet.delivery.release import Refusal, standing
from callsheet.delivery.releases import Release, ReleaseStore
from callsheet.delivery.zip_stream import zip_stream
from callsheet.intake.fields import cleaned_text
from callsheet.jobs.model import DONE, Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.errors import ConflictError, FieldError, InvalidInputError
from callsheet.kernel.ids import JobId, WorkspaceId, new_id
from callsheet.line.package_building import PackageBuilder, package_name
from callsheet.line.package_survey import Survey, Surveyor
from callsheet.ports.database import Database

_MOST_REASON: Final = 2_000
_PLACES: Final = "deliveries/"  # where packages go in the store itself


class NothingToReleaseError(ConflictError):
    """No rule refuses anything of the job: there is nothing to override."""

    code = "nothing_to_release"

    def __init__(self, job: str) -> None:
        super().__init__(f"nothing of job {job} is refused; ask for its package")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a package would hold, and what stands against it; nothing was written."""

    name: str
    files: Sequence[tuple[str, str]]  # name, and which file it is
    collisions: dict[str, list[str]]
    refused: Sequence[Refusal]
    missing: Sequence[str]
    left_out: Sequence[str]
    ready: bool


@dataclass(frozen=True, slots=True)
class Packages:
    """Verbs on packages; `workspace` None is any, for who has a signed link."""

    database: Database
    jobs: JobStore
    surveyor: Surveyor
    builder: PackageBuilder
    store: PackageStore
    releases: ReleaseStore
    audit: AuditStore
    clock: Callable[[], datetime]
    _building: WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )

    async def preview(
        self, workspace: WorkspaceId | None, job_id: str, wish: PackageWish
    ) -> Preview:
        """Say what a package would hold. Raises JobNotFoundError, InvalidTemplateError."""
        job, releases = await self._find(workspace, job_id)
        async with self._surveyed(job, wish.names) as survey:
            files = await asyncio.to_thread(
                lambda: [(each.name, each.title) for each in survey.named()]
            )
            return Preview(
                name=package_name(job),
                files=files,
                collisions={name: [*who] for name, who in survey.collisions.items()},
                refused=standing(survey.refused, _keys(releases)),
                missing=survey.missing,
                left_out=survey.left_out,
                ready=job.work.stage == DONE,
            )

    async def package(
        self, workspace: WorkspaceId | None, job_id: str, wish: PackageWish
    ) -> Package:
        """Make a package, or find the one that was made of the same.

        Raises JobNotFoundError, InvalidTemplateError, PackageNotReadyError, NamesCollideError,
        ReleaseRefusedError, AssetDamagedError, StoreUnavailableError.
        """
        job, releases = await self._find(workspace, job_id)
        made_from = {
            "names": NameTemplate.parse(wish.names, job.settings.get("columns", ())).text,
            "partial": wish.partial,
            "releases": [each.id for each in releases],
        }
        folder = package_folder(job.id, job.work.sequence, made_from)
        async with self._building.setdefault(folder, asyncio.Lock()):
            found = await self.store.find(folder)
            if found is not None:
                return found
            async with self._surveyed(job, wish.names) as survey:
                self._judge(survey, wish, releases)
                return await self.builder.build(survey, folder, releases)

    def _judge(self, survey: Survey, wish: PackageWish, releases: Sequence[Release]) -> None:
        job = survey.job
        if job.work.stage != DONE and not wish.partial:
            raise PackageNotReadyError(job.id, job.status, survey.missing)
        if survey.collisions:
            raise NamesCollideError(survey.collisions)
        refused = standing(survey.refused, _keys(releases))
        if refused:
            said = [(f"{each.name}: {each.reason}", each.message) for each in refused]
            raise ReleaseRefusedError(job.id, said)

    async def release(
        self, workspace: WorkspaceId, job_id: str, reason: str, *, by: str
    ) -> Release:
        """Let leave what rules refuse now, and write down who did it and why.

        What is refused later is refused anew. Raises JobNotFoundError, InvalidInputError without
        a reason, NothingToReleaseError.
        """
        text = cleaned_text(reason[: _MOST_REASON + 1]).text
        if not text or len(reason) > _MOST_REASON:
            message = f"say why, in at most {_MOST_REASON} characters"
            raise InvalidInputError(f"reason: {message}", [FieldError("reason", message)])
        job, releases = await self._find(workspace, job_id)
        async with self._surveyed(job) as survey:
            refused = standing(survey.refused, _keys(releases))
        if not refused:
            raise NothingToReleaseError(job.id)
        release = Release(
            id=new_id("rel"),
            job=job.id,
            by=by,
            reason=text,
            refusals={each.key: each.message for each in refused},
            at=self.clock(),
        )
        counts = Counter(str(each.reason) for each in refused)
        outcome = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        deed = Deed(job.workspace, release.at, by, "package.release", f"{job.id}: {text}", outcome)
        async with self.database.begin() as connection:
            await self.jobs.lock(connection, job.id)
            await self.releases.add(connection, release)
            await self.audit.note(connection, deed)
        return release

    def zip(self, package: Package, start: int, length: int) -> AsyncIterator[bytes]:
        """Read a part of a package's archive; only what is asked for is read from the store."""
        entries = lambda: self.store.zip_entries(package)  # noqa: E731  # walked twice
        return zip_stream(entries, self.store.blobs.stream, start, length)

    def files(self, package: Package) -> AsyncIterator[PackageFile]:
        """Walk the files of a package."""
        return self.store.files(package)

    def content(self, file: PackageFile) -> AsyncIterator[bytes]:
        """Read a file of a package, block by block. Raises AssetDamagedError at its end."""
        return checked(self.store.blobs.stream(file.key), file.key, file.sums.crc32)

    async def publish(self, package: Package, prefix: str) -> str:
        """Copy a package into the store below `deliveries/`; where it is. Safe to repeat.

        Its list of tag files comes last: a folder that has it has all the rest.
        """
        place = f"{_PLACES}{'/'.join(filter(None, (*prefix.split('/'), package.name)))}"
        last: list[PackageFile] = []
        async for each in self.files(package):
            if each.path == TAG_MANIFEST:
                last.append(each)
            else:
                await self._copy(each, place)
        for each in last:
            await self._copy(each, place)
        return place

    async def _copy(self, each: PackageFile, place: str) -> None:
        key, kind = f"{place}/{each.path}", media_type_of(each.path)
        await self.store.blobs.put(key, self.content(each), kind)

    async def _find(self, workspace: WorkspaceId | None, job_id: str) -> tuple[Job, list[Release]]:
        async with self.database.read() as connection:
            if workspace is None:
                job = await self.jobs.of_any_workspace(connection, JobId(job_id))
            else:
                job = await self.jobs.find(connection, workspace, job_id)
            return job, await self.releases.of_job(connection, job.id)

    @asynccontextmanager
    async def _surveyed(self, job: Job, names: str = DEFAULT) -> AsyncIterator[Survey]:
        survey = await self.surveyor.survey(job, names)
        with survey.results:
            yield survey


def _keys(releases: Sequence[Release]) -> set[str]:
    return {key for each in releases for key in each.refusals}
