"""From rows as they stand in a file to a table: the header found, every row as wide as it."""

from collections.abc import Iterable, Iterator

from callsheet.kernel.errors import FieldError, shown
from callsheet.ports.sheets import (
    MAX_LISTED_ERRORS,
    EmptySheetError,
    SheetCellsError,
    SheetGrid,
    SheetLimits,
    SheetRow,
    SheetTable,
    SheetTooLargeError,
    TooManyColumnsError,
    TooManyRowsError,
)

_MAX_ROW_NUMBER = 1_048_576  # where every spreadsheet ends


def table_of(name: str, grid: SheetGrid, limits: SheetLimits) -> SheetTable:
    """Take the first row with text as the header and fit the others to it.

    Rows without text are left out but still count in the numbers of those below. All wrong cells
    are named at once. Raises a SheetError.
    """
    rows = _bounded(grid.rows, limits)
    header = next(rows, None)
    if header is None:
        raise EmptySheetError
    problems = _Problems()
    columns = _columns(header, problems)
    fitted = []
    unnamed: set[int] = set()
    for count, row in enumerate(rows, start=1):
        if count > limits.max_rows:
            raise TooManyRowsError(limits.max_rows)
        fitted.append(SheetRow(row.number, _fitted(row, columns, unnamed, limits, problems)))
    problems.check()
    return SheetTable(name, tuple(columns.values()), tuple(fitted), grid.notes)


class _Problems:
    """Wrong cells, collected so that a person sees all of them at once."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []
        self._more = 0

    def add(self, field: str, message: str, value: str = "") -> None:
        if len(self._errors) < MAX_LISTED_ERRORS:
            self._errors.append(FieldError(field, message, shown(value)))
        else:
            self._more += 1

    def check(self) -> None:
        if self._errors:
            raise SheetCellsError(self._errors, self._more)


def _bounded(rows: Iterable[SheetRow], limits: SheetLimits) -> Iterator[SheetRow]:
    """Leave out rows without text; stop at the limits on width and on all text together."""
    chars = 0
    for row in rows:
        if row.number > _MAX_ROW_NUMBER:
            raise SheetTooLargeError(f"it has over {_MAX_ROW_NUMBER} rows, blank ones included")
        cells = row.cells[: _width(row.cells)]
        if not cells:
            continue
        if len(cells) > limits.max_columns:
            raise TooManyColumnsError(row.number, len(cells), limits.max_columns)
        chars += sum(map(len, cells))
        if chars > limits.max_text_chars:
            raise SheetTooLargeError(f"its text is longer than {limits.max_text_chars} characters")
        yield SheetRow(row.number, cells)


def _width(cells: tuple[str, ...]) -> int:
    """Count the cells up to the last one with text."""
    return next((at for at in range(len(cells), 0, -1) if cells[at - 1].strip()), 0)


def _columns(header: SheetRow, problems: _Problems) -> dict[int, str]:
    """Position -> name of every named column; a name twice is a problem."""
    columns: dict[int, str] = {}
    seen: dict[str, int] = {}
    for at, cell in enumerate(header.cells):
        title = " ".join(cell.split())
        if not title:
            continue
        first = seen.setdefault(title.casefold(), at)
        if first != at:
            message = (
                f"the column name {shown(title)!r} stands in columns {column_letters(first)} and "
                f"{column_letters(at)}; rename one"
            )
            problems.add(f"row {header.number}, column {column_letters(at)}", message, title)
        columns[at] = title
    return columns


def _fitted(
    row: SheetRow,
    columns: dict[int, str],
    unnamed: set[int],
    limits: SheetLimits,
    problems: _Problems,
) -> tuple[str, ...]:
    """One cell for each named column; text outside of them is a problem, told once a column."""
    for at, cell in enumerate(row.cells):
        if len(cell) > limits.max_cell_chars:
            message = f"{len(cell)} characters, {limits.max_cell_chars} are allowed in a cell"
            title = columns.get(at, column_letters(at))
            problems.add(f"row {row.number}, column {title}", message, cell)
        if at not in columns and at not in unnamed and cell.strip():
            unnamed.add(at)
            message = (
                f"this text stands in column {column_letters(at)}, which has no name in the header;"
                " name the column, or quote the cell if it was split by accident"
            )
            problems.add(f"row {row.number}, column {column_letters(at)}", message, cell)
    return tuple(row.cells[at] if at < len(row.cells) else "" for at in columns)


def column_letters(at: int) -> str:
    """Name a column as a spreadsheet does: 0 is A, 26 is AA."""
    letters = ""
    left = at + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
