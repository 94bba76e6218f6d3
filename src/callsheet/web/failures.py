"""What each error is over HTTP: the one place where errors get a status and headers."""

from collections.abc import Sequence
from typing import Final

from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.responses import JSONResponse
from pydantic import BaseModel, SecretBytes, SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Match
from starlette.types import Scope

from callsheet.accounts.errors import (
    CrossSiteError,
    ForbiddenError,
    ForbiddenHostError,
    ServerOnlyError,
    UnauthorizedError,
)
from callsheet.delivery.errors import LinkRefusedError
from callsheet.kernel.errors import (
    CallsheetError,
    ConflictError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    shown,
)
from callsheet.money.errors import BudgetExceededError
from callsheet.ports.hosted import (
    ForgedWebhookError,
    KeyMissingError,
    KeySealedError,
    KeyUnusableError,
)
from callsheet.ports.models import ProviderError
from callsheet.web.errors import (
    BodyTooLargeError,
    BodyTooRichError,
    MalformedJsonError,
    RangeRefusedError,
    WrongTypeError,
)
from callsheet.web.openai.errors import OrderInDoubtError, TakeNotMadeError
from callsheet.web.problems import PROBLEMS
from callsheet.web.shapes import Failure, written

_STATUSES: Final[Sequence[tuple[type[CallsheetError], int]]] = (
    (UnauthorizedError, 401),
    (ForgedWebhookError, 401),
    (ForbiddenError, 403),
    (ForbiddenHostError, 403),
    (CrossSiteError, 403),
    (ServerOnlyError, 403),
    (LinkRefusedError, 403),
    (BudgetExceededError, 402),
    (MalformedJsonError, 400),
    (BodyTooLargeError, 413),
    (BodyTooRichError, 422),
    (WrongTypeError, 415),
    (RangeRefusedError, 416),
    (NotFoundError, 404),
    (ConflictError, 409),
    (InvalidInputError, 422),
    (UnavailableError, 503),
    (KeyMissingError, 409),
    (KeySealedError, 409),
    (KeyUnusableError, 409),
    (ProviderError, 502),
)
_RETRY_AFTER_S: Final = "2"
_WRONG_METHOD: Final = 405
_MOST_FAULTS: Final = 100
_NOT_SHOWN: Final = "(not shown)"
_SECRETS: Final = (SecretStr, SecretBytes)
_UNKNOWN_FIELD: Final = "there is no field of that name here; /docs shows those there are"


def answer_error(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """Answer one of our own errors."""
    assert isinstance(error, CallsheetError)  # noqa: S101  # registered for this class alone
    return written(connection, _failure(connection, error), PROBLEMS)


def _failure(connection: HTTPConnection, error: CallsheetError) -> Failure:
    headers = {"Retry-After": _RETRY_AFTER_S} if isinstance(error, UnavailableError) else {}
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RangeRefusedError):
        headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, OrderInDoubtError | TakeNotMadeError):
        headers["x-should-retry"] = "false"  # an order exists: OpenAI's clients ask no more
    step = getattr(error, "next_step", None)
    return Failure(
        status=next((status for kind, status in _STATUSES if isinstance(error, kind)), 500),
        code=error.code,
        detail=str(error),
        instance=connection.url.path,
        errors=getattr(error, "errors", ()),
        next_step=str(step) if step else None,
        headers=headers,
        current=getattr(error, "current", None),
    )


def answer_invalid(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """Answer what pydantic refused at the edge."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # see above
    faults = error.errors()
    if any(fault["loc"][0] == "body" for fault in faults):
        wrong = _wrong_type(connection)
        if wrong is not None:
            return answer_error(connection, wrong)
    secret = _takes_secrets(connection)
    errors = [
        FieldError(
            ".".join(str(part) for part in fault["loc"] if part != "body") or "body",
            _UNKNOWN_FIELD if fault["type"] == "extra_forbidden" else fault["msg"],
            _NOT_SHOWN if secret and fault["loc"][0] == "body" else shown(fault.get("input", "")),
        )
        for fault in faults[:_MOST_FAULTS]
    ]
    detail = f"{errors[0].field}: {errors[0].message}"
    failure = Failure(422, "invalid_input", detail, connection.url.path, errors)
    return written(connection, failure, PROBLEMS)


def methods_at(scope: Scope) -> set[str]:
    """Name every method that a path knows: the framework names those of its first route."""
    routes = scope["app"].state.routes
    matching = (route for route in routes if route.matches(scope)[0] != Match.NONE)
    found = {method for route in matching for method in route.methods}
    return found | ({"HEAD"} if "GET" in found else set())


def _takes_secrets(connection: HTTPConnection) -> bool:
    """Tell whether a route's body holds a secret.

    Then nothing of it is repeated: a secret under a misspelt name is the value of another field,
    and where its field is missing pydantic's `input` is the whole body.
    """
    body = getattr(connection.scope.get("route"), "body_field", None)
    model = None if body is None else body.field_info.annotation
    fields = model.model_fields.values() if isinstance(model, type(BaseModel)) else ()
    return any(field.annotation in _SECRETS for field in fields)


def _wrong_type(connection: HTTPConnection) -> WrongTypeError | None:
    """Tell whether a body is of another type than its route reads."""
    body = getattr(connection.scope.get("route"), "body_field", None)
    is_form = body is not None and isinstance(body.field_info, Form)
    wanted = "multipart/form-data" if is_form else "application/json"
    found = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_empty = not found and connection.headers.get("content-length", "0") == "0"
    if is_empty or found == wanted or (not is_form and found.endswith("+json")):
        return None
    return WrongTypeError(found, wanted)


def answer_defect(connection: HTTPConnection) -> JSONResponse:
    """Answer what nobody foresaw; the log has the whole of it, the client its request id."""
    detail = "something failed here; the server's log tells what, under the X-Request-Id"
    failure = Failure(500, "internal_error", detail, connection.url.path)
    return written(connection, failure, PROBLEMS)


def answer_http(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101  # see above
    codes = {404: "not_found", 405: "method_not_allowed", 400: "malformed_request"}
    code = codes.get(error.status_code, "error")
    headers = dict(error.headers or {})
    if error.status_code == _WRONG_METHOD:
        headers["Allow"] = ", ".join(sorted(methods_at(connection.scope)))
    failure = Failure(
        error.status_code, code, str(error.detail), connection.url.path, headers=headers
    )
    return written(connection, failure, PROBLEMS)
