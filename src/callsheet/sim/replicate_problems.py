"""The refusals of the simulated Replicate: problem documents in its words."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from callsheet.sim.core.models import Problem

_GATEWAY_FROM = 502  # from here on the network in front of Replicate answers, in HTML
_GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><h1>Error {0}</h1></body></html>"


def problem(status: int, detail: str, title: str | None = None, **more: Any) -> Response:
    """Refuse with a problem document."""
    told = {"title": title} if title else {}
    body = {**told, "detail": detail, "status": status, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def unauthenticated() -> Response:
    """Refuse whoever brings no key or a wrong one."""
    return problem(401, "You did not pass a valid authentication token", "Unauthenticated")


def forbidden() -> Response:
    """Refuse a key that may not do this."""
    return problem(403, "You do not have permission to perform this action.", "Forbidden")


def out_of_credit() -> Response:
    """Refuse for want of money."""
    detail = (
        "You have insufficient credit to run this model. Go to "
        "https://replicate.com/account/billing#billing to purchase credit."
    )
    return problem(402, detail, "Insufficient credit")


def not_found() -> Response:
    """Answer that there is no such thing, or that it is somebody else's."""
    return problem(404, "The requested resource could not be found.", "Not found")


def no_such_version() -> Response:
    """Refuse a version that cannot be run."""
    detail = (
        "The specified version does not exist (or perhaps you don't have permission to use it?)"
    )
    return problem(422, detail, "Invalid version or not permitted")


def bad_request(detail: str) -> Response:
    """Refuse what cannot be read."""
    return problem(400, detail, "Bad request")


def invalid_input(problems: Sequence[Problem]) -> Response:
    """Refuse inputs, naming each field."""
    lines = "".join(f"- {found['field']}: {found['description']}\n" for found in problems)
    return problem(422, lines, "Input validation failed", invalid_fields=list(problems))


def throttled(seconds: int, *, retry_after: bool = False) -> Response:
    """Ask for patience; Replicate says for how long in its text, and seldom in a header."""
    detail = f"Request was throttled. Your rate limit resets in ~{seconds}s."
    headers: Mapping[str, str] = {"retry-after": str(seconds)} if retry_after else {}
    return JSONResponse({"detail": detail}, 429, headers)


def server_error(status: int) -> Response:
    """Fail without a reason."""
    if status >= _GATEWAY_FROM:
        return Response(_GATEWAY_PAGE.format(status), status, media_type="text/html")
    return problem(status, "Internal server error")
