"""Connections with bounds in time, size and number: who dawdles is let go, and idle ones first.

uvicorn bounds only how long a connection may rest between two requests. Here the head of a request,
its body and the reading of its answer are bounded too; a look at all connections once a second is
enough, and costs a request nothing but a few notes of the time.
"""

import asyncio
import resource
from collections.abc import Iterable
from enum import Enum
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from callsheet.web import limits

_REFUSAL: Final = (
    "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n"
    "{more}connection: close\r\n\r\n{text}"
)


class _Doing(Enum):
    """What a connection is waiting for."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    REST = "rest"  # of a body that nobody wants: the answer is out


class BoundedConnection(HttpToolsProtocol):
    """One connection; `most` is how many there may be."""

    most: int = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own signature
        """Take a connection in, or refuse it if there are too many."""
        super().connection_made(transport)
        self._doing, self._since = _Doing.HEAD, self.loop.time()
        self._read = self._head = 0
        self._stalled: float | None = None
        if len(self.connections) <= self.most:
            return
        ours = [each for each in self.connections if isinstance(each, BoundedConnection)]
        open_ones = [each for each in ours if not each.transport.is_closing()]
        if len(open_ones) <= self.most:
            return  # those that were let go are not gone yet
        idle = [each for each in open_ones if each.is_idle and each is not self]
        if idle:
            min(idle, key=lambda each: each._since).transport.abort()  # noqa: SLF001  # its like
        else:
            self._refuse("503 Service Unavailable", "too many connections", "retry-after: 2\r\n")

    @property
    def is_idle(self) -> bool:
        """Tell whether no request of it is being answered."""
        return self._doing is _Doing.HEAD and (self._answering is None)

    def data_received(self, data: bytes) -> None:
        """Read on, within bounds on a request's head."""
        if self._doing is _Doing.HEAD:
            self._head += len(data)
        else:
            self._read += len(data)
        super().data_received(data)
        if self._doing is _Doing.HEAD and self._head > limits.MOST_HEAD:
            self._refuse("431 Request Header Fields Too Large", "the headers are too large")

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._doing, self._since = _Doing.HEAD, self.loop.time()

    def on_headers_complete(self) -> None:
        """Note that its head is there."""
        super().on_headers_complete()
        self._doing, self._since = _Doing.BODY, self.loop.time()
        self._head = self._read = 0

    def on_message_complete(self) -> None:
        """Note that all of it is there."""
        if self._should_upgrade():
            return  # `WebSocketLine` goes on with it
        super().on_message_complete()
        self._doing, self._since = _Doing.ANSWER, self.loop.time()
        if self.cycle.response_complete:
            self._rest()

    def on_response_complete(self) -> None:
        """Note that its answer is out."""
        super().on_response_complete()
        self._rest()

    def _rest(self) -> None:
        """Wait for the next request, or for what is left of this one."""
        self._doing = _Doing.REST if self.cycle.more_body else _Doing.HEAD
        self._since, self._head = self.loop.time(), 0

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        super().pause_writing()
        self._stalled = self.loop.time()

    def resume_writing(self) -> None:
        """Note that it reads on."""
        super().resume_writing()
        self._stalled = None

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for another upgrade is answered without it."""

    def look_after(self, now: float) -> None:
        """Let go a client that takes too long."""
        waited = now - self._since
        if self._stalled is not None and now - self._stalled > limits.STALLED_S:
            self.transport.abort()
        elif self._doing is _Doing.HEAD and waited > limits.HEAD_S:
            if self.is_idle:
                self._refuse("408 Request Timeout", "the request did not come in time")
        elif self._doing is _Doing.BODY and not self.flow.read_paused:
            if waited > limits.BODY_S + self._read / limits.LEAST_RATE:
                self._refuse("408 Request Timeout", "the body did not come in time")
        elif self._doing is _Doing.REST and waited > limits.LINGER_S:
            self.transport.abort()

    def _refuse(self, status: str, text: str, more: str = "") -> None:
        """Answer by hand, if nothing was answered, and close."""
        answering = self._answering
        if not self.transport.is_closing() and not (answering and answering.response_started):
            answer = _REFUSAL.format(status=status, length=len(text), more=more, text=text)
            self.transport.write(answer.encode())
        self.transport.close()

    @property
    def _answering(self) -> RequestResponseCycle | None:
        cycle: RequestResponseCycle | None = self.cycle
        return None if cycle is None or cycle.response_complete else cycle


class WebSocketLine(WebSocketsSansIOProtocol):
    """The line of one WebSocket; who answers no ping, or does not read on, is let go."""

    _stalled: float | None = None

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        super().pause_writing()
        self._stalled = self.loop.time()

    def resume_writing(self) -> None:
        """Note that it reads on."""
        super().resume_writing()
        self._stalled = None

    def look_after(self, now: float) -> None:
        """Let go a client that takes too long."""
        if self._stalled is not None and now - self._stalled > limits.STALLED_S:
            self.transport.abort()


def look_after(connections: Iterable[object], now: float) -> None:
    """Look at every connection; `now` is the loop's time."""
    for each in list(connections):
        if isinstance(each, BoundedConnection | WebSocketLine):
            each.look_after(now)


def most_connections(wanted: int) -> int:
    """Tell how many connections there may be: what is wanted, or what open files leave room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + limits.SPARE_FILES
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(wanted, soft - limits.SPARE_FILES))
