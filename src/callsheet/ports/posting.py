"""Sending something to an address that a user gave, as rooms see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Posted:
    """What came back: a status, and when to come again, in seconds, if the answer says so."""

    status: int
    retry_after_s: float | None = None


class Poster(Protocol):
    """Sends to the public internet alone; see net safety in its implementation."""

    def judge(self, url: str) -> None:
        """Judge an address by its spelling. Raises ForbiddenAddressError."""

    async def post(
        self, url: str, content: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> Posted:
        """Send once; a redirect is an answer like any other. Raises a FetchError."""
