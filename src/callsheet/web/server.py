"""Serving the application, and ending promptly with streams open."""

import asyncio
import logging
from types import FrameType
from typing import Final

import uvicorn

from callsheet.kernel.logs import event
from callsheet.web.app import create_app
from callsheet.web.entry import is_loopback
from callsheet.web.errors import OpenDoorError
from callsheet.web.feeds import FeedHub
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
_GRACE_S: Final = 3


class Server(uvicorn.Server):
    """uvicorn waits for open streams at the end; this one ends them first."""

    feeds: FeedHub | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end on a signal."""
        if self.feeds is not None:
            self.feeds.close()
        super().handle_exit(sig, frame)


async def refuse_open_door(cs: Callsheet) -> None:
    """Raise OpenDoorError for an address that others reach while no key is in force."""
    host = cs.settings.host
    if not is_loopback(host) and not await cs.accounts.any_active():
        raise OpenDoorError(host)


def make_server(cs: Callsheet) -> Server:
    """Make a server for the services; `serve()` runs it until a signal."""
    app = create_app(cs)
    config = uvicorn.Config(
        app,
        host=cs.settings.host,
        port=cs.settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        lifespan="off",
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = Server(config)
    server.feeds = app.state.feeds
    return server


async def announce(server: Server) -> None:
    """Say where the server listens once it does."""
    while not server.started and not server.should_exit:  # noqa: ASYNC110  # uvicorn has no event
        await asyncio.sleep(0.01)
    for listening in server.servers:
        for socket in listening.sockets:
            host, port = socket.getsockname()[:2]
            _LOG.info("web.listening", extra=event(url=f"http://{host}:{port}"))
