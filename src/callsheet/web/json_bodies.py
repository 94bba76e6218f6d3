"""JSON from strangers, read without holding up everybody else.

The parser of the standard library is C that lets nobody else run until it is done, and what it
makes may be a hundred times as large as the text. So the text is looked over first: how deep, how
many values. More than a little is read in a thread, and more than a piece in pieces: the items of
the lists right inside the outermost object, one by one, so that others run in between.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from callsheet.web.errors import BodyTooRichError, MalformedJsonError
from callsheet.web.limits import INLINE_JSON, MOST_DEPTH, MOST_ITEMS, MOST_PIECE

_MARK: Final = re.compile(rb'[\[\]{},"]')
_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_OPEN: Final = b"[{"
_LIST_DEPTH: Final = 2  # a list right inside the outermost object


async def read_json(body: bytes, *, most_values: int) -> Any:
    """Parse a body. Raises MalformedJsonError, BodyTooRichError."""
    if len(body) <= INLINE_JSON:
        return parse(body, most_values=most_values)
    return await asyncio.to_thread(parse, body, most_values=most_values)


async def check_json(body: bytes, *, most_values: int) -> None:
    """Refuse JSON of too much that others will parse in one go. Raises BodyTooRichError."""
    outline = _Outline(most_values)
    if len(body) <= INLINE_JSON:
        outline.read(body)
    else:
        await asyncio.to_thread(outline.read, body)


def parse(body: bytes, *, most_values: int) -> Any:
    """Parse a body, piece by piece if it is large. Raises MalformedJsonError, BodyTooRichError."""
    outline = _Outline(most_values)
    outline.read(body)
    if len(body) <= MOST_PIECE:
        return _loaded(body)
    if outline.in_list:
        raise MalformedJsonError("a list does not end")
    bones: list[bytes] = []
    lists: list[list[Any]] = []
    at = 0
    for found in outline.lists:  # in the bones each list holds only its own number
        bones += [body[at : found.starts], b"%d" % len(lists)]
        lists.append([_loaded(body[start:end]) for start, end in found.items(body)])
        at = found.ends
    bones.append(body[at:])
    whole = _loaded(b"".join(bones))
    if not isinstance(whole, dict):
        return whole
    return {
        name: lists[value[0]] if isinstance(value, list) else value for name, value in whole.items()
    }


@dataclass(slots=True)
class _List:
    """Where a list stands in the text, without its brackets, and the commas between its items."""

    starts: int
    ends: int = 0
    commas: list[int] = field(default_factory=list)

    def items(self, body: bytes) -> list[tuple[int, int]]:
        if not self.commas and not body[self.starts : self.ends].strip():
            return []
        edges = [self.starts - 1, *self.commas, self.ends]
        return [(before + 1, after) for before, after in pairwise(edges)]


@dataclass(slots=True)
class _Outline:
    """What a text holds, found without making anything of it: the lists right inside its object."""

    most_values: int
    lists: list[_List] = field(default_factory=list)
    depth: int = 0
    values: int = 0
    is_object: bool = False
    in_list: bool = False  # in one of `lists`, the last
    piece: int = 0  # where the piece began that is read in one go
    outside: int = 0  # bytes before the list that are read with what comes after it

    def read(self, body: bytes) -> None:
        """Look a text over. Raises BodyTooRichError."""
        at = 0
        while (mark := _MARK.search(body, at)) is not None:
            at, char = mark.end(), body[mark.start()]
            if at - self.piece > MOST_PIECE:
                raise _too_large()
            if char == _QUOTE:
                at = _string_end(body, at)
            elif char == _COMMA:
                self._count()
                if self.in_list and self.depth == _LIST_DEPTH:
                    self._next_item(mark.start())
            elif char in _OPEN:
                self._count()
                self._open(char, at)
            else:
                self._close(mark.start())

    def _count(self) -> None:
        self.values += 1
        if self.values > self.most_values:
            raise BodyTooRichError(f"more than {self.most_values} values")

    def _open(self, char: int, at: int) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise BodyTooRichError(f"nested deeper than {MOST_DEPTH}")
        if self.depth == 1:
            self.is_object = char == _OPEN[1]
        elif self.depth == _LIST_DEPTH and self.is_object and char == _OPEN[0]:
            self.in_list = True
            self.lists.append(_List(at))
            self.outside, self.piece = at - self.piece, at

    def _next_item(self, at: int) -> None:
        commas = self.lists[-1].commas
        commas.append(at)
        self.piece = at
        if len(commas) >= MOST_ITEMS:
            raise BodyTooRichError(f"a list of more than {MOST_ITEMS} items")

    def _close(self, at: int) -> None:
        if self.in_list and self.depth == _LIST_DEPTH:
            self.lists[-1].ends = at
            self.in_list = False
            self.piece = at - self.outside
        self.depth -= 1


def _string_end(body: bytes, at: int) -> int:
    """Find what comes after a string that begins before `at`."""
    last = at + MOST_PIECE
    while (end := body.find(b'"', at, last)) >= 0:
        before = end
        while before > at and body[before - 1] == _BACKSLASH:
            before -= 1
        if (end - before) % 2 == 0:
            return end + 1
        at = end + 1
    if last < len(body):
        raise _too_large()
    return len(body)


def _too_large() -> BodyTooRichError:
    return BodyTooRichError(f"one value of it is over {MOST_PIECE} bytes")


def _loaded(text: bytes) -> Any:
    if len(text) > MOST_PIECE:
        raise _too_large()
    try:
        return json.loads(text)
    except RecursionError as error:
        raise BodyTooRichError("nested too deep") from error
    except ValueError as error:  # not JSON, not UTF-8, a number of thousands of digits
        raise MalformedJsonError(getattr(error, "msg", "") or str(error)) from error
