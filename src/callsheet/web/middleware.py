"""Around every request: its prefix, its id, who may call at all, headers, a log line, measures."""

import logging
import re
import time
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callsheet.accounts.errors import ForbiddenHostError
from callsheet.delivery.errors import LinkRefusedError
from callsheet.kernel.ids import new_id
from callsheet.kernel.logs import event
from callsheet.web.entry import call_of
from callsheet.web.keyless import Keyless
from callsheet.web.problems import answer_defect, answer_error
from callsheet.web.routes import IS_HEAD
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._\-]{1,100}")
_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_WEBHOOK: Final = re.compile(r"/webhooks/([^/]+)/([^/]+)")
_QUIET: Final = frozenset({"/healthz", "/ready", "/health", "/metrics"})
_ALIVE: Final = "/healthz"
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


class Surroundings:
    """Pure ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp, *, cs: Callsheet, prefix: str) -> None:
        self._app, self._cs, self._prefix = app, cs, prefix
        self._keyless = Keyless(cs.accounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id("req")
        started, status = time.perf_counter(), 0
        method, scope = scope["method"], self._seen(scope)
        path = scope["path"].removeprefix(self._prefix)
        metrics = self._cs.metrics

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = MutableHeaders(scope=message)
                told["x-request-id"] = request_id
                for header, value in _HEADERS.items():
                    told.setdefault(header, value)
                route = scope.get("route")
                name = getattr(route, "path", "other")
                metrics.requests.labels(method, name, status).inc()
                metrics.latency.labels(name).observe(time.perf_counter() - started)
            elif scope[IS_HEAD] and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._refuse_strangers(scope, path)
            await self._app(scope, receive, answer)
        except ForbiddenHostError as error:
            await answer_error(Request(scope), error)(scope, receive, answer)
        except ClientDisconnect:
            status = status or _LEFT
        except Exception:
            _LOG.exception("http.failed", extra=event(request_id=request_id, path=path))
            if status:
                raise  # too late to answer anything else
            await answer_defect(Request(scope))(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            self._log(method, path, headers, request_id, status, seconds)

    def _seen(self, scope: Scope) -> Scope:
        """See a request as our routes do: under the prefix it came under, HEAD as GET."""
        path, prefix = scope["path"], self._prefix
        if prefix and path != prefix and not path.startswith(f"{prefix}/"):
            path = prefix + path  # the proxy took the prefix off
        is_head = scope["method"] == "HEAD"
        method = "GET" if is_head else scope["method"]
        return {**scope, "root_path": prefix, "path": path, "method": method, IS_HEAD: is_head}

    async def _refuse_strangers(self, scope: Scope, path: str) -> None:
        """Raise ForbiddenHostError for what a page elsewhere sends while no key is needed.

        Left out are whether we live, and what is opened by what we signed.
        """
        if path == _ALIVE:
            return
        try:
            call_of(scope).refuse_strangers()
        except ForbiddenHostError:
            if await self._keyless.now() and not self._is_signed(path, scope["query_string"]):
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

    def _log(
        self,
        method: str,
        path: str,
        headers: Headers,
        request_id: str,
        status: int,
        seconds: float,
    ) -> None:
        if path in _QUIET:
            return
        trace = _TRACE.fullmatch(headers.get("traceparent", ""))
        _LOG.info(
            "http.answered",
            extra=event(
                request_id=request_id,
                trace_id=trace[1] if trace else None,
                method=method,
                path=path,
                status=status,
                ms=round(seconds * 1000, 1),
            ),
        )
