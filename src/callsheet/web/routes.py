"""Routes that let in first and read then: no body is asked for before the key is good."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute, APIRouter
from starlette.types import Message, Receive, Scope

from callsheet.accounts.model import Role
from callsheet.settings import Settings
from callsheet.web.entry import Needs, admit, services
from callsheet.web.errors import BodyTooLargeError, SpoolUnavailableError
from callsheet.web.items import let_go
from callsheet.web.json_bodies import read_json
from callsheet.web.limits import MOST_FIELDS, MOST_PIECE, most_bytes, most_files, most_values
from callsheet.web.problems import PROBLEMS
from callsheet.web.shapes import ErrorShape

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_JSON_TYPES: Final = ("application/json", "+json")
IS_HEAD: Final = "callsheet.head"  # in a scope: its client wants no body (see the middleware)


class GuardedRoute(APIRoute):
    """A route that admits its caller first, reads no more than it may, and knows HEAD."""

    def get_route_handler(self) -> Handler:
        """Put the guard before what reads, parses and calls."""
        handle = super().get_route_handler()
        role = _role_of(self.dependant)
        body = self.body_field
        is_form = body is not None and isinstance(body.field_info, Form)
        path = self.path_format

        async def guarded(request: Request) -> Response:
            if role is not None:
                await admit(request, role)
            settings = services(request).settings
            request = Request(request.scope, _bounded(request, most_bytes(path, settings)))
            if is_form:
                await _read_form(request, most_files(path))
            elif body is not None:
                request = await _read_json(request, path, settings)
            try:
                return _without_body(request, await handle(request))
            finally:
                if isinstance(request, _JsonRequest) and request.is_large:
                    await asyncio.to_thread(let_go, await request.json())

        return guarded


class GuardedRouter(APIRouter):
    """A router whose routes are guarded, and whose errors have one shape.

    That shape is for every path below its prefix, those that do not exist included; a router with
    another shape than problem documents has a prefix that no other has.
    """

    def __init__(self, *, errors: ErrorShape = PROBLEMS, **options: Any) -> None:
        super().__init__(route_class=GuardedRoute, **options)
        self.errors = errors


def _role_of(dependant: Dependant) -> Role | None:
    """Find the role that a route asks for among what it depends on."""
    for each in dependant.dependencies:
        role = each.call.role if isinstance(each.call, Needs) else _role_of(each)
        if role is not None:
            return role
    return None


def _bounded(request: Request, most: int) -> Receive:
    """Count a body as it comes. Raises BodyTooLargeError, at once for one that says so itself."""
    claimed = request.headers.get("content-length", "")
    read = 0

    async def receive() -> Message:
        nonlocal read
        if claimed.isdigit() and int(claimed) > most:
            raise BodyTooLargeError(most)
        message = await request.receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > most:
                raise BodyTooLargeError(most)
        return message

    return receive


class _ReadRequest(Request):
    """A request whose body has been read."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        super().__init__(scope)
        self._read = body

    async def body(self) -> bytes:
        """Answer the body as it came."""
        return self._read


class _JsonRequest(_ReadRequest):
    """A request whose JSON has been parsed."""

    def __init__(self, scope: Scope, body: bytes, parsed: Any) -> None:
        super().__init__(scope, body)
        self._parsed = parsed

    @property
    def is_large(self) -> bool:
        """Whether what was made of it takes long to free."""
        return len(self._read) > MOST_PIECE

    async def json(self) -> Any:
        """Answer what was made of it."""
        return self._parsed


async def _read_json(request: Request, path: str, settings: Settings) -> Request:
    """Read and parse, within limits. Raises MalformedJsonError and those of reading."""
    body = await _body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body or not kind.endswith(_JSON_TYPES):
        return _ReadRequest(request.scope, body)
    parsed = await read_json(body, most_values=most_values(path, settings))
    return _JsonRequest(request.scope, body, parsed)


async def _body(request: Request) -> bytes:
    """Read a body whole; a large one is put together in a thread, which lets others run."""
    pieces = [piece async for piece in request.stream()]
    if sum(map(len, pieces)) <= MOST_PIECE:
        return b"".join(pieces)
    return await asyncio.to_thread(b"".join, pieces)


async def _read_form(request: Request, files: int) -> None:
    """Read a form, its files into the spool. Raises SpoolUnavailableError and those of reading."""
    try:
        await request.form(max_files=files, max_fields=MOST_FIELDS)
    except OSError as error:
        raise SpoolUnavailableError(error.strerror or str(error)) from error


def _without_body(request: Request, answer: Response) -> Response:
    """Keep a stream from being run for somebody who asks for its head alone."""
    if not request.scope.get(IS_HEAD) or not isinstance(answer, StreamingResponse):
        return answer
    bare = Response(status_code=answer.status_code)
    bare.raw_headers = answer.raw_headers
    return bare
