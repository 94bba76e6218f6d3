"""Downloads of outputs: each provider's from the public internet, or from its own address."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from callsheet.net.fetcher import PublicFetcher
from callsheet.ports.fetching import Download


class OutputFetcher:
    """Implements `callsheet.ports.fetching.Downloader`.

    `own` are fetchers that may go to the address which the operator set for a provider, be it in a
    private network. They share no connection with others: one that stands was checked for whoever
    opened it.
    """

    def __init__(self, public: PublicFetcher, own: Mapping[str, PublicFetcher]) -> None:
        self._public, self._own = public, own

    def download(
        self,
        url: str,
        *,
        provider: str,
        max_bytes: int,
        timeout_s: float,
        headers: Mapping[str, str],
    ) -> AbstractAsyncContextManager[Download]:
        """Open a download. Raises a FetchError."""
        fetcher = self._own.get(provider, self._public)
        return fetcher.download(url, max_bytes=max_bytes, timeout_s=timeout_s, headers=headers)

    async def close(self) -> None:
        """Let all connections go."""
        for fetcher in (self._public, *self._own.values()):
            await fetcher.close()
