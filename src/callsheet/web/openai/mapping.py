"""What OpenAI's parameters are for a card: mapped to its form, ignored and told, or refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from callsheet.line.offers import Offers
from callsheet.ports.models import ModelCard, UnknownModelError
from callsheet.web.errors import ModelNotFoundError
from callsheet.web.openai.errors import ParameterRefusedError

# What of a request is ours to keep to, and goes into no form.
_OURS: Final = frozenset({"model", "prompt", "n", "response_format", "size", "callsheet", "stream"})
_OPENAI: Final = "openai/"
_SIZE: Final = re.compile(r"(\d{2,5})x(\d{2,5})")
_SNAPSHOT: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A request as a card's form takes it; `ignored` are parameters that it has no field for."""

    card: ModelCard
    inputs: Mapping[str, Any]
    ignored: tuple[str, ...]


def card_named(offers: Offers, name: str) -> ModelCard:
    """Find a card by `provider/model`, or by a bare name or snapshot of OpenAI's.

    Raises ModelNotFoundError.
    """
    bare = _SNAPSHOT.sub("", name)
    names = (name, f"{_OPENAI}{name}", f"{_OPENAI}{bare}", f"{_OPENAI}{bare.replace('.', '-')}")
    for each in names:
        try:
            return offers.card(each)
        except UnknownModelError:
            continue
    raise ModelNotFoundError(name, "GET /v1/models lists those there are, as provider/model")


def mapped(card: ModelCard, asked: Mapping[str, Any]) -> Mapped:
    """Put a request into a card's form. Raises ParameterRefusedError."""
    form = card.inputs.model_fields
    inputs: dict[str, Any] = {"prompt": asked["prompt"], **_size(card, asked.get("size"))}
    ignored: list[str] = []
    for name, value in asked.items():
        if name in _OURS or value is None:
            continue
        if name in form and name not in ("references", "width", "height"):
            if value != "auto":
                inputs[name] = value
        else:
            ignored.append(name)
    return Mapped(card, inputs, tuple(sorted(ignored)))


def _size(card: ModelCard, size: object) -> dict[str, Any]:
    """Read `WxH`, as the card's form has it; `auto` and nothing leave it to the model."""
    if size in (None, "", "auto"):
        return {}
    found = _SIZE.fullmatch(str(size))
    if found is None:
        raise ParameterRefusedError("size", "write it as 1024x1024, or auto", size)
    width, height = int(found[1]), int(found[2])
    form = card.inputs.model_fields
    if "width" in form and "height" in form:
        return {"width": width, "height": height}
    if "size" in form:
        return {"size": f"{width}x{height}"}
    raise ParameterRefusedError("size", f"{card.id} takes no size in pixels; leave it out", size)
