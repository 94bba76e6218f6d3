"""What every page is written with: tables, code, and the words that people wrote."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import callsheet

SOURCE: Final = Path(callsheet.__file__).parent
REFERENCE: Final = Path(__file__).resolve().parent.parent / "reference"
WORDS: Final = REFERENCE / "words.toml"


class WordsError(Exception):
    """words.toml and the code do not name the same things."""

    def __init__(self, table: str, missing: Iterable[str], unused: Iterable[str]) -> None:
        super().__init__(
            f"words.toml [{table}]: add {sorted(missing) or 'nothing'},"
            f" remove {sorted(unused) or 'nothing'}"
        )


def words_for(table: str, names: Iterable[str]) -> dict[str, str]:
    """Read what people wrote about some names; each must be there, and no other."""
    words: dict[str, str] = tomllib.loads(WORDS.read_text())[table]
    wanted = set(names)
    if wanted != words.keys():
        raise WordsError(table, wanted - words.keys(), words.keys() - wanted)
    return words


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Mark text as code; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def sentence(docstring: str | None) -> str:
    """Take the first paragraph of a docstring."""
    return " ".join((docstring or "").strip().split("\n\n")[0].split())
