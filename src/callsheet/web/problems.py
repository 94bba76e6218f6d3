"""Errors as RFC 9457 problem documents: the shape of every router that declares no other."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from callsheet.web.shapes import TITLES, ErrorShape, Failure, Responses

MEDIA_TYPE: Final = "application/problem+json"


class FieldProblem(BaseModel):
    """A field that is wrong, why, and the value that was sent."""

    field: str
    message: str
    value: str = ""


class Problem(BaseModel):
    """An error (RFC 9457): `code` is stable, `errors` name the fields that are wrong.

    Where a provider is involved, `next_step` is `stop`, `wait` or `reconcile`. `current` is what
    there is now, where somebody else was quicker.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldProblem] = []
    next_step: str | None = None
    current: Any = None


class ProblemDocuments:
    """Implements ErrorShape."""

    media_type = MEDIA_TYPE

    def body(self, failure: Failure) -> Mapping[str, Any]:
        """Write a problem document."""
        problem = Problem(
            type=f"https://callsheet.dev/problems/{failure.code}",
            title=failure.title,
            status=failure.status,
            detail=failure.detail,
            instance=failure.instance,
            code=failure.code,
            errors=[
                FieldProblem(field=each.field, message=each.message, value=each.value)
                for each in failure.errors
            ],
            next_step=failure.next_step,
            current=failure.current,
        )
        return problem.model_dump(exclude_none=True)

    def status(self, failure: Failure) -> int:
        """Tell the status that an error has."""
        return failure.status

    def documented(self, *statuses: int) -> Responses:
        """Describe them with the schema `Problem`, which `callsheet.web.app` puts in its place."""
        return {
            status: {
                "description": TITLES[status],
                "model": Problem,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            for status in statuses
        }


PROBLEMS: Final[ErrorShape] = ProblemDocuments()
documented = PROBLEMS.documented
