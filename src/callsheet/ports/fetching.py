"""Fetching from an address that a user gave, as rooms see it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol

from callsheet.kernel.errors import CallsheetError, shown


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered: at most the bytes that were allowed, type as the server claims."""

    url: str  # the address that answered, after redirects
    content: bytes
    claimed_type: str


class FetchError(CallsheetError):
    """The address could not be fetched; `retry` says whether trying later may help."""

    code: ClassVar[str] = "fetch_failed"
    retry: ClassVar[bool] = False

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"cannot fetch {shown(url)}: {reason}")
        self.url, self.reason = url, reason


class ForbiddenAddressError(FetchError):
    """The address is not on the public internet, or not http(s); it was not contacted."""

    code: ClassVar[str] = "forbidden_address"


class FetchTooLargeError(FetchError):
    """The answer is larger than allowed; reading stopped at the limit."""

    code: ClassVar[str] = "fetch_too_large"


class FetchTimeoutError(FetchError):
    """The address did not answer in time."""

    code: ClassVar[str] = "fetch_timeout"
    retry: ClassVar[bool] = True


class FetchRefusedError(FetchError):
    """The address answered with an error status; `status` is it."""

    code: ClassVar[str] = "fetch_refused"

    def __init__(self, url: str, status: int) -> None:
        super().__init__(url, f"the server answered {status}")
        self.status = status


class FetchUnreachableError(FetchError):
    """The name does not resolve, or nothing answers there."""

    code: ClassVar[str] = "fetch_unreachable"
    retry: ClassVar[bool] = True


class FetchUntrustedError(FetchUnreachableError):
    """The certificate of the address does not hold; nothing was asked of it."""

    code: ClassVar[str] = "fetch_untrusted"


@dataclass(frozen=True, slots=True)
class Download:
    """An answer on its way: type and length as the server claims, the body block by block."""

    claimed_type: str
    length: int | None
    blocks: AsyncIterator[bytes]


class Downloader(Protocol):
    """Reads output files of providers."""

    def download(
        self,
        url: str,
        *,
        provider: str,
        max_bytes: int,
        timeout_s: float,
        headers: Mapping[str, str],
    ) -> AbstractAsyncContextManager[Download]:
        """Open a download of what `provider` says that it made; `headers` go there alone."""


class Fetcher(Protocol):
    """Reads addresses that users name; see net safety in its implementation."""

    async def fetch(self, url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
        """Read one address whole, within bounds. Raises a FetchError."""
