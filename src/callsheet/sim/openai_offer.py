"""The models that the simulated OpenAI offers.

How many tokens a picture counts is published for older models only; for those of 2026 the figures
that other sellers quote for a square (for GPT Image 2 0.006, 0.053 and 0.211 dollars, a medium one
is 1,767 tokens) are scaled by area, and where nobody quotes them by quality as the older ones are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Model

_SQUARE = 1024 * 1024
_TOKENS = {"low": 468, "medium": 1_767, "high": 6_912, "auto": 1_767, "xhigh": 9_216, "max": 12_288}
_TOKENS_OF_2_5 = {"low": 196, "medium": 439, "high": 1_756, "xhigh": 3_122, "max": 7_024}
_PUBLISHED: Mapping[str, Mapping[str, int]] = {
    "gpt-image-2": {**_TOKENS, "low": 200, "high": 7_033},
    **dict.fromkeys(("gpt-image-2.5-flare", "gpt-image-2.5-sunburst"), _TOKENS_OF_2_5),
    **dict.fromkeys(("gpt-image-2.6-flare", "gpt-image-2.6-sunburst"), _TOKENS_OF_2_5),
}
_TEXT_TOKENS = 12
_REFERENCE_TOKENS = 200
_FIELDS = {
    "model": Field("string"),
    "n": Field("integer"),
    "prompt": Field("string", required=True),
    "size": Field("string", default="1024x1024"),
    "quality": Field("string", default="medium"),
    "output_format": Field("string", default="png", choices=("png", "jpeg", "webp")),
    "image": Field("array", uri=True),
}


@dataclass(frozen=True, slots=True)
class Counted(Model):
    """A model billed by tokens: dollars for a million of text in, pictures in, pictures out."""

    text_in: int = 5
    image_in: int = 8
    image_out: int = 30

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the tokens of one picture."""
        images = _REFERENCE_TOKENS * len(inputs.get("image", ()))
        out = output_tokens(self, inputs) * self.image_out
        return Money(_TEXT_TOKENS * self.text_in + images * self.image_in + out)


@dataclass(frozen=True, slots=True)
class Listed(Model):
    """A model with a price for each quality, and another for what is not square."""

    oblong: Mapping[str, Money] | None = None

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price one picture."""
        quality = str(self.given(inputs, "quality"))
        square = self.given(inputs, "size") in {"1024x1024", "auto"}
        table = self.rates if square or self.oblong is None else self.oblong
        return table.get(quality, self.unit)


def output_tokens(model: Model, inputs: Mapping[str, Any]) -> int:
    """Count the tokens of one picture."""
    width, _, height = str(model.given(inputs, "size")).partition("x")
    area = int(width) * int(height) if height.isdecimal() else _SQUARE
    table = _PUBLISHED.get(model.id, _TOKENS)
    tokens = table.get(str(model.given(inputs, "quality")), table["medium"])
    return -(-tokens * area // _SQUARE)


def _counted(name: str) -> Model:
    return Counted("", name, name, Money.usd("0.053"), 8.0, _FIELDS)


def _usd(**prices: str) -> Mapping[str, Money]:
    return {name: Money.usd(price) for name, price in prices.items()}


OFFERED = (
    *map(_counted, ("gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.5-sunburst")),
    *map(_counted, ("gpt-image-2.6-flare", "gpt-image-2.6-sunburst")),
    Listed(
        "",
        "gpt-image-1.5",
        "gpt-image-1.5",
        Money.usd("0.034"),
        8.0,
        _FIELDS,
        rates=_usd(low="0.009", medium="0.034", high="0.133"),
        oblong=_usd(low="0.013", medium="0.05", high="0.20"),
    ),
    Listed(
        "",
        "gpt-image-1-mini",
        "gpt-image-1-mini",
        Money.usd("0.011"),
        8.0,
        _FIELDS,
        rates=_usd(low="0.005", medium="0.011"),
    ),
)
