"""The language models of the simulated Gemini: what they answer, and the tokens that they count.

An answer says what was asked and what was seen, the same for the same question. With a schema it
is JSON of that shape. How much a model thinks follows from the level that it was told.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.faults import read_mark
from callsheet.sim.core.models import Field, Makes, Model
from callsheet.sim.judging import judged

_MARK = re.compile(r"\s*\[\[sim:[^\]]*\]\]")
_CHARS_PER_TOKEN = 4
_QUOTED_CHARS = 300
_MOST_OUT = 65_536
_DEEPEST = 24
_THOUGHTS: Mapping[str, int] = {"MINIMAL": 0, "LOW": 48, "MEDIUM": 192, "HIGH": 640}
_PICTURE_TOKENS: Mapping[str, int] = {"LOW": 280, "MEDIUM": 560, "HIGH": 1_120}
FIELDS = {
    "prompt": Field("string", required=True),
    "system": Field("string", default=""),
    "image": Field("array", uri=True),
    "maxOutputTokens": Field("integer", default=_MOST_OUT, least=1, most=_MOST_OUT),
    "temperature": Field("number", least=0, most=2),
    "seed": Field("integer", least=-(2**31), most=2**31 - 1),
    "thinkingLevel": Field("string", default="HIGH", choices=tuple(_THOUGHTS)),
    "mediaResolution": Field("string", default="HIGH", choices=tuple(_PICTURE_TOKENS)),
    "schema": Field("object"),
    "judge": Field("string"),  # a word of sim.judging
}


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call; `cached` of those that went `into` it came from a cache."""

    into: int
    cached: int
    out: int
    thoughts: int

    def told(self) -> dict[str, int]:
        """Word it as `usageMetadata`; what is zero is left out, as there."""
        counts = {
            "promptTokenCount": self.into,
            "cachedContentTokenCount": self.cached,
            "candidatesTokenCount": self.out,
            "thoughtsTokenCount": self.thoughts,
            "totalTokenCount": self.into + self.out + self.thoughts,
        }
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class Writer(Model):
    """A model that writes; `rates` are dollars for a million tokens: in, from the cache, out."""

    tokens_cost: tuple[str, str, str] = ("0", "0", "0")

    def usage(self, inputs: Mapping[str, Any], billed: int | None = None) -> Usage:
        """Count the tokens of a call, or make what comes out come to `billed`."""
        seen = _PICTURE_TOKENS[str(self.given(inputs, "mediaResolution"))]
        words = (inputs["prompt"], self.given(inputs, "system"), _schema_text(inputs))
        into = sum(map(count_tokens, words)) + seen * len(inputs.get("image", ()))
        cached = int(read_mark(inputs["prompt"]).get("cached") or 0)
        most = int(self.given(inputs, "maxOutputTokens"))
        thoughts = min(most, _THOUGHTS[str(self.given(inputs, "thinkingLevel"))])
        out = min(most - thoughts, count_tokens(written(inputs)))
        if billed is not None:
            out = min(out, billed)
            thoughts = billed - out
        return Usage(into, min(cached, into), out, thoughts)

    def is_cut_off(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether the answer is longer than it may be."""
        return self.usage(inputs).out < count_tokens(written(inputs))

    def units(self, inputs: Mapping[str, Any]) -> int:
        """Count what comes out, thoughts included."""
        usage = self.usage(inputs)
        return usage.out + usage.thoughts

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the tokens, rounded up to a micro-dollar."""
        usage = self.usage(inputs, units)
        counts = (usage.into - usage.cached, usage.cached, usage.out + usage.thoughts)
        micros = sum(
            (Decimal(rate) * count for rate, count in zip(self.tokens_cost, counts, strict=True)),
            Decimal(),
        )
        return Money(int(micros.to_integral_value(ROUND_CEILING)))


def count_tokens(text: str) -> int:
    """Count as the documentation says: a token for about four characters."""
    return -(-len(text) // _CHARS_PER_TOKEN)


def written(inputs: Mapping[str, Any]) -> str:
    """Write the answer to a call."""
    asked = _MARK.sub("", inputs["prompt"]).strip()
    if "judge" in inputs:
        return judged(inputs, inputs["judge"])
    if "schema" in inputs:
        return json.dumps(_shaped(inputs["schema"], asked), ensure_ascii=False)
    count = len(inputs.get("image", ()))
    seen = f", having looked at {count} picture{'s' if count > 1 else ''}" if count else ""
    return f"A simulated answer{seen}, to: {asked[:_QUOTED_CHARS]}"


def shortened_to(text: str, tokens: int) -> str:
    """Cut a text after so many tokens."""
    return text[: tokens * _CHARS_PER_TOKEN]


def offered(name: str, into: str, cached: str, out: str, *, run_s: float = 4.0) -> Writer:
    """Offer a language model at its rates, in dollars for a million tokens."""
    rates = (into, cached, out)
    return Writer(
        "", name, name, Money.usd(out), run_s, FIELDS, makes=Makes.TEXT, tokens_cost=rates
    )


def _schema_text(inputs: Mapping[str, Any]) -> str:
    return json.dumps(inputs["schema"]) if "schema" in inputs else ""


def _shaped(schema: Any, asked: str, deep: int = 0) -> Any:
    """Make a value that fits a schema, in JSON Schema's words or in those of `responseSchema`."""
    if not isinstance(schema, dict) or deep > _DEEPEST:
        return None
    if schema.get("enum"):
        return schema["enum"][0]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return _shaped(choices[0], asked, deep + 1)
    kind = schema.get("type", "object")
    value: Any = None
    match str(kind[0] if isinstance(kind, list) else kind).lower():
        case "object":
            properties = schema.get("properties", {})
            value = {name: _shaped(each, asked, deep + 1) for name, each in properties.items()}
        case "array":
            item = _shaped(schema.get("items", {}), asked, deep + 1)
            value = [item] * max(1, int(schema.get("minItems", 1)))
        case "integer" | "number":
            value = schema.get("minimum", schema.get("maximum", 7))
        case "boolean":
            value = True
        case "string":
            value = asked[: min(_QUOTED_CHARS, int(schema.get("maxLength", _QUOTED_CHARS)))]
    return value
