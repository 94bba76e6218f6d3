"""Items of a long list: described to clients as they are, and validated one by one in a thread.

Validated with the request that they stand in, a hundred thousand of them would hold up everybody
else for as long as that takes; and as values of their own beside what was parsed they would take
several times its memory. So each is forgotten when it has been read.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    GetPydanticSchema,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

M = TypeVar("M", bound=BaseModel)
_MOST_ERRORS = 100
_AT_ONCE = 500  # items that are let go without a pause: freeing a value holds everybody up


def unread(model: type[BaseModel]) -> GetPydanticSchema:
    """Annotate a value that is taken as it comes, and described as if it were a model's."""
    return GetPydanticSchema(
        lambda _source, handler: handler(Any),
        lambda _schema, handler: handler(model.__pydantic_core_schema__),
    )


def _as_it_came(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    check(value)
    return value


AS_IT_CAME: Final = WrapValidator(_as_it_came)  # the very list that was parsed, not a copy


def validated(model: type[M], items: list[Any], *, name: str) -> Iterator[M]:
    """Validate items of a body's list `name`, and leave none of them there.

    Raises RequestValidationError, as FastAPI would, at the last.
    """
    errors: list[Any] = []
    for place, item in enumerate(items):
        items[place] = None
        try:
            yield model.model_validate(item)
        except ValidationError as error:
            found = error.errors(include_url=False)
            errors += [{**each, "loc": ("body", name, place, *each["loc"])} for each in found]
        if len(errors) >= _MOST_ERRORS:
            break
    if errors:
        raise RequestValidationError(errors[:_MOST_ERRORS])


def let_go(parsed: Any) -> None:
    """Free the lists of a body bit by bit: in one go that is a single step of the interpreter."""
    values = parsed.values() if isinstance(parsed, dict) else ()
    for each in [value for value in values if isinstance(value, list)]:
        while each:
            del each[-_AT_ONCE:]
