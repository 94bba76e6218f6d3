"""Shapes of errors: what an error says is decided once, how a router writes it is its own affair.

A router for clients of another API declares their shape; see `GuardedRouter`. The handlers, the
statuses and the codes stay as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from callsheet.kernel.errors import FieldError
from callsheet.web.entry import path_of

Responses = dict[int | str, dict[str, Any]]
TITLES: Final = {
    400: "Malformed request",
    401: "Not let in",
    402: "Budget would be passed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Wrong type",
    416: "Range not satisfiable",
    422: "Invalid input",
    500: "Internal error",
    502: "Provider failed",
    503: "Unavailable",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is answered: its HTTP status, its stable code, and a sentence on it.

    `instance` is the path that was asked for; `errors` are the fields that are wrong; `next_step`
    is stop, wait or reconcile where a provider is involved; `current` is what there is now, where
    somebody else was quicker.
    """

    status: int
    code: str
    detail: str
    instance: str
    errors: Sequence[FieldError] = ()
    next_step: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    current: Any = None

    @property
    def title(self) -> str:
        """What its status means, in a word or two."""
        return TITLES.get(self.status, "Error")


class ErrorShape(Protocol):
    """How errors are written."""

    @property
    def media_type(self) -> str:
        """The media type of what `body` gives, as JSON."""

    def body(self, failure: Failure) -> Mapping[str, Any]:
        """Write an error as JSON."""

    def status(self, failure: Failure) -> int:
        """Tell the HTTP status that an error has in this shape."""

    def documented(self, *statuses: int) -> Responses:
        """Describe errors with these statuses for an operation of OpenAPI."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shape of errors at each path: that of the router with the longest prefix of it."""

    by_prefix: Sequence[tuple[str, ErrorShape]]

    @classmethod
    def of(cls, shapes: Iterable[tuple[str, ErrorShape]]) -> "Shapes":
        """Order shapes by prefix, the longest first; one of them is for the prefix ""."""
        return cls(sorted(shapes, key=lambda each: len(each[0]), reverse=True))

    def at(self, path: str) -> ErrorShape:
        """Find the shape at a path."""
        return next(
            shape
            for prefix, shape in self.by_prefix
            if not prefix or path == prefix or path.startswith(f"{prefix}/")
        )


def written(connection: HTTPConnection, failure: Failure, default: ErrorShape) -> JSONResponse:
    """Answer an error in the shape of the router at its path; outside of an app, in the default."""
    app = connection.scope.get("app")
    shape = default if app is None else app.state.shapes.at(path_of(connection))
    return JSONResponse(
        shape.body(failure),
        shape.status(failure),
        headers=dict(failure.headers),
        media_type=shape.media_type,
    )
