"""Connections that go only where a check has just said yes.

The look-up, the check and the connection are one act here: the socket is opened to the very
address that was checked, by number, so that a name server that changes its mind between a check
and a connection (DNS rebinding) has nothing to change. The TLS handshake above still verifies
the certificate against the host name.
"""

from collections.abc import Iterable

from httpcore2 import (
    SOCKET_OPTION,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
)

from callsheet.net.addresses import IPAddress, is_public, literal_address
from callsheet.net.resolving import NameNotFoundError, Resolver
from callsheet.net.sockets import SocketBackend
from callsheet.net.targets import host_and_port

_MAX_ATTEMPTS = 4  # addresses of one name that are tried
_SECONDS_PER_ATTEMPT = 5.0


class NotPublicError(Exception):
    """A host has an address that is not on the public internet; it was not contacted."""

    def __init__(self, host: str, address: IPAddress) -> None:
        where = f"{host} resolves to {address}" if str(address) != host else host
        super().__init__(f"{where}, which is not on the public internet")


class PinnedBackend(AsyncNetworkBackend):
    """Opens TCP connections to checked addresses, and nothing else."""

    def __init__(self, resolver: Resolver, allow_hosts: frozenset[str]) -> None:
        self._resolver = resolver
        self._allow_hosts = allow_hosts
        self._sockets = SocketBackend()

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
                return stream
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
