"""What is asked of a model, looked at before anything is made of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from callsheet.catalog.forms import bounds_of
from callsheet.catalog.shapes import SizeNotOfferedError, worded
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.ports.models import ModelCard

SIDES: Final = frozenset({"width", "height"})
_OUT_OF_BOUNDS: Final = frozenset({"greater_than_equal", "less_than_equal", "multiple_of"})

_NO_SHAPE: Final = {"width": 4_096, "height": 256}


class InvalidModelInputsError(InvalidInputError):
    """A model cannot make what is asked; `errors` name the inputs by their paths in its form."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(f"{errors[0].field}: {errors[0].message}", errors)


def checked(card: ModelCard, asked: Mapping[str, Any]) -> BaseModel:
    """Fill a card's form in, and see that it can be priced and worded as an order.

    Raises InvalidModelInputsError; one that is about a size names the nearest that the model makes.
    """
    try:
        inputs = card.inputs.model_validate(dict(asked))
        card.price(inputs)
        card.payload(inputs)
    except ValidationError as error:
        faults = [_fault(card, asked, each) for each in error.errors()]
        raise InvalidModelInputsError(faults) from error
    except SizeNotOfferedError as error:
        size = f"{error.width}x{error.height}"
        fault = FieldError("width", _not_made(card, size, error.instead), size)
        raise InvalidModelInputsError([fault]) from error
    except InvalidInputError as error:
        raise InvalidModelInputsError(error.errors or [FieldError("", str(error))]) from error
    return inputs


def typed(card: ModelCard, name: str, written: Any) -> Any:
    """Read what was written for one input as its type would have it: a number, a yes or no, a list.

    The first reading that fits is taken, the text itself before all others; what fits in none is
    left as it is, for `checked` to say what is wrong with it.
    """
    if name not in card.inputs.model_fields or not isinstance(written, str):
        return written
    return next((each for each in _readings(written) if fits(card, name, each)), written)


def _readings(text: str) -> Iterator[Any]:
    yield text
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if isinstance(read, float) and read.is_integer():
        yield int(read)  # spreadsheets write 10 as 10.0
    if read is not None:
        yield read
    yield [each.strip() for each in text.split(",")]


def fits(card: ModelCard, name: str, value: Any) -> bool:
    """Tell whether an input may have a value, whatever else is asked."""
    try:
        card.inputs.model_validate({name: value})
    except ValidationError as error:
        return all(each["loc"][:1] != (name,) for each in error.errors())
    return True


def usual_size(card: ModelCard) -> tuple[int, int] | None:
    """Say what size a model makes when none is asked for; None if it knows no sizes."""
    if not card.inputs.model_fields.keys() >= SIDES:
        return None
    width, height = (card.inputs.model_fields[name].default for name in ("width", "height"))
    return int(width), int(height)


def shapes(card: ModelCard) -> tuple[str, ...]:
    """List the ratios that a model makes; none where its pixels are free, or follow a reference.

    It is asked for a shape that none makes, which it refuses with those that it makes.
    """
    asked = {**card.smallest().model_dump(mode="json"), **_NO_SHAPE}
    try:
        card.payload(card.inputs.model_validate(asked))
    except SizeNotOfferedError as error:
        return error.offered
    except ValidationError:
        return ()
    return ()


def _fault(card: ModelCard, asked: Mapping[str, Any], found: Mapping[str, Any]) -> FieldError:
    place, said = ".".join(map(str, found["loc"])), found["msg"]
    if found["type"] == "extra_forbidden" and place == str(found["loc"][0]):
        named = ", ".join(card.inputs.model_fields)
        said = f"{card.id} has no input of that name; there are {named}"
    elif place not in SIDES:
        said += _range(card, place)
    size = _size_in(card, asked)
    if place not in SIDES or found["type"] not in _OUT_OF_BOUNDS or size is None:
        return FieldError(place, said, shown(found["input"]))
    near = worded(bounds_of(card.inputs).nearest(*size))
    width, height = size
    message = _not_made(card, f"{width}x{height} ({place}: {said})", near)
    return FieldError(place, message, f"{width}x{height}")


def _range(card: ModelCard, name: str) -> str:
    """Say between what bounds an input may be, where it has both."""
    known = card.inputs.model_fields.get(name)
    bounds = known.metadata if known else ()
    least = next((each.ge for each in bounds if hasattr(each, "ge")), None)
    most = next((each.le for each in bounds if hasattr(each, "le")), None)
    return f"; it may be {least} to {most}" if least is not None and most is not None else ""


def _not_made(card: ModelCard, size: str, instead: str) -> str:
    return f"{card.id} does not make {size}; the nearest that it makes: {instead}"


def _size_in(card: ModelCard, asked: Mapping[str, Any]) -> tuple[int, int] | None:
    """Read what size is asked for; None where a side is no number, which is said of it."""
    usual = usual_size(card)
    if usual is None:
        return None
    try:
        width, height = (
            round(float(asked.get(name, side)))
            for name, side in zip(("width", "height"), usual, strict=True)
        )
    except (TypeError, ValueError, OverflowError):
        return None
    return width, height
