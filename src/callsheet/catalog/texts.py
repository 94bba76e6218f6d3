"""Texts of Google's language models: the form, the price and the wording that they share.

A card says what differs: the model's id, its rates, and how it may be told to think.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, field_validator

from callsheet.catalog.forms import Reference
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.pictures import ReferenceMode

PROMPT_CHARS: Final = 32_000  # as much as one cell of a spreadsheet holds
SYSTEM_CHARS: Final = 8_000
SCHEMA_BYTES: Final = 16_000
SCHEMA_DEPTH: Final = 16
MODES: Final = frozenset({ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT})
# of a picture of any size (https://ai.google.dev/gemini-api/docs/media-resolution, Gemini 3 and 4)
PICTURE_TOKENS: Final[Mapping[str, int]] = {"low": 280, "medium": 560, "high": 1_120}
# Google counts a token for about four characters of English. Half as many is the most that was
# seen for what is not prose; in other scripts a character is a token at most, as a rule.
_CHARS_PER_TOKEN: Final = 2
_AROUND: Final = 16  # tokens around what is said: roles, and where pictures begin and end

Rates = Mapping[str, str]


class TextForm(BaseModel, extra="forbid", frozen=True):
    """A question, or something to be written, and pictures to be looked at.

    `max_output_tokens` counts what the model thinks as well as what it answers. With an
    `answer_schema`, a JSON Schema, the answer is JSON.
    """

    prompt: Annotated[str, Field(min_length=1, max_length=PROMPT_CHARS)]
    system_instruction: Annotated[str, Field(max_length=SYSTEM_CHARS)] = ""
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()
    detail: Annotated[
        Literal["low", "medium", "high"], Field(description="how closely pictures are looked at")
    ] = "high"
    thinking: Literal["minimal", "low", "medium", "high"] = "low"
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    max_output_tokens: Annotated[int, Field(ge=64, le=65_536)] = 2_048
    answer_schema: Annotated[dict[str, Any], Field(default_factory=dict)]
    seed: Annotated[int | None, Field(ge=0, lt=2**32)] = None

    @field_validator("answer_schema")
    @classmethod
    def _bounded(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if _depth(schema) > SCHEMA_DEPTH:
            raise ValueError(f"a schema may be {SCHEMA_DEPTH} levels deep")
        if len(_written(schema).encode()) > SCHEMA_BYTES:
            raise ValueError(f"a schema may have {SCHEMA_BYTES:,} bytes as JSON")
        return schema


def text_price(inputs: TextForm, rates: Rates) -> Money:
    """Price the most that an answer can come to: all tokens that it may have, and what goes in.

    What goes in is estimated, from its characters and pictures.
    """
    schema = _written(inputs.answer_schema) if inputs.answer_schema else ""
    words = (inputs.prompt, inputs.system_instruction, schema)
    into = _AROUND + sum(map(_most_tokens, words))
    into += PICTURE_TOKENS[inputs.detail] * len(inputs.references)
    dollars = (
        Money.usd(rates["in"]) * into + Money.usd(rates["text_out"]) * inputs.max_output_tokens
    )
    return Money(-(-dollars.micros // 1_000_000))


def text_payload(model: str, inputs: TextForm, rates: Rates) -> dict[str, Any]:
    """Word the order as the API's reference does: pictures first, then what is asked of them."""
    pictures = [
        {"inlineData": {"mimeType": "image/png", "data": ReferenceSlot.at(place)}}
        for place in range(len(inputs.references))
    ]
    config: dict[str, Any] = {
        "responseModalities": ["TEXT"],
        "maxOutputTokens": inputs.max_output_tokens,
        "thinkingConfig": {"thinkingLevel": inputs.thinking.upper()},
    }
    if pictures:
        config["mediaResolution"] = f"MEDIA_RESOLUTION_{inputs.detail.upper()}"
    if inputs.temperature is not None:
        config["temperature"] = inputs.temperature
    if inputs.seed is not None:
        config["seed"] = inputs.seed & 0x7FFF_FFFF  # a signed number of 32 bits there
    if inputs.answer_schema:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = inputs.answer_schema
    body: dict[str, Any] = {
        "contents": [{"role": "user", "parts": [*pictures, {"text": inputs.prompt}]}],
        "generationConfig": config,
    }
    if inputs.system_instruction:
        body["systemInstruction"] = {"parts": [{"text": inputs.system_instruction}]}
    return {"model": model, "body": body, "rates": dict(rates)}


def _most_tokens(text: str) -> int:
    """Estimate how many tokens a text is at most."""
    plain = sum(char < "\u0250" for char in text)  # Latin letters, digits, and their marks
    return -(-plain // _CHARS_PER_TOKEN) + len(text) - plain


def _written(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, allow_nan=False)


def _depth(value: Any) -> int:
    """Count how deep a value is nested, as far as it matters."""
    level, deep = [value], 0
    while level and deep <= SCHEMA_DEPTH:
        inside = [each for each in level if isinstance(each, dict | list)]
        level = [
            each for held in inside for each in (held.values() if isinstance(held, dict) else held)
        ]
        deep += bool(inside)
    return deep
