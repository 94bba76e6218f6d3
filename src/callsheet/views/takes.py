"""The life of takes, as people and programs read it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import AssetFacts
from callsheet.assets.store import AssetStore
from callsheet.delivery.links import AssetLinks
from callsheet.jobs.model import Shot
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.moments import time_text
from callsheet.ports.database import Database
from callsheet.ports.models import IN_PROCESS
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.outputs import outputs_of
from callsheet.takes.store import TakeStore
from callsheet.views.providers import Hindrance, ProviderView, waited_for
from callsheet.views.quality import QualityView
from callsheet.views.state import shown_asset

_ROWS: Final = 1_000
S = TakeStatus


@dataclass(frozen=True, slots=True)
class ShownTake:
    """A take, with links to what was made and what happens next.

    `made` has what was made, the main one first: {sha256} and what `shown_asset` tells. `next` is a
    sentence on what will happen next, "" for a take that has ended.
    """

    take: Take
    made: Sequence[Mapping[str, Any]]
    next: str


@dataclass(frozen=True, slots=True)
class TakeView:
    """Reads takes; each verb may raise DatabaseUnavailableError."""

    database: Database
    takes: TakeStore
    assets: AssetStore
    links: AssetLinks
    providers: ProviderView
    quality: QualityView

    async def listed(
        self,
        workspace: WorkspaceId,
        *,
        limit: int,
        before: str | None = None,
        status: TakeStatus | None = None,
        model: str | None = None,
        provider: str | None = None,
        since: datetime | None = None,
    ) -> list[Take]:
        """List takes, newest first; `before` is the id of the take after which to go on."""
        async with self.database.read() as connection:
            return await self.takes.listed(
                connection,
                workspace,
                limit=limit,
                before=before,
                status=status,
                model=model,
                provider=provider,
                since=since,
            )

    async def shown(self, takes: Sequence[Take]) -> list[ShownTake]:
        """Read what was made, and what happens next, of takes of one workspace."""
        if not takes:
            return []
        workspace = takes[0].workspace
        facts: Mapping[Sha256, AssetFacts] = {}
        made: Mapping[TakeId, Sequence[Sha256]] = {}
        if any(take.asset for take in takes):
            async with self.database.read() as connection:
                outputs = await outputs_of(connection, [take.id for take in takes if take.asset])
                told = {take: [each.asset for each in files] for take, files in outputs.items()}
                # a worker of the version before, beside us for an upgrade, writes the first alone
                made = {take.id: told.get(take.id, [take.asset]) for take in takes if take.asset}
                names = {each for files in made.values() for each in files}
                facts = await self.assets.facts(connection, workspace, names)
        hindrances = await self.providers.hindrances(workspace, waited_for(takes))
        return [
            ShownTake(
                take,
                [self._made(each, facts) for each in made.get(take.id, ())],
                explained(take, hindrances),
            )
            for take in takes
        ]

    def ended(self, take: Take, facts: Mapping[Sha256, AssetFacts]) -> ShownTake:
        """Show a take that has ended, with what is known of what was made; nothing is read."""
        return ShownTake(take, [self._made(take.asset, facts)] if take.asset else [], "")

    def _made(self, sha256: Sha256, facts: Mapping[Sha256, AssetFacts]) -> dict[str, Any]:
        return {"sha256": sha256, **shown_asset(self.links, sha256, facts)}

    async def one(self, workspace: WorkspaceId, take: str) -> ShownTake:
        """Read a take, what was made, and what happens next. Raises TakeNotFoundError."""
        async with self.database.read() as connection:
            found = await self.takes.find(connection, workspace, take)
        [shown] = await self.shown([found])
        return shown

    async def life(self, workspace: WorkspaceId, take: str) -> dict[str, Any]:
        """Tell a take's life as JSON, as `take_as_json` does. Raises TakeNotFoundError."""
        async with self.database.read() as connection:
            found = await self.takes.find(connection, workspace, take)
        hindrances = await self.providers.hindrances(workspace, waited_for([found]))
        standing = await self.quality.of_take(workspace, take)
        return {**take_as_json(found, hindrances), **standing.document()}


async def lives(
    jobs: JobStore, takes: TakeStore, connection: AsyncConnection, job: JobId
) -> AsyncIterator[tuple[Shot, list[Take]]]:
    """Read each row of a job with every take there was for it, in order."""
    after = 0
    while page := await jobs.shots(connection, job, after=after, limit=_ROWS):
        of_rows: dict[int, list[Take]] = defaultdict(list)
        for take in await takes.of_rows(connection, job, page[0].row, page[-1].row):
            of_rows[take.row].append(take)
        for shot in page:
            yield shot, of_rows[shot.row]
        after = page[-1].row


def take_as_json(take: Take, hindrances: Mapping[str, Hindrance]) -> dict[str, Any]:
    """Tell a take's life as JSON: what was ordered when, what it cost, what comes next."""
    return {
        "take": take.id,
        "job": take.job,
        "row": take.row,
        "variant": take.variant,
        "attempt": take.attempt,
        "model": take.model,
        "status": take.status,
        "ticket": take.flight.ticket,
        "price": str(take.price),
        "held": str(take.price) if take.flight.held_on else None,
        "charged": str(take.charged),
        **times(take),
        "asset": take.asset,
        "content_digest": take.digests.content,
        "note": take.note,
        "error": dict(take.error) if take.error else None,
        "next": explained(take, hindrances) or None,
    }


def times(take: Take) -> dict[str, str | None]:
    """Tell when each step of a take was."""
    return {
        "created_at": time_text(take.times.created_at),
        "ordered_at": time_text(take.times.ordered_at),
        "accepted_at": time_text(take.times.running_at),
        "made_at": time_text(take.times.adopting_at),
        "finished_at": time_text(take.times.finished_at),
    }


def story(take: Take, hindrances: Mapping[str, Hindrance]) -> str:
    """Tell a take's life in a line: what happened when, why it failed, what comes next."""
    steps: Sequence[tuple[str, datetime | None]] = (
        ("ordered", take.times.ordered_at),
        (f"accepted as {take.flight.ticket}", take.times.running_at),
        ("made", take.times.adopting_at),
        (take.status, take.times.finished_at),
    )
    moments = [f"{what} {when:%H:%M:%S}" for what, when in steps if when is not None]
    why = (take.error or {}).get("message", "") or take.note or ""
    return "; ".join(
        part for part in (", ".join(moments), why, explained(take, hindrances)) if part
    )


def explained(take: Take, hindrances: Mapping[str, Hindrance]) -> str:
    """Say in a sentence what will happen next to a take, and what a person can do.

    `hindrances` tell of providers that take no order now why not.
    """
    rests = take.flight.due_at is None and take.provider not in IN_PROCESS
    waits = "rests until its job goes on" if rests else "waits to be ordered"
    hindered = None if rests else hindrances.get(take.provider)
    why = f"; {hindered}" if hindered else ""
    unasked = why if hindered and hindered.keeps_from_asking else ""
    asking = f"{take.provider} is being asked whether it was ordered; nothing is sent again"
    person = (
        f"{take.provider} cannot tell whether it was ordered; look there, then:"
        f" callsheet takes reconcile {take.id} --spent or --never-ordered"
    )
    sentences = {
        S.QUOTED: f"{waits}; nothing is out{why}",
        S.HELD: f"{waits}; nothing is out, its money is set aside{why}",
        S.ORDERED: "being made"
        if take.provider in IN_PROCESS
        else f"an order is on its way to {take.provider}",
        S.RUNNING: f"{take.provider} is at work on it (order {take.flight.ticket}){unasked}",
        S.ADOPTING: "made; being brought home",
        S.IN_DOUBT: person if rests else f"{asking}{unasked}",
    }
    return sentences.get(take.status, "")
