"""Text sheets: CSV and TSV in any encoding and with any delimiter that spreadsheets write.

A row's number is the number of its record, counted from 1: what a spreadsheet shows beside it. A
quoted line break is part of its cell and a blank line is a row of its own, so neither shifts the
rows below.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator

from callsheet.kernel.cells import bare
from callsheet.ports.sheets import (
    RESULT_COLUMNS,
    RESULT_PREFIX,
    DamagedSheetError,
    SheetGrid,
    SheetLimits,
    SheetRow,
    SheetTooLargeError,
)

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_SAMPLE_CHARS = 65_536
_SAMPLE_RECORDS = 50
_HEADER_BYTES = 64
_ZEROS_OF_UTF16 = 0.4  # half of the bytes, but for letters beyond Latin
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EXCEL_HINT = "sep="  # Excel's own first line, which it does not show as a row
_ROW_CHARS_PER_CELL = 32  # with `max_cell_chars`, how long a row may be before it is split


class CsvSource:
    """Reads delimited text with the standard library's parser."""

    suffixes = (".csv", ".tsv", ".txt")

    def recognises(self, content: bytes) -> bool:
        """Text has no first bytes of its own, but for the mark of UTF-16."""
        return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))

    def read(self, content: bytes, limits: SheetLimits, sheet: str = "") -> SheetGrid:  # noqa: ARG002 - a text file has one sheet, whatever is asked
        """Decode, find the delimiter, and read rows as they are asked for."""
        text, encoding = _decode(content)
        text, delimiter = _without_hint(text)
        delimiter = delimiter or _sniff(text)
        notes = [f"read as {encoding}, cells separated by {_DELIMITERS[delimiter]}"]
        return SheetGrid(_as_written(_rows(text, delimiter, limits)), tuple(notes))


def _decode(content: bytes) -> tuple[str, str]:
    """Decode by its mark, as UTF-8, or as what old Windows programs write."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    encoding = encoding or _unmarked_utf16(content) or "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise DamagedSheetError(
                f"byte {error.start} is not {encoding}; save the sheet as UTF-8"
            ) from error
        text, encoding = _decode_windows(content), "windows-1252"
    if "\0" in text:
        at = text.count("\n", 0, text.index("\0")) + 1
        raise DamagedSheetError(f"line {at} has a NUL byte, so this is not a text file")
    return text, encoding.removesuffix("-sig")


def _unmarked_utf16(content: bytes) -> str:
    """Recognise UTF-16 without a mark: in its header nearly every other byte is zero."""
    head = content[:_HEADER_BYTES]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) * _ZEROS_OF_UTF16 or min(even, odd):
        return ""
    return "utf-16-le" if odd else "utf-16-be" if even else ""


def _decode_windows(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise DamagedSheetError(
            f"byte {error.start} is neither UTF-8 nor Windows-1252; save the sheet as UTF-8"
        ) from error


def _without_hint(text: str) -> tuple[str, str]:
    """Take off Excel's ``sep=;`` line; it is no row."""
    if text[: len(_EXCEL_HINT)].lower() != _EXCEL_HINT:
        return text, ""
    line, _, rest = text.partition("\n")
    delimiter = line.rstrip("\r")[len(_EXCEL_HINT) :]
    return (rest, delimiter) if delimiter in _DELIMITERS else (text, "")


def _sniff(text: str) -> str:
    """Choose the delimiter that splits most records as it splits the header.

    The header decides alone where it holds only one of them: prompts are full of commas and
    semicolons, names of columns are not.
    """
    sample = text[:_SAMPLE_CHARS]
    scores = {delimiter: _agreement(sample, delimiter) for delimiter in _DELIMITERS}
    return max(scores, key=lambda delimiter: scores[delimiter])


def _agreement(sample: str, delimiter: str) -> tuple[float, int]:
    widths = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            if record:
                widths.append(len(record))
            if len(widths) == _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass  # the sample ends where it ends; what was read until here is enough to choose
    if not widths or widths[0] == 1:
        return 0.0, 0
    return Counter(widths)[widths[0]] / len(widths), widths[0]


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
