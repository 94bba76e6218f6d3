"""What Replicate's names and inputs are for a card."""

import re
from collections.abc import Mapping
from typing import Any, Final

from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.line.offers import Offers
from callsheet.ports.models import ModelCard, UnknownModelError
from callsheet.web.errors import ModelNotFoundError

_RATIO: Final = re.compile(r"(\d{1,2}):(\d{1,2})")
_AREA: Final = 1_024 * 1_024  # pixels of a picture that is asked for by its shape alone
_STEP: Final = 64
_LEAST, _MOST = 256, 4_096
_COUNTS: Final = ("num_outputs", "number_of_images", "n")
_ORIGINS: Final = "replicate/"
_HINT: Final = (
    "GET /api/models lists those there are; write provider/model, or Replicate's own name"
)


def card_named(offers: Offers, owner: str, name: str) -> ModelCard:
    """Find a card: `provider/model` of ours, or a model of Replicate's by its own owner and name.

    Raises ModelNotFoundError.
    """
    for each in (f"{owner}/{name}", f"{_ORIGINS}{name}"):
        try:
            return offers.card(each)
        except UnknownModelError:
            continue
    raise ModelNotFoundError(f"{owner}/{name}", _HINT)


def split_version(version: str) -> tuple[str, str]:
    """Read `owner/name`, `owner/name:digest`. Raises InvalidInputError for a digest alone."""
    owner, _, rest = version.partition("/")
    name = rest.partition(":")[0]
    if not owner or not name:
        message = "name the model as owner/name: versions are cards here"
        raise InvalidInputError(f"version: {message}", [FieldError("version", message, version)])
    return owner, name


def inputs_of(card: ModelCard, asked: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Put inputs into a card's form; the second are names that it has no field for.

    Raises InvalidInputError for what cannot be kept to.
    """
    form = card.inputs.model_fields
    inputs: dict[str, Any] = {}
    ignored: list[str] = []
    for name, value in asked.items():
        if name in _COUNTS:
            if value not in (None, 1):
                raise _refused(name, "one prediction makes one output here; ask again", value)
        elif name in form:
            inputs[name] = value
        elif name == "aspect_ratio" and {"width", "height"} <= form.keys():
            inputs |= _sides(value)
        else:
            ignored.append(name)
    return inputs, tuple(sorted(ignored))


def _sides(ratio: Any) -> dict[str, int]:
    found = _RATIO.fullmatch(str(ratio))
    if found is None or not int(found[1]) or not int(found[2]):
        raise _refused("aspect_ratio", "write it as 16:9", ratio)
    shape = int(found[1]) / int(found[2])
    width, height = (_AREA * shape) ** 0.5, (_AREA / shape) ** 0.5
    return {
        name: min(_MOST, max(_LEAST, round(side / _STEP) * _STEP))
        for name, side in (("width", width), ("height", height))
    }


def _refused(name: str, message: str, value: Any) -> InvalidInputError:
    field = f"input.{name}"
    return InvalidInputError(f"{field}: {message}", [FieldError(field, message, shown(value))])
