"""From rows as they stand in a file to a table: the header found, every row as wide as it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final

from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import FieldError, shown
from callsheet.ports.sheets import (
    MAX_LISTED_ERRORS,
    Cell,
    EmptySheetError,
    SheetCellsError,
    SheetChoice,
    SheetGrid,
    SheetLimits,
    SheetRow,
    SheetTable,
    SheetTooLargeError,
    TooManyColumnsError,
    TooManyRowsError,
    unnamed_title,
    written_title,
)
from callsheet.sources.header import SEARCHED_ROWS, header_among, scene_column

_FOUND_OUT: Final = SheetChoice()
_MOST_MERGED: Final = 100_000  # rows of one merged cell
_MAX_ROW_NUMBER = 1_048_576  # where every spreadsheet ends


def table_of(
    name: str, grid: SheetGrid, limits: SheetLimits, choice: SheetChoice = _FOUND_OUT
) -> SheetTable:
    """Find the header and fit the rows below to it.

    The header is the row that `choice` names, else the first with a column that is known, else the
    first with text. Rows without text are left out but still count in the numbers of those below.
    All wrong cells are named at once. Raises a SheetError.
    """
    rows = _bounded(grid.rows, limits)
    above, header, first = _header(rows, choice)
    if header is None:
        raise EmptySheetError
    problems = _Problems()
    columns = _columns(header, problems)
    fitted = []
    unnamed: set[int] = set()
    carried = _carried(grid.merged, columns, choice.names)
    for count, row in enumerate(chain(first, rows), start=1):
        if count > limits.max_rows:
            raise TooManyRowsError(limits.max_rows)
        cells = _fitted(row, columns, unnamed, limits, problems)
        fitted.append(carried.into(SheetRow(row.number, cells, _values(row, columns))))
    problems.check()
    columns, fitted = _without_blank(columns, fitted)
    in_place = header.number == 1 and [*columns] == [*range(len(columns))]
    notes = (*grid.notes, *_about_header(header.number, above))
    return SheetTable(name, tuple(columns.values()), tuple(fitted), notes, in_place)


def table_of_items(items: Sequence[Any], most: int) -> SheetTable:
    """Take objects of a request for the rows of a sheet, numbered from 1.

    Raises SheetCellsError, TooManyRowsError.
    """
    if len(items) > most:
        raise TooManyRowsError(most)
    problems = _Problems()
    columns: dict[str, None] = {}
    for at, item in enumerate(items):
        if not isinstance(item, Mapping):
            problems.add(f"items[{at}]", "write an object of columns and cells", str(item))
            continue
        for title, value in item.items():
            columns[str(title)] = None
            if not isinstance(value, str | int | float | None):
                place = f"items[{at}].{shown(title)}"
                problems.add(place, "a cell is text, a number, a truth value or null", str(value))
    if len(columns) > SheetLimits().max_columns:
        raise TooManyColumnsError(1, len(columns), SheetLimits().max_columns)
    problems.check()
    rows = [
        SheetRow(
            at, tuple(["" if item.get(title) is None else str(item[title]) for title in columns])
        )
        for at, item in enumerate(items, start=1)
    ]
    return SheetTable("", tuple(columns), tuple(rows))


def _without_blank(
    columns: dict[int, str], rows: list[SheetRow]
) -> tuple[dict[int, str], list[SheetRow]]:
    """Leave out columns without a name in which nothing stands."""
    places = [
        place
        for place, title in enumerate(columns.values())
        if not written_title(title) and not any(row.cells[place].strip() for row in rows)
    ]
    if not places:
        return columns, rows
    kept = [place for place in range(len(columns)) if place not in places]
    titles = [*columns.items()]

    def less(row: SheetRow) -> SheetRow:
        values = tuple([row.values[at] for at in kept]) if row.values else ()
        return SheetRow(row.number, tuple([row.cells[at] for at in kept]), values)

    return dict(titles[at] for at in kept), [less(row) for row in rows]


def _header(
    rows: Iterator[SheetRow], choice: SheetChoice
) -> tuple[list[SheetRow], SheetRow | None, list[SheetRow]]:
    """Find the header; answers the rows above it, it, and rows below that were read already."""
    seen: list[SheetRow] = []
    if choice.header_row:
        for row in rows:
            if row.number >= choice.header_row:
                _refuse_blank_header(row, choice.header_row)
                return seen, row, []
            seen.append(row)
        _refuse_blank_header(None, choice.header_row)
    seen = [*islice(rows, SEARCHED_ROWS)]
    at = header_among([row.cells for row in seen], choice.names)
    if not seen:
        return [], None, []
    return seen[:at], seen[at], seen[at + 1 :]


def _refuse_blank_header(row: SheetRow | None, asked: int) -> None:
    if row is None or row.number != asked:
        message = f"row {asked} is blank; name the row of the column names"
        raise SheetCellsError([FieldError("header_row", message, str(asked))])


def _about_header(number: int, above: Sequence[SheetRow]) -> list[str]:
    if not above:
        return []
    first = next(cell for cell in above[0].cells if cell.strip())
    left_out = f"{how_many(len(above), 'row')} above it left out, beginning with {shown(first)!r}"
    return [f"row {number} is the header; {left_out}"]


@dataclass(slots=True)
class _Carried:
    """Scene ids of merged cells, which stand in the first of them and count for all."""

    position: int  # among the columns of the table; -1 for none
    areas: dict[int, int]  # the rows below the first -> the first
    texts: dict[int, str] = field(default_factory=dict)

    def into(self, row: SheetRow) -> SheetRow:
        """Give a row the scene id of the merged cell that it is in."""
        if self.position < 0 or not self.areas:
            return row
        text = row.cells[self.position]
        first = self.areas.get(row.number)
        if first is None:
            self.texts[row.number] = text
            return row
        cells = list(row.cells)
        cells[self.position] = text or self.texts.get(first, "")
        return SheetRow(row.number, tuple(cells), row.values or row.cells)


def _carried(
    merged: Sequence[tuple[int, int, int, int]],
    columns: Mapping[int, str],
    names: Mapping[str, str],
) -> _Carried:
    """Find merged cells in the column of scene ids."""
    position = scene_column([*columns.values()], names)
    if position < 0:
        return _Carried(position, {})
    at = [*columns][position]
    areas = {
        number: top
        for top, left, bottom, right in merged
        if left <= at <= right
        for number in range(top + 1, min(bottom, top + _MOST_MERGED) + 1)
    }
    return _Carried(position, areas)


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
        yield SheetRow(row.number, cells, row.values)


def _width(cells: tuple[str, ...]) -> int:
    """Count the cells up to the last one with text."""
    return next((at for at in range(len(cells), 0, -1) if cells[at - 1].strip()), 0)


def _columns(header: SheetRow, problems: _Problems) -> dict[int, str]:
    """Position -> title of every column; one without a name is kept, a name twice is a problem."""
    columns: dict[int, str] = {}
    seen: dict[str, int] = {}
    for at, cell in enumerate(header.cells):
        title = " ".join(cell.split())
        if not title:
            columns[at] = unnamed_title(column_letters(at))
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


def _values(row: SheetRow, columns: Mapping[int, str]) -> tuple[Cell, ...]:
    if not row.values:
        return ()
    return tuple([row.values[at] if at < len(row.values) else "" for at in columns])


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
