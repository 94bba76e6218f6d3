"""Connections through an HTTP proxy, by CONNECT: what goes through it is TLS from end to end."""

import asyncio
import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from httpcore2 import (
    SOCKET_OPTION,
    URL,
    AsyncHTTPConnection,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
    NetworkError,
    ProtocolError,
    Request,
    Response,
    TimeoutException,
)

from callsheet.net.sending import PlainError
from callsheet.net.sockets import SocketBackend


class NotAProxyError(ValueError):
    """An address is no proxy's; says why, without repeating it: it may hold a password."""


class NoWayError(PlainError, ConnectError):
    """A proxy does not let us through, or is not there."""


class LateWayError(PlainError, ConnectTimeout):
    """A proxy did not let us through in time."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy: where it is, and how we identify ourselves to it (never shown)."""

    host: str
    port: int
    authorization: bytes | None = field(default=None, repr=False)

    @classmethod
    def read(cls, address: str) -> Self:
        """Read ``http://[user:password@]host:port``. Raises NotAProxyError."""
        try:
            parts = urlsplit(address if "://" in address else f"http://{address}")
            host, port = parts.hostname, parts.port
            (host or "").encode("ascii")
        except ValueError:
            raise NotAProxyError("it is no address") from None
        if parts.scheme != "http":
            raise NotAProxyError("only proxies at http:// are spoken to")
        if not host:
            raise NotAProxyError("it names no host")
        if parts.username is None:
            return cls(host, port or 80)
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(host, port or 80, b"Basic " + base64.b64encode(words.encode()))

    @property
    def place(self) -> str:
        """``host:port``."""
        return _place(self.host, self.port)


class TunnelBackend(AsyncNetworkBackend):
    """Opens connections through a proxy, but by `straight` to places (``host:port``) of `direct`.

    Whatever goes wrong before the tunnel stands is told as "not connected": nothing of a request
    has left for the other side then.
    """

    def __init__(
        self,
        proxy: Proxy,
        direct: Callable[[str], bool],
        straight: AsyncNetworkBackend | None = None,
    ) -> None:
        self._proxy, self._direct = proxy, direct
        self._sockets = SocketBackend()
        self._straight = straight or self._sockets

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect. Raises ConnectError, ConnectTimeout, and what `straight` does."""
        if self._direct(_place(host, port)):
            return await self._straight.connect_tcp(
                host, port, timeout, local_address, socket_options
            )
        where = f"the proxy {self._proxy.place}"
        try:
            async with asyncio.timeout(timeout):
                return await self._through(_place(host, port), timeout)
        except (TimeoutError, TimeoutException) as error:
            raise LateWayError(f"{where} gave no way in time") from error
        except NoWayError:
            raise
        except (NetworkError, ProtocolError) as error:
            reason = (
                "is not reached" if isinstance(error, ConnectError) else "is none, or broke off"
            )
            raise NoWayError(f"{where} {reason}") from error

    async def _through(self, place: str, seconds: float | None) -> AsyncNetworkStream:
        target = place.encode("ascii")
        at = URL(scheme="http", host=self._proxy.host, port=self._proxy.port, target=target)
        headers = [(b"Host", target)]
        if self._proxy.authorization is not None:
            headers.append((b"Proxy-Authorization", self._proxy.authorization))
        limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}
        asked = Request("CONNECT", at, headers=headers, extensions=limits)
        connection = AsyncHTTPConnection(at.origin, network_backend=self._sockets)
        stream = None
        try:
            stream = self._opened(place, await connection.handle_async_request(asked))
        finally:
            if stream is None:
                await connection.aclose()
        return stream

    def _opened(self, place: str, answer: Response) -> AsyncNetworkStream:
        if not 200 <= answer.status < 300:  # noqa: PLR2004  # the statuses of success
            said = f"the proxy {self._proxy.place} refuses the way to {place} ({answer.status})"
            raise NoWayError(said)
        stream: AsyncNetworkStream = answer.extensions["network_stream"]
        return stream

    async def sleep(self, seconds: float) -> None:
        """Wait before another try."""
        await asyncio.sleep(seconds)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
