"""A job's journal and state as streams carry them, with links that work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from callsheet.assets.model import AssetFacts
from callsheet.assets.store import AssetStore
from callsheet.jobs.model import Job, Written
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId
from callsheet.ports.database import Database
from callsheet.provenance.model import Signature
from callsheet.views.signed import shown_signed, signed_of
from callsheet.views.state import StateView, shown_asset

_CROSSINGS: Final = 100  # read at a time


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One entry of a journal as JSON; `name` is "row" for a row's change, else "journal"."""

    sequence: int
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job at a place in its journal; `rows` is None if they were not asked for."""

    job: Job
    header: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True)
class JournalView:
    """Reads for streams; each verb reads from one connection.

    Raises DatabaseUnavailableError.
    """

    database: Database
    jobs: JobStore
    assets: AssetStore
    documents: StateView

    async def events(self, job: Job, after: int, limit: int) -> list[JournalEvent]:
        """Read at most `limit` entries after a place in a job's journal, in order."""
        async with self.database.read() as connection:
            page = await self.jobs.journal(connection, job.id, after, limit)
            made = _assets_in(page)
            facts = await self.assets.facts(connection, job.workspace, made)
            signed = await signed_of(self.documents.signatures, connection, job, made)
        return [self._event(job, written, facts, signed) for written in page]

    async def entries(self, job: JobId, after: int, limit: int) -> list[Written]:
        """Read at most `limit` entries as they were written, without links, in order."""
        async with self.database.read() as connection:
            return await self.jobs.journal(connection, job, after, limit)

    async def snapshot(
        self, job: JobId, *, rows_up_to: int, not_after: int | None = None
    ) -> Snapshot:
        """Read a job as it stands, with its rows if there are at most so many.

        The rows are left out, too, of a job whose journal has grown beyond `not_after`. Raises
        JobNotFoundError.
        """
        async with self.database.read() as connection:
            found = await self.jobs.of_any_workspace(connection, job)
            wanted = 0 < found.tally.rows <= rows_up_to and (
                not_after is None or found.work.sequence <= not_after
            )
            rows = await self.documents.rows(connection, found) if wanted else None
        return Snapshot(found, self.documents.header(found), rows)

    async def crossings(self, job: JobId, after: int) -> list[Mapping[str, Any]]:
        """Read which budgets were nearly or wholly used up since a place in a job's journal.

        Each has its `budget` (a scope), `share` in percent, `committed` and `limit` in US dollars.
        """
        async with self.database.read() as connection:
            found = await self.jobs.journal(connection, job, after, _CROSSINGS, "budget")
        return [each.body for each in found]

    def _event(
        self,
        job: Job,
        written: Written,
        facts: Mapping[Sha256, AssetFacts],
        signed: Mapping[Sha256, Signature],
    ) -> JournalEvent:
        """Write one entry; a row's change carries fresh links."""
        data = dict(written.body)
        is_row = written.kind == "row"
        if is_row:
            links = self.documents.links
            data["variants"] = [
                {
                    **variant,
                    **shown_asset(links, variant["sha256"], facts),
                    **shown_signed(links, job, signed.get(variant["sha256"])),
                }
                for variant in data["variants"]
            ]
        data |= {"kind": written.kind, "sequence": written.sequence}
        return JournalEvent(written.sequence, "row" if is_row else "journal", data)


def _assets_in(page: Sequence[Written]) -> set[Sha256]:
    """Name the assets that a page of a journal tells of."""
    return {
        variant["sha256"]
        for written in page
        if written.kind == "row"
        for variant in written.body["variants"]
        if variant["sha256"]
    }
