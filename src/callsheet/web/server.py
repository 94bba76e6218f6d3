"""Serving the application, and ending promptly with streams open."""

import asyncio
import logging
import signal
import socket
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from callsheet.accounts.access import is_loopback
from callsheet.kernel.logs import event
from callsheet.web.app import create_app
from callsheet.web.connections import BoundedConnection, look_after, most_connections
from callsheet.web.errors import CannotListenError, OpenDoorError
from callsheet.web.feeds import FeedHub
from callsheet.web.limits import IDLE_S
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
_GRACE_S: Final = 3
_BACKLOG: Final = 2048
_TICKS: Final = 10
_ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """uvicorn waits for open streams at the end; this one ends them first."""

    def __init__(self, config: uvicorn.Config, feeds: FeedHub) -> None:
        super().__init__(config)
        self._feeds = feeds

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once in each second, which has ten ticks."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            look_after(self.server_state.connections, now)
        return await super().on_tick(counter)

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


async def refuse_open_door(cs: Callsheet, bound: str) -> None:
    """Raise OpenDoorError for an address that others reach while no key is in force."""
    if not is_loopback(bound) and not await cs.accounts.any_active():
        raise OpenDoorError(cs.settings.host)


def prepare_spool(folder: Path) -> None:
    """Let uploads be spooled in a folder of ours where the system has none that can be written."""
    with suppress(OSError):
        if Path(tempfile.gettempdir()) != Path.cwd():  # which is where it looks last
            return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:  # uploads are refused, with the cause, when one comes
        _LOG.warning("spool.missing", extra=event(folder=str(folder), reason=str(error)))
    else:
        tempfile.tempdir = str(folder.absolute())


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
    prepare_spool(cs.settings.data_dir / "spool")
    with listen(cs.settings.host, cs.settings.port) as listening:
        host, port = listening.getsockname()[:2]
        await refuse_open_door(cs, host)
        app = create_app(cs, bound=host)
        shown = f"[{host}]" if ":" in host else host
        _LOG.info("web.listening", extra=event(url=f"http://{shown}:{port}"))
        await Server(_config(cs, app), app.state.feeds).serve(sockets=[listening])


def _config(cs: Callsheet, app: FastAPI) -> uvicorn.Config:
    class Connection(BoundedConnection):
        most = most_connections(cs.settings.max_connections)

    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=IDLE_S,
        lifespan="off",
    )
