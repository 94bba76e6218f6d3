"""Reading a text that a provider made: what it is by its bytes, and how it begins."""

import json
from typing import Final

from callsheet.assets.errors import UnreadableTextError
from callsheet.assets.model import AssetFacts
from callsheet.intake.fields import cleaned_text

BEGINNING_CHARS: Final = 1_000  # as much as a cell of a sheet is read for


def text_facts(content: bytes) -> AssetFacts:
    """Tell a text's type and how it begins, without what a person cannot see.

    A JSON object or list is JSON, everything else plain text. Raises UnreadableTextError.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTextError(f"byte {error.start} is not UTF-8") from error
    beginning = _beginning(text)
    if not beginning:
        raise UnreadableTextError("nothing in it can be seen")
    return AssetFacts("application/json" if _is_json(text) else "text/plain", beginning)


def _beginning(text: str) -> str:
    # a little more is cleaned than is kept, so that what falls out can be told from an end
    seen = cleaned_text(text[: BEGINNING_CHARS * 2]).text
    if len(seen) <= BEGINNING_CHARS:
        return seen
    return seen[: BEGINNING_CHARS - 1].rstrip() + "…"


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
