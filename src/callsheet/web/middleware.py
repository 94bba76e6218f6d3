"""Around every request and WebSocket: prefix, id, who may call at all, headers, log, measures."""

import logging
import re
import time
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callsheet.accounts.errors import ForbiddenHostError
from callsheet.delivery.errors import LinkRefusedError
from callsheet.kernel.ids import new_id
from callsheet.kernel.logs import event
from callsheet.telemetry.metrics import Metrics
from callsheet.web.entry import call_of
from callsheet.web.failures import answer_defect, answer_error
from callsheet.web.keyless import Keyless
from callsheet.web.routes import IS_HEAD
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._\-]{1,100}")
_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_WEBHOOK: Final = re.compile(r"/webhooks/([^/]+)/([^/]+)")
_QUIET: Final = frozenset({"/healthz", "/ready", "/health", "/metrics"})
_ALIVE: Final = "/healthz"
_BEGINS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_OPENED: Final = 101
_WEBSOCKET: Final = "WEBSOCKET"  # in place of a method, in the log and in measures
_LONGEST_QUERY: Final = 2_000
_LEFT: Final = 499  # what others, too, write into their logs for a client that went away
# What an answer says unless it says otherwise. Most hold links that open things without a key, and
# none has anything to run or to be framed for.
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class _Exchange:
    """One request or WebSocket: what is answered gets headers, and is measured and logged."""

    def __init__(self, metrics: Metrics, send: Send, scope: Scope, method: str, path: str) -> None:
        self._metrics, self._send, self._scope = metrics, send, scope
        self._method, self._path, self._headers = method, path, Headers(scope=scope)
        sent_id = self._headers.get("x-request-id", "")
        self.request_id = sent_id if _REQUEST_ID.fullmatch(sent_id) else new_id("req")
        self.status = 0
        self._started = time.perf_counter()

    async def answer(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] in _BEGINS:
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            for header, value in _HEADERS.items():
                headers.setdefault(header, value)
            self._begin(message["status"])
        elif message["type"] == "websocket.accept":
            self._begin(_OPENED)
        elif self._scope[IS_HEAD] and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    def _begin(self, status: int) -> None:
        self.status = status
        name = getattr(self._scope.get("route"), "path", "other")
        self._metrics.requests.labels(self._method, name, status).inc()
        self._metrics.latency.labels(name).observe(time.perf_counter() - self._started)

    def log(self) -> None:
        """Write a line on it, unless machines ask for it all the time."""
        if self._path in _QUIET:
            return
        trace = _TRACE.fullmatch(self._headers.get("traceparent", ""))
        _LOG.info(
            "http.answered",
            extra=event(
                request_id=self.request_id,
                trace_id=trace[1] if trace else None,
                method=self._method,
                path=self._path,
                status=self.status,
                ms=round((time.perf_counter() - self._started) * 1000, 1),
            ),
        )


class Surroundings:
    """Pure ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp, *, cs: Callsheet, prefix: str) -> None:
        self._app, self._cs, self._prefix = app, cs, prefix
        self._keyless = Keyless(cs.accounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket to its end."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        method, scope = scope.get("method", _WEBSOCKET), self._seen(scope)
        path = scope["path"].removeprefix(self._prefix)
        exchange = _Exchange(self._cs.metrics, send, scope, method, path)
        connection, answer = HTTPConnection(scope), exchange.answer
        try:
            await self._refuse_strangers(connection, path)
            await self._app(scope, receive, answer)
        except ForbiddenHostError as error:
            await answer_error(connection, error)(scope, receive, answer)
        except ClientDisconnect:
            exchange.status = exchange.status or _LEFT
        except Exception:
            _LOG.exception("http.failed", extra=event(request_id=exchange.request_id, path=path))
            if exchange.status:
                raise  # too late to answer anything else
            await answer_defect(connection)(scope, receive, answer)
        finally:
            exchange.log()

    def _seen(self, scope: Scope) -> Scope:
        """See a request as our routes do: under the prefix it came under, HEAD as GET."""
        path, prefix = scope["path"], self._prefix
        if prefix and path != prefix and not path.startswith(f"{prefix}/"):
            path = prefix + path  # the proxy took the prefix off
        is_head = scope.get("method") == "HEAD"
        seen = {**scope, "root_path": prefix, "path": path, IS_HEAD: is_head}
        return {**seen, "method": "GET"} if is_head else seen

    async def _refuse_strangers(self, connection: HTTPConnection, path: str) -> None:
        """Raise ForbiddenHostError for what a page elsewhere sends while no key is needed.

        Left out are whether we live, and what is opened by what we signed.
        """
        if path == _ALIVE:
            return
        try:
            call_of(connection).refuse_strangers()
        except ForbiddenHostError:
            if await self._keyless.now() and not self._is_signed(
                path, connection.scope["query_string"]
            ):
                raise

    def _is_signed(self, path: str, query_string: bytes) -> bool:
        """Tell whether an address is one that we gave out, and good."""
        query = parse_qs(query_string[:_LONGEST_QUERY].decode("latin-1"))
        webhook = _WEBHOOK.fullmatch(path)
        if webhook is not None:
            token = query.get("token", [""])[0]
            return self._cs.webhook_inbox.addresses.fits(webhook[1], webhook[2], token)
        try:
            self._cs.links.check(path, query.get("exp", [""])[0], query.get("sig", [""])[0])
        except LinkRefusedError:
            return False
        return True
