"""Connections that go only where a check has just said yes.

The look-up, the check and the connection are one act here: the socket is opened to the very
address that was checked, by number, so that a name server that changes its mind between a check
and a connection (DNS rebinding) has nothing to change. The TLS handshake above still verifies
the certificate against the host name.
"""

import select
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

from httpcore2 import (
    SOCKET_OPTION,
    AnyIOBackend,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
)

from callsheet.net.addresses import IPAddress, is_public, literal_address
from callsheet.net.resolving import NameNotFoundError, Resolver
from callsheet.net.targets import host_and_port

_MAX_ATTEMPTS = 4  # addresses of one name that are tried
_SECONDS_PER_ATTEMPT = 5.0


class NotPublicError(Exception):
    """A host has an address that is not on the public internet; it was not contacted."""

    def __init__(self, host: str, address: IPAddress) -> None:
        where = f"{host} resolves to {address}" if str(address) != host else host
        super().__init__(f"{where}, which is not on the public internet")


class LeanStream(AsyncNetworkStream):
    """A connection that knows its socket.

    The pool asks every idle connection whether its server has hung up, twice for every request;
    looking the socket up each time would cost more than the request.
    """

    def __init__(self, inner: AsyncNetworkStream) -> None:
        self._inner, self._socket = inner, inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the library's
        """Read what has come."""
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the library's
        """Write all of it."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """Hang up."""
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
    ) -> AsyncNetworkStream:
        """Go on in secret."""
        return LeanStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Tell a fact about the connection; without a request, `is_readable` is its end."""
        if info != "is_readable" or self._socket is None:
            return self._inner.get_extra_info(info)
        descriptor = self._socket.fileno()
        if descriptor < 0:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))


class PinnedBackend(AsyncNetworkBackend):
    """Opens TCP connections to checked addresses, and nothing else."""

    def __init__(self, resolver: Resolver, allow_hosts: frozenset[str]) -> None:
        self._resolver = resolver
        self._allow_hosts = allow_hosts
        self._sockets = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first checked address that answers.

        Raises NotPublicError, NameNotFoundError, ConnectError or ConnectTimeout.
        """
        failure: Exception = NameNotFoundError(host, "it has no address")
        for address in (await self._checked(host, port))[:_MAX_ATTEMPTS]:
            try:
                stream = await self._sockets.connect_tcp(
                    str(address),
                    port,
                    timeout=min(timeout or _SECONDS_PER_ATTEMPT, _SECONDS_PER_ATTEMPT),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (ConnectError, ConnectTimeout) as error:
                failure = error
            else:
                return LeanStream(stream)
        raise failure

    async def _checked(self, host: str, port: int) -> list[IPAddress]:
        """Look a host up and vouch for every address, or for none of them.

        One private address among public ones is refused too: it is how a name is made to pass a
        check with one address and be used with another.
        """
        literal = literal_address(host)
        addresses = [literal] if literal else list(await self._resolver.resolve(host, port))
        if host_and_port(host, port) not in self._allow_hosts:
            for address in addresses:
                if not is_public(address):
                    raise NotPublicError(host, address)
        return addresses
