"""The process that parses one workbook: bytes on stdin, JSON on stdout, limits as its argument.

    {"rows": [[number, [text, …], [value, …]], …], "notes": […], "merged": […]}
    or {"error": code, "evidence": …}

It bounds its own memory and time before it reads a byte.
"""

import io
import json
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import FieldError, shown
from callsheet.ports.sheets import (
    MAX_LISTED_ERRORS,
    DamagedSheetError,
    EmptySheetError,
    EncryptedSheetError,
    SheetCellsError,
    SheetTooLargeError,
    TooManyRowsError,
    UnknownSheetNameError,
)
from callsheet.sources.header import SEARCHED_ROWS, has_prompts, header_among
from callsheet.sources.xlsx.archive import CONTENT, parts_of, stored
from callsheet.sources.xlsx.formats import shown_day, shown_number
from callsheet.sources.xlsx.open_document import scan_tables
from callsheet.sources.xlsx.parts import relations, workbook_part, worksheet_parts
from callsheet.sources.xlsx.scan import Scan, column_name, scan_sheet, struck_strings, styles_of

_EXACT_INTEGERS = 1e15  # beyond, a spreadsheet shows an exponent too


def main() -> None:
    """Answer for the workbook on stdin."""
    bounds = json.loads(sys.argv[1])
    _bound(bounds["max_memory_bytes"], bounds["max_seconds"])
    try:
        answer = _read(sys.stdin.buffer.read(), bounds)
    except MemoryError:
        sys.exit(1)  # the parent knows what that means; there is no memory to say it here
    except Exception as error:  # noqa: BLE001 - whatever such bytes can cause, the answer is that they are damaged
        answer = _reported(error)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


def _bound(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _reported(error: Exception) -> dict[str, Any]:
    evidence: Any = None
    match error:
        case EncryptedSheetError() | EmptySheetError():
            return {"error": error.code, "evidence": None}
        case SheetTooLargeError():
            evidence = error.what
        case TooManyRowsError():
            evidence = error.limit
        case UnknownSheetNameError():
            evidence = [error.name, error.names]
        case SheetCellsError():
            listed = [[each.field, each.message, each.value] for each in error.errors]
            evidence = [listed, error.more]
        case DamagedSheetError():
            evidence = error.reason
        case _:
            reason = f"{shown(error)}; export it as .xlsx again"
            return {"error": DamagedSheetError.code, "evidence": reason}
    return {"error": error.code, "evidence": evidence}


@dataclass(slots=True)
class _Read:
    """One worksheet: its rows with text, and what is to be said of it."""

    rows: list[tuple[int, list[str], list[Any]]]
    scan: Scan
    hidden: int  # rows with text that are left out


def _read(content: bytes, bounds: dict[str, Any]) -> dict[str, Any]:
    parts = parts_of(content, bounds["max_inflated_bytes"])
    scans = _scanner(parts)
    with CalamineWorkbook.from_filelike(io.BytesIO(stored(parts))) as book:
        names = _visible(book)
        wanted = bounds["sheet"]
        if wanted and wanted not in book.sheet_names:
            raise UnknownSheetNameError(wanted, book.sheet_names)
        first: tuple[str, _Read] | None = None
        for name in [wanted] if wanted else names:
            read = _read_sheet(book.get_sheet_by_name(name), scans(name), bounds)
            if not read.rows:
                continue
            first = first or (name, read)
            if wanted or _has_prompts(read.rows, bounds):
                first = (name, read)
                break
        if first is None:
            raise EmptySheetError
        name, read = first
        _refuse_uncomputed(read.scan)
        notes = [*_about_sheets(name, names, len(book.sheet_names)), *_about(read)]
        return {"rows": read.rows, "notes": notes, "merged": read.scan.merged}


def _scanner(parts: dict[str, bytes]) -> Callable[[str], Scan]:
    """Make what scans a worksheet by name."""
    if CONTENT in parts:
        tables = scan_tables(parts[CONTENT])
        return lambda name: tables.get(name, Scan())
    workbook = workbook_part(parts)
    places = worksheet_parts(parts, workbook)
    styles, shared = styles_of(parts, workbook), struck_strings(parts, workbook)

    def scan(name: str) -> Scan:
        part = places.get(name, "")
        if part not in parts:
            raise DamagedSheetError(f"the part that holds sheet {name!r} is missing")
        return scan_sheet(parts[part], styles, shared, relations(parts, part))

    return scan


def _has_prompts(rows: list[tuple[int, list[str], list[Any]]], bounds: dict[str, Any]) -> bool:
    """Tell whether a sheet has a column of prompts, in the row that would be its header."""
    names = bounds["names"]
    if asked := bounds["header_row"]:
        return any(has_prompts(cells, names) for number, cells, _ in rows if number == asked)
    among = [cells for _, cells, _ in rows[:SEARCHED_ROWS]]
    return has_prompts(among[header_among(among, names)], names)


def _visible(book: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _about_sheets(name: str, visible: list[str], every: int) -> list[str]:
    others = [repr(shown(other)) for other in visible if other != name]
    hidden = every - len(visible)
    if not others and not hidden:
        return []
    said = f"sheet {shown(name)!r} was read"
    if others:
        said += f"; not read: {', '.join(others[:20])}"
    return [said + (f"; {how_many(hidden, 'hidden sheet')} left out" if hidden else "")]


def _about(read: _Read) -> Iterator[str]:
    """Say what a person may not see when looking at the sheet, or may think is gone."""
    scan = read.scan
    if read.hidden:
        yield f"{how_many(read.hidden, 'hidden row')} left out"
    if scan.hidden_columns:
        names = [column_name(first) for first, _ in scan.hidden_columns[:20]]
        yield f"hidden columns are read like all others: {', '.join(names)}"
    struck = [
        f"{column_name(column)}{row}: {shown(text)!r}"
        for (row, column), text in scan.struck.items()
        if row not in scan.hidden_rows
    ]
    if struck:
        more = f" and {len(struck) - 20} more" if len(struck) > 20 else ""  # noqa: PLR2004
        yield f"struck through, and read all the same: {'; '.join(struck[:20])}{more}"


def _refuse_uncomputed(scan: Scan) -> None:
    wrong = [place for place in scan.uncomputed if place[0] not in scan.hidden_rows]
    if not wrong:
        return
    message = (
        "its formula has no computed value; open the workbook in a spreadsheet, save it, "
        "and try again"
    )
    errors = [
        FieldError(f"cell {column_name(column)}{row}", message)
        for row, column in wrong[:MAX_LISTED_ERRORS]
    ]
    raise SheetCellsError(errors, more=len(wrong) - len(errors))


def _read_sheet(sheet: CalamineSheet, scan: Scan, bounds: dict[str, Any]) -> _Read:
    """Read rows with text; stops at the limits on rows and on all text together."""
    read = _Read([], scan, 0)
    if sheet.start is None:
        return read
    margin = sheet.start[1]
    odd = {place[0] for place in (*scan.numbers, *scan.formulas, *scan.errors, *scan.links)}
    chars = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(value) for value in values]
        typed: list[Any] = []
        if number in odd:
            typed = _typed(number, margin, values, cells, scan)
        elif not all(isinstance(value, str) for value in values):
            typed = [_plain(value, text) for value, text in zip(values, cells, strict=True)]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if number in scan.hidden_rows:
            read.hidden += 1
            continue
        if len(read.rows) > bounds["max_rows"] + SEARCHED_ROWS:  # a header and titles are rows here
            raise TooManyRowsError(bounds["max_rows"])
        chars += sum(map(len, cells))
        if chars > bounds["max_text_chars"]:
            raise SheetTooLargeError(
                f"its text is longer than {bounds['max_text_chars']} characters"
            )
        blank = [""] * margin
        read.rows.append((number, blank + cells, blank + typed[: len(cells)] if typed else []))
    return read


def _typed(row: int, margin: int, values: list[Any], cells: list[str], scan: Scan) -> list[Any]:
    """Tell cells of one row as the file holds them; `cells` become what is shown."""
    typed: list[Any] = []
    for at, value in enumerate(values):
        place = (row, margin + at + 1)
        number, code = scan.numbers.get(place, (None, ""))
        error, formula, link = (
            scan.errors.get(place),
            scan.formulas.get(place),
            scan.links.get(place),
        )
        said: dict[str, Any] = {}
        if error is not None:
            cells[at] = error
        elif number is not None:
            said = _number(value, number, code)
            cells[at] = said.get("text", cells[at])
        if formula:
            said["formula"] = formula
            if number is not None:
                said.setdefault("number", number)
        if link:
            said["link"] = link
        typed.append({**said, "text": cells[at]} if said else _plain(value, cells[at]))
    return typed


def _number(value: Any, number: float, code: str) -> dict[str, Any]:
    """Tell a number in a format: how it is shown, and what it is."""
    whole = int(number) if number.is_integer() and abs(number) < _EXACT_INTEGERS else number
    if isinstance(value, date | time | timedelta):
        shown_as = shown_day(number, code)
        said = {"number": whole, "format": code, "date": True}
        return {**said, "text": shown_as} if shown_as else said
    shown_as = shown_number(number, code)
    plain = _text(float(number))
    if shown_as is None or shown_as == plain:
        return {}
    return {"number": whole, "format": code, "text": shown_as, "plain": plain}


def _plain(value: Any, text: str) -> Any:
    """Tell a cell in no special format: a number or a truth value as it is, all else as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _EXACT_INTEGERS else value
    return text


def _text(value: str | float | bool | date | time | timedelta) -> str:  # noqa: FBT001 - a cell's value, not a switch
    """Write a cell's value as a person would type it; dates and times as ISO 8601."""
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < _EXACT_INTEGERS:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return _hours(value) if isinstance(value, timedelta) else str(value)


def _hours(lasting: timedelta) -> str:
    minutes, seconds = divmod(int(lasting.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


if __name__ == "__main__":
    main()
