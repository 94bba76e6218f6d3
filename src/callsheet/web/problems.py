"""Errors as RFC 9457 problem documents: the one place where errors get an HTTP status."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.responses import JSONResponse
from pydantic import BaseModel, SecretBytes, SecretStr
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from callsheet.accounts.errors import (
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

MEDIA_TYPE: Final = "application/problem+json"
_STATUSES: Final[Sequence[tuple[type[CallsheetError], int]]] = (
    (UnauthorizedError, 401),
    (ForgedWebhookError, 401),
    (ForbiddenError, 403),
    (ForbiddenHostError, 403),
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
_TITLES: Final = {
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
_RETRY_AFTER_S: Final = "2"
_WRONG_METHOD: Final = 405
_NOT_SHOWN: Final = "(not shown)"
_SECRETS: Final = (SecretStr, SecretBytes)
_UNKNOWN_FIELD: Final = "there is no field of that name here; /docs shows those there are"


class FieldProblem(BaseModel):
    """One wrong field."""

    field: str
    message: str
    value: str = ""


class Problem(BaseModel):
    """An error, as every endpoint answers it (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldProblem] = []
    next_step: str | None = None


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors of an endpoint for its OpenAPI operation."""
    return {
        status: {
            "description": _TITLES[status],
            "model": Problem,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem_response(
    path: str,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    next_step: str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Answer a problem document."""
    problem = Problem(
        type=f"https://callsheet.dev/problems/{code}",
        title=_TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        instance=path,
        code=code,
        errors=[
            FieldProblem(field=each.field, message=each.message, value=each.value)
            for each in errors
        ],
        next_step=next_step,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )


def answer_error(request: Request, error: Exception) -> JSONResponse:
    """Answer one of our own errors."""
    assert isinstance(error, CallsheetError)  # noqa: S101  # registered for this class alone
    status = next((code for kind, code in _STATUSES if isinstance(error, kind)), 500)
    headers = {"Retry-After": _RETRY_AFTER_S} if isinstance(error, UnavailableError) else {}
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RangeRefusedError):
        headers["Content-Range"] = f"bytes */{error.size}"
    step = getattr(error, "next_step", None)
    return problem_response(
        request.url.path,
        status,
        error.code,
        str(error),
        errors=getattr(error, "errors", ()),
        next_step=str(step) if step else None,
        headers=headers,
    )


def answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer what pydantic refused at the edge."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # see above
    faults = error.errors()
    if any(fault["loc"][0] == "body" for fault in faults):
        wrong = _wrong_type(request)
        if wrong is not None:
            return answer_error(request, wrong)
    secret = _takes_secrets(request)
    errors = [
        FieldError(
            ".".join(str(part) for part in fault["loc"] if part != "body") or "body",
            _UNKNOWN_FIELD if fault["type"] == "extra_forbidden" else fault["msg"],
            _NOT_SHOWN if secret and fault["loc"][0] == "body" else shown(fault.get("input", "")),
        )
        for fault in faults[:100]
    ]
    detail = f"{errors[0].field}: {errors[0].message}"
    return problem_response(request.url.path, 422, "invalid_input", detail, errors=errors)


def methods_at(scope: Scope) -> set[str]:
    """Name every method that a path knows: the framework names those of its first route."""
    routes = scope["app"].state.routes
    matching = (route for route in routes if route.matches(scope)[0] != Match.NONE)
    found = {method for route in matching for method in route.methods}
    return found | ({"HEAD"} if "GET" in found else set())


def _takes_secrets(request: Request) -> bool:
    """Tell whether a route's body holds a secret.

    Then nothing of it is repeated: a secret under a misspelt name is the value of another field,
    and where its field is missing pydantic's `input` is the whole body.
    """
    body = getattr(request.scope.get("route"), "body_field", None)
    model = None if body is None else body.field_info.annotation
    fields = model.model_fields.values() if isinstance(model, type(BaseModel)) else ()
    return any(field.annotation in _SECRETS for field in fields)


def _wrong_type(request: Request) -> WrongTypeError | None:
    """Tell whether a body is of another type than its route reads."""
    body = getattr(request.scope.get("route"), "body_field", None)
    is_form = body is not None and isinstance(body.field_info, Form)
    wanted = "multipart/form-data" if is_form else "application/json"
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_empty = not found and request.headers.get("content-length", "0") == "0"
    if is_empty or found == wanted or (not is_form and found.endswith("+json")):
        return None
    return WrongTypeError(found, wanted)


def answer_defect(request: Request) -> JSONResponse:
    """Answer what nobody foresaw; the log has the whole of it, the client its request id."""
    detail = "something failed here; the server's log tells what, under the X-Request-Id"
    return problem_response(request.url.path, 500, "internal_error", detail)


def answer_http(request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101  # see above
    codes = {404: "not_found", 405: "method_not_allowed", 400: "malformed_request"}
    code = codes.get(error.status_code, "error")
    headers = dict(error.headers or {})
    if error.status_code == _WRONG_METHOD:
        headers["Allow"] = ", ".join(sorted(methods_at(request.scope)))
    return problem_response(
        request.url.path, error.status_code, code, str(error.detail), headers=headers
    )
