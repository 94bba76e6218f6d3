"""Merging two edits of one text, word by word."""

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, NamedTuple

_TOKENS: Final = re.compile(r"\w+|\s+|[^\w\s]")


class _Edit(NamedTuple):
    """Tokens of the base from `start` to before `end` are replaced."""

    start: int
    end: int
    by: tuple[str, ...]


def merged_text(base: str, ours: str, theirs: str) -> str | None:
    """Apply two edits of a base text together; None if they touch the same place.

    The three-way merge of diff3 (Khanna, Kunal and Pierce, 2007), over words: edits that overlap,
    or meet without a word between them, are a conflict unless they are the same.
    """
    words = _TOKENS.findall(base)
    edits = sorted({*_edits(words, ours), *_edits(words, theirs)})
    for first, second in pairwise(edits):
        if second.start <= first.end:
            return None
    for edit in reversed(edits):
        words[edit.start : edit.end] = edit.by
    return "".join(words)


def _edits(base: list[str], text: str) -> list[_Edit]:
    words = _TOKENS.findall(text)
    matcher = SequenceMatcher(None, base, words, autojunk=False)
    return [
        _Edit(start, end, tuple(words[first:last]))
        for tag, start, end, first, last in matcher.get_opcodes()
        if tag != "equal"
    ]
