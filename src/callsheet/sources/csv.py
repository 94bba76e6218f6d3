"""Text sheets: CSV and TSV in any encoding and with any delimiter that spreadsheets write.

A row's number is the number of its record, counted from 1: what a spreadsheet shows beside it. A
quoted line break is part of its cell and a blank line is a row of its own, so neither shifts the
rows below.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from callsheet.kernel.cells import bare
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.ports.sheets import (
    MAX_LISTED_ERRORS,
    RESULT_COLUMNS,
    RESULT_PREFIX,
    DamagedSheetError,
    SheetCellsError,
    SheetChoice,
    SheetGrid,
    SheetLimits,
    SheetRow,
    SheetTooLargeError,
)
from callsheet.sources.encoding import decoded
from callsheet.sources.header import header_among, known_columns
from callsheet.sources.table import column_letters

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_ASKED = {**{name: sign for sign, name in _DELIMITERS.items()}, "\\t": "\t", "pipe": "|"}
_SAMPLE_CHARS = 65_536
_SAMPLE_RECORDS = 50
_EXCEL_HINT = "sep="  # Excel's own first line, which it does not show as a row
_ROW_CHARS_PER_CELL = 32  # with `max_cell_chars`, how long a row may be before it is split


class CsvSource:
    """Reads delimited text with the standard library's parser."""

    suffixes = (".csv", ".tsv", ".txt")

    def recognises(self, content: bytes) -> bool:
        """Text has no first bytes of its own, but for the mark of UTF-16."""
        return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))

    def read(self, content: bytes, limits: SheetLimits, choice: SheetChoice) -> SheetGrid:
        """Decode, find the delimiter, and read rows as they are asked for."""
        found = decoded(content, choice.encoding)
        if "\0" in found.text:
            at = found.text.count("\n", 0, found.text.index("\0")) + 1
            raise DamagedSheetError(f"line {at} has a NUL byte, so this is not a text file")
        text, delimiter = _without_hint(found.text)
        delimiter = _asked(choice.delimiter) or delimiter or _sniff(text, choice.names)
        named = _DELIMITERS.get(delimiter, repr(delimiter))
        notes = (f"read as {found.encoding}, cells separated by {named}",)
        rows = _as_written(_rows(text, delimiter, limits))
        if found.damaged:
            _refuse_damage(rows)
        return SheetGrid(rows, notes)


def _asked(delimiter: str) -> str:
    """Read a delimiter as a person writes it: the sign itself, or its name."""
    sign = _ASKED.get(delimiter.strip().lower(), delimiter)
    if len(sign) > 1 or sign in ('"', "\r", "\n"):
        message = f"{shown(delimiter)!r} is no delimiter; write one sign, or comma, semicolon, tab"
        raise InvalidInputError(message, [FieldError("delimiter", message, shown(delimiter))])
    return sign


def _refuse_damage(rows: Iterator[SheetRow]) -> NoReturn:
    """Name the cells of a UTF-8 file that hold bytes which are not UTF-8."""
    errors: list[FieldError] = []
    columns: tuple[str, ...] = ()
    more = 0
    for row in rows:
        columns = columns or (row.cells if any(cell.strip() for cell in row.cells) else ())
        for at, cell in enumerate(row.cells):
            wrong = [f"{ord(char) - 0xDC00:02X}" for char in cell if "\udc80" <= char <= "\udcff"]
            if not wrong:
                continue
            if len(errors) == MAX_LISTED_ERRORS:
                more += 1
                continue
            title = (columns[at].strip() if at < len(columns) else "") or column_letters(at)
            message = (
                f"bytes {' '.join(wrong[:8])} are not UTF-8, as all else in the file is; mend the "
                "cell, or say another encoding of the whole file with --encoding"
            )
            place = f"row {row.number}, column {shown(title)}"
            errors.append(FieldError(place, message, shown(cell)))
    raise SheetCellsError(errors, more)


def _without_hint(text: str) -> tuple[str, str]:
    """Take off Excel's ``sep=;`` line; it is no row."""
    if text[: len(_EXCEL_HINT)].lower() != _EXCEL_HINT:
        return text, ""
    line, _, rest = text.partition("\n")
    delimiter = line.rstrip("\r")[len(_EXCEL_HINT) :]
    return (rest, delimiter) if delimiter in _DELIMITERS else (text, "")


def _sniff(text: str, names: Mapping[str, str]) -> str:
    """Choose the delimiter with which a header names known columns, and splits most records alike.

    The header decides alone where it holds only one of them: prompts are full of commas and
    semicolons, names of columns are not.
    """
    sample = text[:_SAMPLE_CHARS]
    scores = {delimiter: _agreement(sample, delimiter, names) for delimiter in _DELIMITERS}
    return max(scores, key=lambda delimiter: scores[delimiter])


def _agreement(sample: str, delimiter: str, names: Mapping[str, str]) -> tuple[int, float, int]:
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                records.append(record)
            if len(records) == _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass  # the sample ends where it ends; what was read until here is enough to choose
    if not records:
        return 0, 0.0, 0
    header = header_among(records, names)
    widths = [len(record) for record in records[header:]]
    known = known_columns(records[header], names)
    if widths[0] == 1:
        return known, 0.0, 0
    return known, Counter(widths)[widths[0]] / len(widths), widths[0]


def _as_written(rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
    """Take off our own results what kept spreadsheets from running their cells."""
    ours = None
    for row in rows:
        if ours is None and any(cell.strip() for cell in row.cells):
            names = {cell.strip().replace(RESULT_PREFIX, "") for cell in row.cells}
            ours = names.issuperset(RESULT_COLUMNS)
        yield SheetRow(row.number, tuple(map(bare, row.cells))) if ours else row


def _rows(text: str, delimiter: str, limits: SheetLimits) -> Iterator[SheetRow]:
    lines = _Lines(io.StringIO(text, newline=""), limits.max_cell_chars * _ROW_CHARS_PER_CELL)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    while True:
        lines.begin(number)
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise DamagedSheetError(lines.explain(number, str(error))) from error
        if record is None:
            return
        yield SheetRow(number, tuple(record))
        number += 1


class _Lines:
    """Hands lines to the parser and stops a record that never ends before it fills the memory."""

    def __init__(self, lines: Iterable[str], max_record_chars: int) -> None:
        self._lines = iter(lines)
        self._max = max_record_chars
        self._chars = 0
        self._row = 1
        self._ended = False

    def begin(self, row: int) -> None:
        """Start counting for the next record."""
        self._row, self._chars = row, 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self._ended = True
            raise StopIteration
        self._chars += len(line)
        if self._chars > self._max:
            raise SheetTooLargeError(
                f"row {self._row} is longer than {self._max} characters (is a quote left open?)"
            )
        return line

    def explain(self, row: int, reason: str) -> str:
        """Say what is wrong with a record the parser refuses."""
        if self._ended:
            return (
                f"row {row} opens a quote that is never closed; the file may be cut off: "
                "close the quote or export the sheet again"
            )
        if self._chars > csv.field_size_limit():
            return f"row {row} has a cell of more than {csv.field_size_limit()} characters"
        return f'row {row} is malformed ({reason}); write a quote inside a quoted cell twice ("")'


SOURCE = CsvSource()
