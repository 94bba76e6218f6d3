"""What calamine does not tell of a worksheet.

That is: what is hidden, merged, linked or struck through, how numbers are shown, and formulas.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from callsheet.sources.xlsx.formats import BUILT_IN
from callsheet.sources.xlsx.parts import local_name, relations, walk

Place = tuple[int, int]  # row and column, both from 1
Area = tuple[int, int, int, int]
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_SHOWN_CHARS: Final = 100  # of a value; adding up a huge one piece by piece would be quadratic
_MOST_FORMULA: Final = 8_192  # characters that spreadsheets allow
_MOST_AREAS: Final = 50_000
_OFF: Final = frozenset({"0", "false", "off"})


@dataclass(slots=True)
class Scan:
    """What stands in one worksheet beside its values, by place."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    links: dict[Place, str] = field(default_factory=dict)
    numbers: dict[Place, tuple[float, str]] = field(default_factory=dict)  # and their formats
    formulas: dict[Place, str] = field(default_factory=dict)
    errors: dict[Place, str] = field(default_factory=dict)
    uncomputed: list[Place] = field(default_factory=list)
    struck: dict[Place, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Styles:
    """Formats and strikes of cells, by the number of their style."""

    formats: Sequence[str]
    struck: frozenset[int]


def place_of(reference: str) -> Place | None:
    """Read a cell's name: C7 is row 7, column 3."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column


def column_name(column: int) -> str:
    """Name a column as a spreadsheet does: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, digit = divmod(column - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def styles_of(parts: Mapping[str, bytes], workbook: str) -> Styles:
    """Read how styles show numbers, and which strike text through."""
    part = next(
        (name for kind, name in relations(parts, workbook).values() if kind.endswith("/styles")),
        "xl/styles.xml",
    )
    codes: dict[int, str] = dict(BUILT_IN)
    fonts: list[bool] = []
    styles: list[tuple[int, int]] = []
    inside: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = local_name(tag)
        inside.append(name)
        if name == "numFmt":
            codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "font" and "fonts" in inside:
            fonts.append(False)
        elif name == "strike" and fonts and "fonts" in inside:
            fonts[-1] = attributes.get("val", "1").lower() not in _OFF
        elif name == "xf" and "cellXfs" in inside:
            styles.append((_whole(attributes.get("numFmtId")), _whole(attributes.get("fontId"))))

    def end(_: str) -> None:
        inside.pop()

    walk(parts.get(part, b""), start, end)
    struck = frozenset(
        at for at, (_, font) in enumerate(styles) if font < len(fonts) and fonts[font]
    )
    return Styles([codes.get(code, "") for code, _ in styles], struck)


def struck_strings(parts: Mapping[str, bytes], workbook: str) -> dict[int, str]:
    """Find struck-through words among the strings that worksheets share, by number."""
    part = next(
        (
            name
            for kind, name in relations(parts, workbook).values()
            if kind.endswith("/sharedStrings")
        ),
        "xl/sharedStrings.xml",
    )
    content = parts.get(part, b"")
    if b"strike" not in content:
        return {}
    runs = _Runs()
    found: dict[int, str] = {}
    count = -1

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        name = local_name(tag)
        if name == "si":
            count += 1
            runs.begin()
        runs.start(name, attributes)

    def end(tag: str) -> None:
        name = local_name(tag)
        runs.end(name)
        if name == "si" and runs.struck:
            found[count] = runs.struck

    walk(content, start, end, runs.text)
    return found


class _Runs:
    """Follows the runs of one rich text; `struck` are the words that are struck through."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.struck = ""
        self._striking = self._in_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self._striking = False
        elif name == "strike":
            self._striking = attributes.get("val", "1").lower() not in _OFF
        elif name == "t":
            self._in_text = True

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False

    def text(self, text: str) -> None:
        if self._in_text and self._striking and len(self.struck) < _SHOWN_CHARS:
            self.struck += text


class _Sheet:
    """Follows the elements of one worksheet part."""

    def __init__(
        self, styles: Styles, shared: Mapping[int, str], targets: Mapping[str, tuple[str, str]]
    ) -> None:
        self.scan = Scan()
        self._styles, self._shared, self._targets = styles, shared, targets
        self._runs = _Runs()
        self._row = self._column = 0
        self._place: Place | None = None
        self._kind = ""
        self._style = 0
        self._formula = self._value = ""
        self._has_formula = False
        self._in = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local_name(tag)
        if name == "c":
            self._column += 1
            self._place = place_of(attributes.get("r", "")) or (self._row, self._column)
            self._column = self._place[1]
            self._kind = attributes.get("t", "n")
            self._style = _whole(attributes.get("s"))
            self._formula, self._value, self._has_formula = "", "", False
            self._runs.begin()
        elif name in ("v", "f"):
            self._in = name
            self._has_formula = self._has_formula or name == "f"
        elif name == "row":
            self._row = _whole(attributes.get("r")) or self._row + 1
            self._column = 0
            if attributes.get("hidden", "0").lower() not in _OFF:
                self.scan.hidden_rows.add(self._row)
        elif name == "col" and attributes.get("hidden", "0").lower() not in _OFF:
            area = (_whole(attributes.get("min")), _whole(attributes.get("max")))
            self.scan.hidden_columns.append(area)
        elif name == "mergeCell" and len(self.scan.merged) < _MOST_AREAS:
            self._merge(attributes.get("ref", ""))
        elif name == "hyperlink":
            self._link(attributes)
        else:
            self._runs.start(name, attributes)

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        top, bottom = place_of(first), place_of(last)
        if top and bottom:
            self.scan.merged.append((*top, *bottom))

    def _link(self, attributes: dict[str, str]) -> None:
        place = place_of(attributes.get("ref", "").partition(":")[0])
        link = next((each for name, each in attributes.items() if name.endswith(":id")), "")
        target = self._targets.get(link, ("", ""))[1]
        if place and target and len(self.scan.links) < _MOST_AREAS:
            self.scan.links[place] = target

    def end(self, tag: str) -> None:
        name = local_name(tag)
        if name == self._in:
            self._in = ""
        if name == "c" and self._place is not None:
            self._cell(self._place)
        else:
            self._runs.end(name)

    def _cell(self, place: Place) -> None:
        scan, value = self.scan, self._value
        if self._kind == "e":
            scan.errors[place] = value
        elif self._has_formula and not value and self._kind != "str":
            scan.uncomputed.append(place)
        if self._formula:
            scan.formulas[place] = self._formula
        if self._kind == "n" and value and (self._style or self._formula):
            code = (
                self._styles.formats[self._style] if self._style < len(self._styles.formats) else ""
            )
            try:
                scan.numbers[place] = (float(value), code)
            except ValueError:
                return  # calamine says what is wrong with it
        struck = self._shared.get(_whole(value), "") if self._kind == "s" else self._runs.struck
        if struck:
            scan.struck[place] = struck
        elif self._style in self._styles.struck and (value or self._kind == "inlineStr"):
            scan.struck[place] = "all of it"

    def text(self, text: str) -> None:
        if self._in == "v" and len(self._value) < _SHOWN_CHARS:
            self._value += text
        elif self._in == "f" and len(self._formula) < _MOST_FORMULA:
            self._formula += text
        elif not self._in:
            self._runs.text(text)


def scan_sheet(
    part: bytes,
    styles: Styles,
    shared: Mapping[int, str],
    targets: Mapping[str, tuple[str, str]],
) -> Scan:
    """Scan one worksheet; `targets` are where its links lead, by id."""
    sheet = _Sheet(styles, shared, targets)
    walk(part, sheet.start, sheet.end, sheet.text)
    return sheet.scan


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
