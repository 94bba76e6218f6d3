"""Looking at references: fetched from where they are, examined in the locked-down studio."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.errors import CallsheetError
from callsheet.ports.fetching import Fetcher, FetchError
from callsheet.ports.pictures import PictureFacts, Studio, UnreadablePictureError

MAX_REFERENCE_BYTES: Final = 25_000_000
FETCH_TIMEOUT_S: Final = 20.0
_TRIES: Final = 3
_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Examined:
    """A reference that was looked at; content and facts are there unless it failed."""

    reference: JobReference
    content: bytes = b""
    facts: PictureFacts | None = None


@dataclass(frozen=True, slots=True)
class ReferenceService:
    """Fetches and examines one reference at a time; writes nothing."""

    fetcher: Fetcher
    studio: Studio

    async def look_at(self, reference: JobReference, content: bytes | None) -> Examined:
        """Fetch a reference unless its bytes are given, and examine it. It fails, never raises.

        Raises only StudioUnavailableError: that is our trouble, not the reference's.
        """
        try:
            if content is None:
                content = await self._fetch(reference.fetch)
            facts = await self.studio.examine(content)
        except (FetchError, UnreadablePictureError) as error:
            return Examined(_failed(reference, error))
        ready = replace(
            reference,
            status=ReferenceStatus.READY,
            sha256=sha256_of(content),
            pixels=facts.pixels,
            likeness=facts.likeness,
            working=sha256_of(facts.working_copy),
            media_type=facts.media_type,
            width=facts.width,
            height=facts.height,
            error=None,
        )
        return Examined(ready, content, facts)

    async def _fetch(self, url: str) -> bytes:
        for tries in range(1, _TRIES + 1):
            try:
                fetched = await self.fetcher.fetch(
                    url, max_bytes=MAX_REFERENCE_BYTES, timeout_s=FETCH_TIMEOUT_S
                )
            except FetchError as error:
                if not error.retry or tries == _TRIES:
                    raise
                await asyncio.sleep(_PAUSE_S * tries)
            else:
                return fetched.content
        raise AssertionError("the loop above returns or raises")


def _failed(reference: JobReference, error: CallsheetError) -> JobReference:
    said = {"code": error.code, "message": str(error)}
    return replace(reference, status=ReferenceStatus.FAILED, error=said)
