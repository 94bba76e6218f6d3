"""What faces people calls verbs: it opens no transaction, and reaches into no room's store."""

import ast
from pathlib import Path

import pytest

import callsheet

SOURCE = Path(callsheet.__file__).parent
FILES = [*SOURCE.glob("web/*.py"), *SOURCE.glob("cli/*.py")]
BEHIND_VERBS = frozenset({"database", "house", "store", "stores", "answers", "blobs", "engine"})


def reached(source: str) -> list[str]:
    """Name what a module reaches for behind the verbs, with its lines."""
    return [
        f"line {node.lineno}: .{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in BEHIND_VERBS
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}.{file.stem}")
def test_nothing_is_reached_for_behind_the_verbs(file: Path) -> None:
    """Neither the database nor a store is there to be touched."""
    assert reached(file.read_text()) == []


def test_a_transaction_is_seen() -> None:
    """What was there in forty-five places would be found."""
    assert reached("async def f(cs):\n    async with cs.database.read() as c: pass\n") == [
        "line 2: .database"
    ]
