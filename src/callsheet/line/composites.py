"""Composites asked for one at a time: hosted while that may be, local otherwise, always one."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from callsheet.assets.model import Asset, asset_key
from callsheet.controls.model import Request
from callsheet.intake.model import RunMode
from callsheet.intake.service import FETCH_TIMEOUT_S, MAX_REFERENCE_BYTES
from callsheet.kernel.digests import Sha256, is_sha256, sha256_of
from callsheet.kernel.errors import (
    CallsheetError,
    FieldError,
    InvalidInputError,
    shown,
)
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.logs import event
from callsheet.line.composed import COMPOSITE
from callsheet.line.composite_rows import LOCAL_COMPOSITE, CompositeHosting, Hosting
from callsheet.line.context import LOG, LineContext
from callsheet.line.single import Generations, Started
from callsheet.ports.fetching import Fetcher, FetchError
from callsheet.takes.model import ENDED, Take
from callsheet.takes.tables import TAKES, take_of

PROMPT: Final = (
    "Place the product of the second picture into the scene of the first picture. Keep the product"
    " exactly as it is: its shape, its colours and every letter on it. Natural light of the scene,"
    " a contact shadow where it stands, correct scale."
)
_SIDES: Final = 256, 4_096


@dataclass(frozen=True, slots=True)
class Asked:
    """One composite. `scene` and `products` are file contents, addresses, or hashes of assets.

    `inputs` are those of the local compositor besides its references.
    """

    scene: bytes | str
    products: Sequence[bytes | str]
    method: str = ""
    prompt: str = ""
    inputs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Composites:
    """Composites: brought in, decided about, asked for."""

    ctx: LineContext
    generations: Generations
    fetcher: Fetcher
    hosting: CompositeHosting

    async def now(self, workspace: WorkspaceId) -> Hosting:
        """Tell whether composites are hosted now. Raises DatabaseUnavailableError."""
        async with self.ctx.books.database.read() as connection:
            switches = await self.ctx.books.switches.all(connection)
            return await self.hosting.now(connection, switches, workspace)

    async def start(
        self, workspace: WorkspaceId, asked: Asked, request: Request | None = None
    ) -> Started:
        """Write a composite down and have it made; a hosted one is followed by a local take.

        Raises UnreadablePictureError, InvalidInputError (what is not fetched is one, too), and
        DatabaseUnavailableError.
        """
        references = [await self._brought(workspace, asked.scene, "subject")]
        references += [await self._brought(workspace, each, "product") for each in asked.products]
        local = {**(asked.inputs or {}), "prompt": asked.prompt, "references": references}
        hosting = await self.now(workspace)
        method = asked.method or hosting.rules.composite_method
        pictures = " ".join(each["sha256"] for each in references)
        reason = hosting.why_local(method, len(asked.products), pictures)
        if hosting.card is not None and not reason:
            try:
                return await self._hosted(workspace, hosting.card.id, asked, local, request)
            except CallsheetError as error:
                if method == "kontext":
                    raise
                reason = f"{error.code}: {error}"
        if method != "pil":
            self.ctx.books.metrics.composite_fallbacks.labels(reason.partition(":")[0]).inc()
            LOG.warning("composite.fell_back", extra=event(workspace=workspace, reason=reason))
            local["fell_back"] = reason[:400]
        return await self.generations.start(
            workspace,
            LOCAL_COMPOSITE,
            local,
            RunMode.LIVE,
            request,
            settings={COMPOSITE: local},
        )

    async def takes(self, first: Take) -> list[Take]:
        """List every take of a composite in order; the last is what it came to."""
        query = sa.select(TAKES).where(TAKES.c.job == first.job).order_by(TAKES.c.attempt)
        async with self.ctx.books.database.read() as connection:
            return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def picture(self, asset: Sha256) -> bytes:
        """Read what a composite came to. Raises as the store does."""
        return await self.ctx.media.blobs.get(asset_key(asset))

    async def wait(self, first: Take, wait_s: float) -> list[Take]:
        """Wait for a composite to end, at most so long; its takes as they then stand."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while True:
            takes = await self.takes(first)
            left = until - loop.time()
            if left <= 0 or takes[-1].status in ENDED:
                return takes
            await self.generations.wait(first.workspace, takes[-1].id, left)

    async def _hosted(
        self,
        workspace: WorkspaceId,
        model: str,
        asked: Asked,
        local: Mapping[str, Any],
        request: Request | None,
    ) -> Started:
        scene = local["references"][0]
        inputs = {
            "prompt": asked.prompt or PROMPT,
            **await self._size(scene["working"]),
            "references": local["references"],
        }
        return await self.generations.start(
            workspace,
            model,
            inputs,
            RunMode.LIVE,
            request,
            settings={COMPOSITE: dict(local)},
        )

    async def _size(self, working: str) -> dict[str, int]:
        """Ask for the scene's shape."""
        facts = await self.ctx.media.studio.examine(
            await self.ctx.media.blobs.get(asset_key(working))
        )
        low, high = _SIDES
        return {
            "width": min(high, max(low, facts.width)),
            "height": min(high, max(low, facts.height)),
        }

    async def _brought(
        self, workspace: WorkspaceId, source: bytes | str, mode: str
    ) -> dict[str, str]:
        """Bring a picture into the store, with its working copy."""
        ctx, made_from = self.ctx, {"reference": "upload"}
        if isinstance(source, bytes):
            content = source
        elif is_sha256(source):
            async with ctx.books.database.read() as connection:
                await ctx.books.assets.find(connection, workspace, source)
            content = await ctx.media.blobs.get(asset_key(source))
        else:
            made_from = {"reference": source}
            content = await self._fetched(source)
        facts = await ctx.media.studio.examine(content)
        sha256 = await ctx.media.adopter.adopt(content, facts.media_type)
        working = await ctx.media.adopter.adopt(facts.working_copy, "image/png")
        if not is_sha256(str(source)):
            asset = Asset(
                sha256=sha256_of(content),
                workspace=workspace,
                media_type=facts.media_type,
                size=len(content),
                created_at=ctx.books.clock(),
                made_from=made_from,
                width=facts.width,
                height=facts.height,
            )
            async with ctx.books.database.begin() as connection:
                await ctx.books.assets.add(connection, [asset])
        return {"sha256": sha256, "working": working, "mode": mode}

    async def _fetched(self, source: str) -> bytes:
        try:
            found = await self.fetcher.fetch(
                source, max_bytes=MAX_REFERENCE_BYTES, timeout_s=FETCH_TIMEOUT_S
            )
        except FetchError as error:
            fault = FieldError("pictures", str(error), shown(source))
            raise InvalidInputError(str(error), [fault]) from error
        return found.content
