"""A worker's own small door: whether it lives, whether it works, and what it counts."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, MutableMapping
from typing import Any, Final

import uvicorn

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.telemetry.metrics import CONTENT_TYPE
from callsheet.wiring import CHECK_S, Callsheet
from callsheet.wiring.listening import address_of, listen

_LOG = logging.getLogger("callsheet.worker")
_JSON: Final = "application/json"
_METHODS: Final = ("GET", "HEAD")
_GRACE_S: Final = 1

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class _Server(uvicorn.Server):
    """Leaves the signals to whoever works."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take none."""
        yield


@contextlib.asynccontextmanager
async def telling_health(cs: Callsheet) -> AsyncIterator[None]:
    """Answer `/healthz`, `/ready` and `/metrics` during the block, if a port is set.

    Raises CannotListenError.
    """
    if cs.settings.worker_port is None:
        yield
        return
    config = uvicorn.Config(
        HealthDoor(cs),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config)
    host, port = cs.settings.worker_host, cs.settings.worker_port
    with listen(host, port, "CALLSHEET_WORKER_PORT") as listening:
        _LOG.info("worker.listening", extra=event(url=address_of(listening)))

        async def serve() -> None:
            await server.serve(sockets=[listening])

        serving = cs.loops.start("worker-health", serve)
        try:
            yield
        finally:
            server.should_exit = True
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


class HealthDoor:
    """Three paths, asked by machines. It is an ASGI application."""

    def __init__(self, cs: Callsheet) -> None:
        self._cs = cs

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:  # noqa: ARG002  # the signature is given
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, kind, body = await self._answer(scope["method"], scope["path"])
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        content = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        if method not in _METHODS:
            return _problem(405, "method_not_allowed", "only GET and HEAD")
        match path:
            case "/healthz":
                return 200, _JSON, json.dumps({"status": "ok"}).encode()
            case "/ready":
                return await self._ready()
            case "/metrics":
                return 200, CONTENT_TYPE, await self._metrics()
        return _problem(404, "not_found", "here are /healthz, /ready and /metrics")

    async def _ready(self) -> tuple[int, str, bytes]:
        checks = await self._cs.checks()
        good = all(check == "ok" for check in checks.values())
        told = {"status": "ready" if good else "not ready", "checks": checks}
        return 200 if good else 503, _JSON, json.dumps(told).encode()

    async def _metrics(self) -> bytes:
        cs = self._cs
        try:
            async with asyncio.timeout(CHECK_S):
                await cs.measure()
        except (TimeoutError, UnavailableError):
            cs.metrics.show({}, {})  # an old figure would be taken for a new one
        return cs.metrics.text()


def _problem(status: int, code: str, detail: str) -> tuple[int, str, bytes]:
    told = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return status, "application/problem+json", json.dumps(told).encode()
