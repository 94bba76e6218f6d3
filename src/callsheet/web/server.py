"""Serving the application, and shutdown promptly with streams open."""

import asyncio
import logging
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from callsheet.accounts.access import is_loopback
from callsheet.engine.shutdown import GracefulShutdown
from callsheet.kernel.logs import event
from callsheet.web.app import create_app
from callsheet.web.connections import (
    BoundedConnection,
    WebSocketLine,
    look_after,
    most_connections,
)
from callsheet.web.errors import OpenDoorError
from callsheet.web.feeds import FeedHub
from callsheet.web.limits import IDLE_S, MOST_MESSAGE
from callsheet.web.rooms.hub import RoomHub
from callsheet.wiring import Callsheet
from callsheet.wiring.listening import address_of, listen

_LOG = logging.getLogger("callsheet.web")
_GRACE_S: Final = 3
_TICKS: Final = 10


class Server(uvicorn.Server):
    """A server that is told to end; it takes no signals itself.

    uvicorn's own would raise them again: that would end the process before the worker beside it and
    the services beneath it are let go.
    """

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once in each second, which has ten ticks."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            look_after(self.server_state.connections, now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to whoever serves."""
        yield

    async def end_with(
        self, shutdown: GracefulShutdown, streams: Sequence[FeedHub | RoomHub]
    ) -> None:
        """Begin to end when the process is told to; with streams open uvicorn would wait."""
        await shutdown.asked.wait()
        for each in streams:
            each.close()
        self.should_exit = True
        await shutdown.hurried.wait()
        self.force_exit = True


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


async def serve(cs: Callsheet) -> None:
    """Serve until the process is told to end. Raises OpenDoorError, CannotListenError."""
    prepare_spool(cs.settings.data_dir / "spool")
    with listen(cs.settings.host, cs.settings.port, "--port or CALLSHEET_PORT") as listening:
        host = listening.getsockname()[0]
        await refuse_open_door(cs, host)
        app = create_app(cs, bound=host)
        _LOG.info("web.listening", extra=event(url=address_of(listening)))
        server = Server(_config(cs, app))
        shutdown = asyncio.create_task(
            server.end_with(cs.shutdown, [app.state.feeds, app.state.rooms])
        )
        try:
            await server.serve(sockets=[listening])
        finally:
            shutdown.cancel()


def _config(cs: Callsheet, app: FastAPI) -> uvicorn.Config:
    class Connection(BoundedConnection):
        most = most_connections(cs.settings.max_connections)

    return uvicorn.Config(
        app,
        http=Connection,
        ws=WebSocketLine,
        ws_max_size=MOST_MESSAGE,
        ws_per_message_deflate=False,  # a message is as large as it says
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=IDLE_S,
        lifespan="off",
    )
