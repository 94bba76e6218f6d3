"""Serving the application, and ending promptly with streams open."""

import logging
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from callsheet.kernel.logs import event
from callsheet.web.app import create_app
from callsheet.web.entry import is_loopback
from callsheet.web.errors import CannotListenError, OpenDoorError
from callsheet.web.feeds import FeedHub
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
_GRACE_S: Final = 3
_BACKLOG: Final = 2048
_ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """uvicorn waits for open streams at the end; this one ends them first."""

    def __init__(self, config: uvicorn.Config, feeds: FeedHub) -> None:
        super().__init__(config)
        self._feeds = feeds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end on a signal."""
        self._feeds.close()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take the signals while serving.

        Unlike uvicorn's own it does not raise them again: that would end the process before the
        worker beside it and the services beneath it are let go.
        """
        before = {sign: signal.signal(sign, self.handle_exit) for sign in _ENDING_SIGNALS}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)


async def refuse_open_door(cs: Callsheet) -> None:
    """Raise OpenDoorError for an address that others reach while no key is in force."""
    host = cs.settings.host
    if not is_loopback(host) and not await cs.accounts.any_active():
        raise OpenDoorError(host)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on. Raises CannotListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CannotListenError(host, port, error.strerror or str(error)) from error
    # Connections inherit it. The event loop sets it only on sockets that it made itself, and
    # without it each answer on a kept connection waits 40 ms for the client's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


async def serve(cs: Callsheet) -> None:
    """Serve the services until a signal. Raises OpenDoorError, CannotListenError."""
    await refuse_open_door(cs)
    app = create_app(cs)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        lifespan="off",
        h11_max_incomplete_event_size=64 * 1024,
    )
    with listen(cs.settings.host, cs.settings.port) as listening:
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        _LOG.info("web.listening", extra=event(url=f"http://{shown}:{port}"))
        await Server(config, app.state.feeds).serve(sockets=[listening])
