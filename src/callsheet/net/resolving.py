"""Names to addresses, by the system's resolver."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

from callsheet.net.addresses import IPAddress

_THREADS = 8


class NameNotFoundError(OSError):
    """The name has no address, or the resolver does not answer."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} does not resolve: {reason}")


class Resolver(Protocol):
    """Turns a host name into its addresses."""

    async def resolve(self, host: str, port: int) -> Sequence[IPAddress]:
        """Look a name up, best address first. Raises NameNotFoundError."""

    def close(self) -> None:
        """Let what it holds go; look-ups under way are not waited for."""


class SystemResolver:
    """The C library's resolver, in threads of its own.

    A name server that an outsider controls can keep a look-up waiting for half a minute; in the
    event loop's shared threads that would hold up everybody else.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolver")

    async def resolve(self, host: str, port: int) -> Sequence[IPAddress]:
        """Look a name up, best address first. Raises NameNotFoundError."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host, port)
        except OSError as error:
            raise NameNotFoundError(host, error.strerror or repr(error)) from error
        return [ip_address(text) for text in dict.fromkeys(found)]

    def close(self) -> None:
        """Let the threads go; look-ups under way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(socket_address[0]) for *_, socket_address in found]
