"""The tables of the vocabulary, read when they are first needed."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from callsheet.drawing import vocabulary


@lru_cache(maxsize=16)
def table_of(name: str) -> Mapping[str, Any]:
    """Read one file of the vocabulary."""
    return tomllib.loads((files(vocabulary) / f"{name}.toml").read_text("utf-8"))


@lru_cache(maxsize=16)
def phrases_of(table: str, key: str = "words") -> tuple[str, ...]:
    """List the phrases of one entry of the grammar, which commas part."""
    said: str = table_of("grammar")[table][key]
    return tuple(phrase.strip() for phrase in said.split(",") if phrase.strip())
