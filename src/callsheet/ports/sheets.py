"""Sheets as rooms see them: a header, numbered rows of text, and what could not be read.

SheetError                    the file cannot be used as a sheet
├── UnknownSheetTypeError     no source reads this kind of file
├── SheetTooLargeError        beyond a limit on bytes, memory, time or text
├── TooManyRowsError
├── TooManyColumnsError
├── DamagedSheetError         cut off, garbled, or not what its name says
├── EncryptedSheetError       has a password
├── UnknownSheetNameError     the workbook has no sheet of that name
├── UncertainEncodingError    several encodings are possible; a person has to say which
├── EmptySheetError           no header and no rows
└── SheetCellsError           single cells or columns are wrong; `errors` names each
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from callsheet.kernel.errors import FieldError, InvalidInputError, shown

RESULT_COLUMNS = ("status", "error", "cost_usd", "quoted_usd")  # by which we know our own results
RESULT_PREFIX = "callsheet_"  # before those of them that the sheet had itself

MAX_LISTED_ERRORS = 100  # one answer names at most so many wrong cells


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """How much of a sheet is read before it is refused."""

    max_bytes: int = 64 * 1024 * 1024
    max_rows: int = 100_000
    max_columns: int = 256
    max_cell_chars: int = 32_767  # what Excel allows in one cell
    max_text_chars: int = 64_000_000  # all cells together
    max_inflated_bytes: int = 256 * 1024 * 1024  # what a zipped sheet may grow to
    max_memory_bytes: int = 1536 * 1024 * 1024  # address space of a parsing process
    max_seconds: int = 60


# A cell as JSON: its text, a number or truth value in no special format, or
# {"text", "number", "format", "formula", "link"}, of which only the text is always there.
Cell = str | int | float | bool | Mapping[str, Any]
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


def cell_text(cell: Cell) -> str:
    """Write a cell as it is shown."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return str(cell)
        case _:
            return str(cell["text"])


_UNNAMED = "\N{NO-BREAK SPACE}column "  # no title begins so: white space around one is left out


def title_key(title: str) -> str:
    """Spell a column's title as it is compared: case, spaces, `_` and `-` make no difference."""
    return _BETWEEN_WORDS.sub("", title).casefold()


def unnamed_title(letters: str) -> str:
    """Name a column that has no name in the sheet."""
    return f"{_UNNAMED}{letters}"


def written_title(title: str) -> str:
    """Give a column's title as the sheet has it: nothing, for one without a name."""
    return "" if title.startswith(_UNNAMED) else title


@dataclass(frozen=True, slots=True)
class SheetChoice:
    """How a person says that a sheet is to be read; what is left blank is found out.

    `names` says what columns are called, by `title_key`, and which field each of them is: that
    tells which row is the header.
    """

    sheet: str = ""
    header_row: int = 0
    delimiter: str = ""
    encoding: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row; `number` is the one a spreadsheet shows, so the first row below a header is 2.

    `cells` are texts as they are shown. `values` are the same cells as the file holds them; none if
    all are text.
    """

    number: int
    cells: tuple[str, ...]
    values: tuple[Cell, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class SheetGrid:
    """What a source reads: rows as they stand in the file, before anything is known of a header.

    `merged` are areas of merged cells: first row, first column, last row, last column.
    """

    rows: Iterable[SheetRow]
    notes: tuple[str, ...] = ()
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A sheet with a header: every row has exactly one cell for each column; none is blank.

    `in_place` tells that row 1 is the header and that no column was left out: then formulas of the
    sheet mean the same in a table with the same columns and row numbers.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    notes: tuple[str, ...] = ()  # what a person should know: the encoding, the sheet that was taken
    in_place: bool = False


class SheetSource(Protocol):
    """One kind of sheet file."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of its file names, in lower case with the dot."""

    def recognises(self, content: bytes) -> bool:
        """Tell by its first bytes that the file is of this kind, whatever its name."""

    def read(self, content: bytes, limits: SheetLimits, choice: SheetChoice) -> SheetGrid:
        """Read the grid, of the sheet that `choice` names if the format knows several.

        Rows may come lazily: reading them raises a SheetError as well.
        """


class SheetError(InvalidInputError):
    """The file cannot be used as a sheet."""

    code: ClassVar[str] = "unreadable_sheet"


class UnknownSheetTypeError(SheetError):
    """No source reads this kind of file."""

    code: ClassVar[str] = "unknown_sheet_type"

    def __init__(self, found: str, supported: Sequence[str]) -> None:
        kinds = ", ".join(supported)
        super().__init__(f"{shown(found)} is not a sheet that can be read; save it as {kinds}")
        self.found, self.supported = found, tuple(supported)


class SheetTooLargeError(SheetError):
    """The sheet passes a limit on bytes, memory, time or text; reading stopped there."""

    code: ClassVar[str] = "sheet_too_large"

    def __init__(self, what: str) -> None:
        super().__init__(f"the sheet is too large: {what}; split it or remove what is not needed")
        self.what = what


class TooManyRowsError(SheetError):
    """There are more rows than allowed; reading stopped at the limit."""

    code: ClassVar[str] = "too_many_rows"

    def __init__(self, limit: int) -> None:
        allowed = f"the allowed {limit} rows (CALLSHEET_MAX_ROWS)"
        super().__init__(f"the sheet has more than {allowed}; split it")
        self.limit = limit


class TooManyColumnsError(SheetError):
    """A row has more cells than columns are allowed."""

    code: ClassVar[str] = "too_many_columns"

    def __init__(self, row: int, found: int, limit: int) -> None:
        super().__init__(f"row {row} has {found} columns, {limit} are allowed; remove the rest")
        self.row, self.found, self.limit = row, found, limit


class DamagedSheetError(SheetError):
    """The file is cut off, garbled, or not what its name says."""

    code: ClassVar[str] = "damaged_sheet"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the sheet cannot be read: {reason}")
        self.reason = reason


class EncryptedSheetError(SheetError):
    """The workbook is encrypted."""

    code: ClassVar[str] = "encrypted_sheet"

    def __init__(self) -> None:
        super().__init__("the workbook is encrypted; save it without a password")


class UnknownSheetNameError(SheetError):
    """The workbook has no sheet of that name."""

    code: ClassVar[str] = "unknown_sheet_name"

    def __init__(self, name: str, names: Sequence[str]) -> None:
        there = ", ".join(repr(shown(each)) for each in names[:20])
        super().__init__(f"the workbook has no sheet {shown(name)!r}; it has {there}")
        self.name, self.names = name, tuple(names)


class UncertainEncodingError(SheetError):
    """Nothing says for certain in which encoding a text is; `readings` shows what it would be.

    `readings` maps the names of encodings to how a few cells would be read.
    """

    code: ClassVar[str] = "uncertain_encoding"

    def __init__(self, readings: Mapping[str, Sequence[str]]) -> None:
        shown_all = "; ".join(
            f"{name}: {' | '.join(map(shown, cells))}" for name, cells in readings.items()
        )
        first = next(iter(readings), "utf-8")
        super().__init__(
            "the text is not in UTF-8, and its encoding is not certain. Read as "
            f"{shown_all}. Say which is right, as in --encoding {first}, or save it as UTF-8"
        )
        self.readings = readings


class EmptySheetError(SheetError):
    """Nothing is written in the sheet."""

    code: ClassVar[str] = "empty_sheet"

    def __init__(self) -> None:
        super().__init__("the sheet is empty; write column names in its first row")


class SheetCellsError(SheetError):
    """Single cells or columns are wrong; `errors` names each, `more` counts those left out."""

    code: ClassVar[str] = "invalid_cells"

    def __init__(self, errors: Sequence[FieldError], more: int = 0) -> None:
        first = errors[0]
        rest = len(errors) - 1 + more
        tail = f" (and {rest} more)" if rest else ""
        super().__init__(f"{first.field}: {first.message}{tail}", errors)
        self.more = more
