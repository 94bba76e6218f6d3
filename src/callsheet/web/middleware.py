"""Around every request: its id, a bounded body, a log line and its measures."""

import logging
import re
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callsheet.kernel.ids import new_id
from callsheet.kernel.logs import event
from callsheet.telemetry.metrics import Metrics
from callsheet.web.errors import BodyTooLargeError
from callsheet.web.problems import answer_defect, answer_error

_LOG = logging.getLogger("callsheet.web")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._\-]{1,100}")
_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_QUIET: Final = frozenset({"/healthz", "/ready", "/health", "/metrics"})


class Surroundings:
    """Pure ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, max_body: int) -> None:
        self._app, self._metrics, self._max_body = app, metrics, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id("req")
        started, status, body = time.perf_counter(), 0, _Body(receive, self._max_body)

        async def answer(message: Message) -> None:
            nonlocal status
            if body.too_large and not status:
                return  # whatever the application makes of it: the answer is below
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
                route = scope.get("route")
                name = getattr(route, "path", "other")
                self._metrics.requests.labels(scope["method"], name, status).inc()
                self._metrics.latency.labels(name).observe(time.perf_counter() - started)
            await send(message)

        try:
            if body.claims_too_much(headers):
                raise BodyTooLargeError(self._max_body)  # noqa: TRY301  # answered below
            await self._app(scope, body.receive, answer)
            if body.too_large and not status:
                raise BodyTooLargeError(self._max_body)  # noqa: TRY301  # answered below
        except BodyTooLargeError as error:
            body.too_large = False
            await answer_error(Request(scope), error)(scope, receive, answer)
        except Exception:
            _LOG.exception("http.failed", extra=event(request_id=request_id, path=scope["path"]))
            if status:
                raise  # too late to answer anything else
            await answer_defect(Request(scope))(scope, receive, answer)
        finally:
            self._log(scope, headers, request_id, status, time.perf_counter() - started)

    def _log(
        self, scope: Scope, headers: Headers, request_id: str, status: int, seconds: float
    ) -> None:
        if scope["path"] in _QUIET:
            return
        trace = _TRACE.fullmatch(headers.get("traceparent", ""))
        _LOG.info(
            "http.answered",
            extra=event(
                request_id=request_id,
                trace_id=trace[1] if trace else None,
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            ),
        )


class _Body:
    """A request's body, counted as it comes; what it says of its own length is not believed."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._read = 0
        self.too_large = False

    def claims_too_much(self, headers: Headers) -> bool:
        """Tell whether it says itself that it is over the limit."""
        claimed = headers.get("content-length", "")
        return claimed.isdigit() and int(claimed) > self._most

    async def receive(self) -> Message:
        """Receive the next message. Raises BodyTooLargeError."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            if self._read > self._most:
                self.too_large = True
                raise BodyTooLargeError(self._most)
        return message
