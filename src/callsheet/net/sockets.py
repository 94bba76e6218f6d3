"""Connections straight on asyncio, for httpcore2.

httpcore2's own go through anyio, whose scopes and look-ups take more of a small request than the
request: on these connections it takes 0.6 of the time.
"""

import asyncio
import select
import ssl
from collections.abc import Iterable
from typing import Any, Final

from httpcore2 import (
    SOCKET_OPTION,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
    ReadError,
    ReadTimeout,
    WriteError,
    WriteTimeout,
)

_READ_AHEAD: Final = 256 * 1024  # bytes that may wait to be read; beyond that the sender waits
_NEXT_ADDRESS_S: Final = 0.25  # of a name with several, while the first has not answered
_FACTS: Final = {"client_addr": "sockname", "server_addr": "peername"}


class _Line(asyncio.Protocol):
    """One connection: what has come and was not read yet, and who waits for what."""

    def __init__(self) -> None:
        self.arrived = bytearray()
        self.ended = False
        self.error: Exception | None = None
        self.transport: asyncio.Transport | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._held_back = self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # TCP is one
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrived += data
        if len(self.arrived) > _READ_AHEAD and not self._held_back and self.transport is not None:
            self.transport.pause_reading()
            self._held_back = True
        _wake(self._reader)

    def eof_received(self) -> None:
        self.ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self.error = True, exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        _wake(self._writer)

    async def something(self, seconds: float | None) -> None:
        """Wait until something has come, or will not any more. Raises TimeoutError."""
        if self.arrived or self.ended:
            return
        self._reader = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(seconds):
            await self._reader

    async def room(self, seconds: float | None) -> None:
        """Wait until the other side takes more. Raises TimeoutError."""
        if not self._full or self.ended:
            return
        self._writer = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(seconds):
            await self._writer

    def take(self, most: int) -> bytes:
        """Take what has come."""
        if len(self.arrived) <= most:
            taken, self.arrived = bytes(self.arrived), bytearray()
        else:
            taken = bytes(self.arrived[:most])
            del self.arrived[:most]
        if self._held_back and len(self.arrived) <= _READ_AHEAD and self.transport is not None:
            self.transport.resume_reading()
            self._held_back = False
        return taken


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


class SocketStream(AsyncNetworkStream):
    """One connection as httpcore2 uses it; raises its errors.

    `wire` is the TCP connection below all secrecy, and what is aborted: a TLS transport forgets
    what it stands on once both sides have closed it, and some Pythons then fail to abort it.
    """

    def __init__(
        self, line: _Line, transport: asyncio.Transport, wire: asyncio.Transport | None = None
    ) -> None:
        self._line, self._transport, self._wire = line, transport, wire or transport
        socket = transport.get_extra_info("socket")
        self._poll = select.poll()
        self._poll.register(socket.fileno(), select.POLLIN)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # the library's
        """Read what has come, at least a byte; nothing at the end."""
        try:
            await self._line.something(timeout)
        except TimeoutError as error:
            raise ReadTimeout(error) from error
        if not self._line.arrived and self._line.error is not None:
            raise ReadError(self._line.error) from self._line.error
        return self._line.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # the library's
        """Write all of it."""
        if self._transport.is_closing():
            raise WriteError(self._line.error or "the connection is closed")
        self._transport.write(buffer)
        try:
            await self._line.room(timeout)
        except TimeoutError as error:
            raise WriteTimeout(error) from error

    async def aclose(self) -> None:
        """Hang up, whatever has become of the connection; safe to repeat."""
        try:
            if not self._transport.is_closing():  # to close a secret line twice makes it forgetful
                self._transport.close()
            await asyncio.sleep(0)  # what is written already may still leave
        finally:
            self._wire.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's
    ) -> AsyncNetworkStream:
        """Go on in secret. Raises ConnectError, ConnectTimeout; then the line is down."""
        if self._line.ended or self._transport.is_closing():  # nobody would answer the handshake
            raise ConnectError(self._line.error or "the connection was lost")
        loop = asyncio.get_running_loop()
        secret = None
        try:
            async with asyncio.timeout(timeout):
                secret = await loop.start_tls(
                    self._transport, self._line, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            raise ConnectTimeout(error) from error
        except OSError as error:  # TLS's own among them
            raise ConnectError(error) from error
        finally:
            if secret is None:  # refused, too late, or called off
                self._wire.abort()
                self._line.connection_lost(None)  # what ends in a handshake is told to nobody
        if secret is None or secret.is_closing():
            raise ConnectError(self._line.error or "the connection was lost")
        self._line.transport = secret
        return SocketStream(self._line, secret, self._wire)

    def get_extra_info(self, info: str) -> Any:
        """Tell a fact about the connection; without a request, `is_readable` is its end."""
        if info == "is_readable":
            line = self._line
            return bool(line.arrived) or line.ended or self._has_news()
        return self._transport.get_extra_info(_FACTS.get(info, info))

    def _has_news(self) -> bool:
        """Ask the kernel, which knows of an end even if the loop has not run for a while."""
        return bool(self._poll.poll(0))


class SocketBackend(AsyncNetworkBackend):
    """Opens TCP connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect. Raises ConnectError, ConnectTimeout."""
        local = None if local_address is None else (local_address, 0)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                transport, line = await loop.create_connection(
                    _Line, host, port, local_addr=local, happy_eyeballs_delay=_NEXT_ADDRESS_S
                )
        except TimeoutError as error:
            raise ConnectTimeout(error) from error
        except OSError as error:
            raise ConnectError(error) from error
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return SocketStream(line, transport)

    async def sleep(self, seconds: float) -> None:
        """Wait before another try."""
        await asyncio.sleep(seconds)
