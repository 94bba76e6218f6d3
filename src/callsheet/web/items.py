"""Items of a long list: described to clients as they are, and validated one by one in a thread.

Validated with the request that they stand in, a hundred thousand of them would hold up everybody
else for as long as that takes.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, GetPydanticSchema, ValidationError

M = TypeVar("M", bound=BaseModel)
_MOST_ERRORS = 100


def unread(model: type[BaseModel]) -> GetPydanticSchema:
    """Annotate a value that is taken as it comes, and described as if it were a model's."""
    return GetPydanticSchema(
        lambda _source, handler: handler(Any),
        lambda _schema, handler: handler(model.__pydantic_core_schema__),
    )


def validated(model: type[M], items: Sequence[Any], *, name: str) -> list[M]:
    """Validate items of a body's list `name`. Raises RequestValidationError, as FastAPI would."""
    made, errors = [], []
    for place, item in enumerate(items):
        try:
            made.append(model.model_validate(item))
        except ValidationError as error:
            found = error.errors(include_url=False)
            errors += [{**each, "loc": ("body", name, place, *each["loc"])} for each in found]
        if len(errors) >= _MOST_ERRORS:
            break
    if errors:
        raise RequestValidationError(errors[:_MOST_ERRORS])
    return made
