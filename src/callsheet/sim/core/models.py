"""What a model of the simulated provider is: its inputs with their checks, and its price.

Checks answer in the words of the JSON Schema validator that Replicate uses. Inputs that a model
does not know are let through, as there; `unknown` names them for whoever hunts a misspelt field.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from callsheet.kernel.money import Money

MOST_DATA_URL_BYTES = 256 * 1024
_USUAL_SECONDS = 5
_CHARS_PER_SECOND = 15
_NAMES = ("uri", "url", "inputImage")  # under which objects hold addresses
_JSON_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}

Inputs = Mapping[str, Any]
Problem = dict[str, str]  # type, field, description: one of `invalid_fields`


class Makes(StrEnum):
    """What a model's output is."""

    PICTURE = "picture"
    CLIP = "clip"
    AUDIO = "audio"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Field:
    """One input: its JSON type and bounds."""

    type: str
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    uri: bool = False

    def schema(self, title: str, order: int) -> dict[str, Any]:
        """Describe it as a model's OpenAPI document does."""
        told = {
            "default": self.default,
            "enum": list(self.choices) or None,
            "minimum": self.least,
            "maximum": self.most,
            "format": "uri" if self.uri else None,
        }
        kept = {name: value for name, value in told.items() if value is not None}
        return {"type": self.type, "title": title, "x-order": order, **kept}

    def problem(self, name: str, value: Any) -> Problem | None:
        """Say what is wrong with a value, if anything."""
        given = _json_type(value)
        if given != self.type and not (self.type == "number" and given == "integer"):
            text = f"Invalid type. Expected: {self.type}, given: {given}"
            return _problem("invalid_type", name, text)
        if self.choices and value not in self.choices:
            allowed = ", ".join(json.dumps(choice) for choice in self.choices)
            return _problem("enum", name, f"{name} must be one of the following: {allowed}")
        if self.least is not None and value < self.least:
            return _problem("number_gte", name, f"Must be greater than or equal to {self.least:g}")
        if self.most is not None and value > self.most:
            return _problem("number_lte", name, f"Must be less than or equal to {self.most:g}")
        return _uri_problem(name, value) if self.uri and isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Model:
    """One model: `unit` is the price of one picture, or of one second of a clip.

    `rates` are other units, by the value of the input that `rated_by` names, and `rates_with_audio`
    those with sound; `by_clip` says that a unit buys a whole clip. `timed_by` names the input that
    tells how long a clip is, in seconds, and `heard_by` the one that says whether it has sound.
    `formatted_by` names the one that says in what kind of file it comes.
    """

    owner: str
    name: str
    description: str
    unit: Money
    run_s: float
    fields: Mapping[str, Field]
    makes: Makes = Makes.PICTURE
    gives_list: bool = False
    unit_with_audio: Money | None = None
    rated_by: str = ""
    rates: Mapping[str, Money] = field(default_factory=dict)
    rates_with_audio: Mapping[str, Money] = field(default_factory=dict)
    by_clip: bool = False
    timed_by: str = "duration"
    heard_by: str = "generate_audio"
    formatted_by: str = "output_format"
    usual_work: int = 0  # pixels times steps that a unit buys, where computing is billed
    version: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", hashlib.sha256(self.id.encode()).hexdigest())

    @property
    def id(self) -> str:
        """Its name as `owner/name`, or alone where models have no owners."""
        return f"{self.owner}/{self.name}" if self.owner else self.name

    def given(self, inputs: Inputs, name: str) -> Any:
        """Read an input, or its default."""
        known = self.fields.get(name)
        return inputs.get(name, known.default if known else None)

    def units(self, inputs: Inputs) -> int:
        """Count what is paid for: pictures or seconds."""
        if self.makes in (Makes.CLIP, Makes.AUDIO):
            return self.seconds(inputs)
        return int(self.given(inputs, "num_outputs") or 1)

    def seconds(self, inputs: Inputs) -> int:
        """Tell how long a clip is: the number in `5`, `"5"` or `"5s"`, else five."""
        told = str(self.given(inputs, self.timed_by) or "").rstrip("s")
        return int(float(told)) if told.replace(".", "", 1).isdecimal() else _USUAL_SECONDS

    def price(self, inputs: Inputs, units: int) -> Money:
        """Price so many pictures or seconds."""
        rated = str(self.given(inputs, self.rated_by))
        rate = self.rates.get(rated, self.unit)
        if self.by_clip:
            return rate
        if self.usual_work:
            sides = (int(self.given(inputs, name) or 1024) for name in ("width", "height"))
            work = math.prod(sides) * int(self.given(inputs, "steps"))
            return Money(-(-rate.micros * work // self.usual_work))
        if self.unit_with_audio is not None and self.given(inputs, self.heard_by):
            return self.rates_with_audio.get(rated, self.unit_with_audio) * units
        return rate * units

    def timed(self, seconds: float) -> Money | None:
        """Price so long a run; None where time is not what is paid for."""
        return None

    def references(self, inputs: Inputs) -> Iterator[str]:
        """Name every picture that was given, as its URL or data URL."""
        named = (
            inputs[name] for name, known in self.fields.items() if known.uri and name in inputs
        )
        for value in named:
            yield from (value,) if isinstance(value, str) else _addresses(value)

    def unknown(self, inputs: Inputs) -> list[str]:
        """Name the inputs that the model does not read."""
        return sorted(set(inputs) - set(self.fields))

    def problems(self, inputs: Inputs) -> list[Problem]:
        """Check inputs as Replicate does before it accepts them."""
        missing = [
            {"type": "required", "field": "input", "description": f"{name} is required"}
            for name, known in self.fields.items()
            if known.required and name not in inputs
        ]
        wrong = (
            known.problem(f"input.{name}", inputs[name])
            for name, known in self.fields.items()
            if name in inputs
        )
        return missing + [problem for problem in wrong if problem is not None]

    def openapi_schema(self) -> dict[str, Any]:
        """Write the OpenAPI document of its version."""
        url = {"type": "string", "format": "uri"}
        output = {"type": "array", "items": url} if self.gives_list else url
        properties = {
            name: known.schema(name.replace("_", " ").title(), order)
            for order, (name, known) in enumerate(self.fields.items())
        }
        required = [name for name, known in self.fields.items() if known.required]
        given = {"type": "object", "title": "Input", "required": required, "properties": properties}
        schemas = {"Input": given, "Output": {"title": "Output", **output}}
        return {
            "openapi": "3.0.2",
            "info": {"title": "Cog", "version": "0.1.0"},
            "paths": {},
            "components": {"schemas": schemas},
        }


@dataclass(frozen=True, slots=True)
class Spoken(Model):
    """Speech, at `unit` for a thousand characters, rounded up to `step` (micro-dollars)."""

    step: int = 1

    def seconds(self, inputs: Inputs) -> int:
        """Tell how long it is spoken: fifteen characters a second, as people talk."""
        return -(-len(str(inputs.get("prompt", ""))) // _CHARS_PER_SECOND)

    def price(self, inputs: Inputs, units: int) -> Money:
        """Price the characters."""
        exact = -(-self.unit.micros * len(str(inputs.get("prompt", ""))) // 1_000)
        return Money(-(-exact // self.step) * self.step)


def _addresses(value: Any) -> Iterator[str]:
    """Find the addresses of pictures in a list, or in objects that name them."""
    for each in value if isinstance(value, list) else [value]:
        inner = (
            (each.get(name) for name in ("uri", "url", "inputImage"))
            if isinstance(each, dict)
            else (each,)
        )
        yield from (address for address in inner if isinstance(address, str))


def _problem(kind: str, name: str, description: str) -> Problem:
    return {"type": kind, "field": name, "description": description}


def _json_type(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return "integer"  # 4.0 is a whole number to JSON Schema
    return _JSON_NAMES[type(value)]


def _uri_problem(name: str, value: str) -> Problem | None:
    if value.startswith("data:"):
        if len(value) * 3 // 4 <= MOST_DATA_URL_BYTES:
            return None
        return _problem("format", name, "Data URLs may hold 256 kB; upload larger files")
    try:
        parts = urlsplit(value)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return None
    except ValueError:
        pass
    return _problem("format", name, "Does not match format 'uri'")
