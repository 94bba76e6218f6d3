"""The SSRF-safe fetcher: reads addresses that users name, from the public internet alone.

It stands on httpx2's connection layer (httpcore2) rather than on its client: cookies, proxies
from the environment, redirects and decompression would all have to be switched off there, and
here they do not exist. Every connection is opened by `PinnedBackend`, which checks each resolved
address and connects to the checked one; a pooled connection stays with the address it was checked
for. Redirects are followed here, each judged like the first address. A redirect from https to http
is refused: who named a secure address did not agree to have its answer replaced on the way.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import ClassVar

import httpcore2
import httpx2

from callsheet.kernel.errors import shown
from callsheet.net.bounds import UnfairAnswerError
from callsheet.net.pinning import NotPublicError, PinnedBackend
from callsheet.net.pool import ConnectionPool
from callsheet.net.resolving import NameNotFoundError, Resolver, SystemResolver
from callsheet.net.sending import cause_of
from callsheet.net.targets import Target, read_target
from callsheet.net.tunnels import Proxy, TunnelBackend
from callsheet.ports.fetching import (
    Download,
    Fetched,
    FetchError,
    FetchRefusedError,
    FetchTimeoutError,
    FetchTooLargeError,
    FetchUnreachableError,
    FetchUntrustedError,
    ForbiddenAddressError,
)
from callsheet.ports.posting import Posted
from callsheet.ports.trust import distrust

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WHOLE_ANSWERS = frozenset({200, 203})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_TYPE_CHARS = 100
_KEEP_ALIVE_SECONDS = 15.0
_HEADERS = (
    (b"User-Agent", b"callsheet (reference fetcher)"),
    (b"Accept", b"image/*, */*;q=0.5"),
    # Compressed answers could grow without end once unpacked, and pictures gain nothing by it.
    (b"Accept-Encoding", b"identity"),
)


class FetchBusyError(FetchRefusedError):
    """The server refused for now (too busy, failing); trying later may help."""

    retry: ClassVar[bool] = True


class PublicFetcher:
    """Implements `callsheet.ports.fetching.Fetcher` with one bounded connection pool.

    `allow_hosts` (``host:port``, ``[v6]:port``) names servers that the operator vouches for, on
    any address and port. `tls` replaces the system's certificate authorities. Through a `proxy`
    (but for places that `direct` knows) nothing is looked up here: an address that is spelt as a
    private one is still refused, and what names mean is the proxy's to judge.
    """

    def __init__(
        self,
        *,
        allow_hosts: frozenset[str] = frozenset(),
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
        direct: Callable[[str], bool] = lambda _: False,
        max_connections: int = 96,  # outputs that wait for room in memory keep theirs
    ) -> None:
        self._allow_hosts = frozenset(host.lower() for host in allow_hosts)
        self._resolver = resolver or SystemResolver()
        pinned = PinnedBackend(self._resolver, self._allow_hosts)
        self._pool = ConnectionPool(
            TunnelBackend(proxy, direct, pinned) if proxy else pinned,
            tls or httpx2.create_ssl_context(trust_env=False),
            most=max_connections,
            keep_alive_s=_KEEP_ALIVE_SECONDS,
        )

    async def fetch(self, url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
        """Read one address whole, within bounds. Raises a FetchError.

        `timeout_s` bounds it all: look-up, waiting for a connection, redirects, and a server that
        drips. `max_bytes` bounds the body; reading stops with the piece that passes it.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(url, max_bytes)
        except TimeoutError as error:
            raise FetchTimeoutError(url, f"no whole answer within {timeout_s:g} s") from error

    @asynccontextmanager
    async def download(
        self, url: str, *, max_bytes: int, timeout_s: float, headers: Mapping[str, str]
    ) -> AsyncIterator[Download]:
        """Read one address block by block, within the same bounds. Raises a FetchError.

        `headers` go to the address itself, and to none that it redirects to.
        """
        target = read_target(url, self._allow_hosts)
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            async with asyncio.timeout(timeout_s):
                for _ in range(_MAX_REDIRECTS + 1):
                    async with self._answered(target, max_bytes, extra) as answer:
                        if isinstance(answer, Download):
                            yield answer
                            return
                    target, extra = self._redirected(target, answer), []
        except TimeoutError as error:
            raise FetchTimeoutError(url, f"not whole within {timeout_s:g} s") from error
        raise FetchError(url, f"it redirects more than {_MAX_REDIRECTS} times")

    def judge(self, url: str) -> None:
        """Judge an address by its spelling. Raises ForbiddenAddressError."""
        read_target(url, self._allow_hosts)

    async def post(
        self, url: str, content: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> Posted:
        """Send something to an address once, and read the head of its answer. Raises a FetchError.

        A redirect is an answer: what was sent to one address is never sent to another.
        """
        target = read_target(url, self._allow_hosts)
        address = _address_of(target)
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        length = (b"Content-Length", str(len(content)).encode())
        sent = [(b"Host", target.url.netloc), (b"User-Agent", b"callsheet (webhooks)"), length]
        request = httpcore2.Request("POST", address, headers=[*sent, *extra], content=content)
        try:
            async with asyncio.timeout(timeout_s):
                with _told(str(target.url)):
                    async with self._pool.answered(request) as response:
                        fields = {name.lower(): value for name, value in response.headers}
                        return Posted(response.status, _seconds(fields.get(b"retry-after", b"")))
        except TimeoutError as error:
            raise FetchTimeoutError(url, f"no answer within {timeout_s:g} s") from error

    async def close(self) -> None:
        """Let connections and look-ups go."""
        await self._pool.aclose()
        self._resolver.close()

    async def _follow(self, url: str, max_bytes: int) -> Fetched:
        target = read_target(url, self._allow_hosts)
        for _ in range(_MAX_REDIRECTS + 1):
            answer = await self._get(target, max_bytes)
            if isinstance(answer, Fetched):
                return answer
            target = self._redirected(target, answer)
        raise FetchError(url, f"it redirects more than {_MAX_REDIRECTS} times")

    def _redirected(self, source: Target, location: str) -> Target:
        """Judge where a redirect leads, as strictly as the address a user gave."""
        here = str(source.url)
        try:
            address = str(source.url.join(location))
            target = read_target(address, self._allow_hosts)
        except (httpx2.InvalidURL, ValueError) as error:
            raise ForbiddenAddressError(here, f"it redirects to {shown(location)!r}") from error
        except ForbiddenAddressError as error:
            reason = f"it redirects to {shown(error.url)}: {error.reason}"
            raise ForbiddenAddressError(here, reason) from error
        if source.url.scheme == "https" and target.url.scheme == "http":
            reason = (
                f"it redirects from https to {shown(address)}; give that address if you trust it"
            )
            raise ForbiddenAddressError(here, reason)
        return target

    async def _get(self, target: Target, max_bytes: int) -> Fetched | str:
        """Ask once; answer the content, or the Location of a redirect."""
        async with self._answered(target, max_bytes, []) as answer:
            if isinstance(answer, str):
                return answer
            content = b"".join([piece async for piece in answer.blocks])
        return Fetched(str(target.url), content, answer.claimed_type)

    @asynccontextmanager
    async def _answered(
        self, target: Target, max_bytes: int, extra: Sequence[tuple[bytes, bytes]]
    ) -> AsyncIterator[Download | str]:
        """Ask once; give the answer with its body unread, or the Location of a redirect."""
        url = str(target.url)
        address = _address_of(target)
        headers = [(b"Host", target.url.netloc), *_HEADERS, *extra]
        with _told(url):
            request = httpcore2.Request("GET", address, headers=headers)
            async with self._pool.answered(request) as response:
                # Of a header that is given twice the first counts; the framing is h11's to judge.
                fields = {name.lower(): value for name, value in reversed(response.headers)}
                if response.status in _REDIRECTS and b"location" in fields:
                    yield fields[b"location"].decode("utf-8", "replace")
                    return
                _refuse_unusable(url, response.status, fields, max_bytes)
                length = fields.get(b"content-length", b"")
                yield Download(
                    claimed_type=_claimed_type(fields),
                    length=int(length) if length.isdigit() else None,
                    blocks=_blocks(url, response, max_bytes),
                )


def _address_of(target: Target) -> httpcore2.URL:
    return httpcore2.URL(
        scheme=target.url.raw_scheme,
        host=target.url.raw_host,
        port=target.url.port,
        target=target.url.raw_path,
    )


def _seconds(retry_after: bytes) -> float | None:
    return float(retry_after) if retry_after.isdigit() and len(retry_after) < 8 else None  # noqa: PLR2004  # years


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Tell the connection layer's errors as ours."""
    try:
        yield
    except NotPublicError as error:
        raise ForbiddenAddressError(url, str(error)) from error
    except NameNotFoundError as error:
        raise FetchUnreachableError(url, str(error)) from error
    except httpcore2.TimeoutException as error:
        raise FetchTimeoutError(url, "it accepts no connection") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        untrusted = distrust(error, httpx2.URL(url).host)
        if untrusted is not None:
            raise FetchUntrustedError(url, untrusted) from error
        if isinstance(error, UnfairAnswerError):
            raise FetchError(url, str(error)) from None
        # what the library says may quote a header of ours, or what was read
        raise FetchUnreachableError(url, cause_of(error)) from None


def _refuse_unusable(url: str, status: int, fields: Mapping[bytes, bytes], max_bytes: int) -> None:
    """Turn an answer down by its status and headers, before any of its body is read."""
    if status not in _WHOLE_ANSWERS:
        raise (FetchBusyError if status in _PASSING else FetchRefusedError)(url, status)
    encoding = fields.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in {b"identity", b""}:
        reason = (
            f"the server compressed it ({shown(encoding.decode('latin-1'))}) though asked not to"
        )
        raise FetchError(url, reason)
    length = fields.get(b"content-length", b"")
    if length.isdigit() and int(length) > max_bytes:
        raise FetchTooLargeError(url, f"{int(length):,} bytes, at most {max_bytes:,} are allowed")


async def _blocks(url: str, response: httpcore2.Response, max_bytes: int) -> AsyncIterator[bytes]:
    """Read a body block by block, never more than allowed."""
    read = 0
    async for piece in response.aiter_stream():
        read += len(piece)
        if read > max_bytes:
            raise FetchTooLargeError(url, f"more than the {max_bytes:,} bytes that are allowed")
        yield piece


def _claimed_type(fields: Mapping[bytes, bytes]) -> str:
    essence = fields.get(b"content-type", b"").split(b";")[0].strip().lower()
    return essence.decode("ascii", "replace")[:_MAX_TYPE_CHARS]
