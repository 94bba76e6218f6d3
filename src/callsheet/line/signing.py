"""Signing in the line: which jobs sign, and that nothing of theirs leaves unsigned."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from callsheet.jobs.model import (
    FINISHED,
    SIGN,
    Change,
    Entry,
    Job,
    JobStatus,
    JobUpdate,
    signs,
)
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, LineContext
from callsheet.line.together import together
from callsheet.ports.engine import Payload
from callsheet.provenance.errors import SigningOffError
from callsheet.provenance.service import Signing
from callsheet.views.state import StateView

ALWAYS: Final = "always"
NEVER: Final = "never"
_AT_A_TIME: Final = 2


@dataclass(frozen=True, slots=True)
class SigningPolicy:
    """Which jobs sign: all, those that ask, or none; and with what."""

    when: str
    signing: Signing

    def settings(self, *, asked: bool) -> dict[str, Any]:
        """Word what a new job's settings say of signing.

        Raises SigningOffError, and a SigningKeyError now rather than when all is paid for.
        """
        if asked and self.when == NEVER:
            raise SigningOffError
        if not asked and self.when != ALWAYS:
            return {}
        self.signing.insist_on_key()
        return {SIGN: True}


async def sign_made(signing: Signing, ctx: LineContext, state: StateView, job: Job) -> None:
    """Sign all that a job made, where it signs. Raises as `Signing.sign`; nothing left then."""
    if not signs(job):
        return
    async for page in state.pages(ctx.books.database, job):
        made = {
            Sha256(variant["sha256"])
            for row in page
            for variant in row["variants"]
            if variant["sha256"] and not variant["signed"]
        }
        await _sign(signing, job.workspace, sorted(made))


async def _sign(signing: Signing, workspace: WorkspaceId, assets: Collection[Sha256]) -> None:
    limit = asyncio.Semaphore(_AT_A_TIME)

    async def one(sha256: Sha256) -> None:
        async with limit:
            await signing.sign(workspace, sha256)

    await together(one(sha256) for sha256 in assets)


async def rest_unsigned(ctx: LineContext, payload: Payload, error: CallsheetError) -> None:
    """Let a job whose files cannot be signed rest undelivered, and say by name what to do."""
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, JobId(payload["job"]))
        if job.status in FINISHED or job.work.paused or job.work.round != payload["round"]:
            return
        way_on = f"then: callsheet jobs resume {job.id}"
        said = {"code": error.code, "message": f"nothing was delivered: {error}; {way_on}"}
        update = JobUpdate(paused=True, status=JobStatus.WAITING, problem=said)
        await ctx.jobs.record(connection, job, [Entry("problem", said)], Change(update=update))
    LOG.error("delivery.unsigned", extra=event(job=job.id, code=error.code, reason=str(error)))
