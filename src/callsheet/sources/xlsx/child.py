"""The process that parses one workbook: bytes on stdin, JSON on stdout, limits as its argument.

    {"rows": [[number, [cell, …]], …], "notes": […]}   or   {"error": code, "evidence": …}

It bounds its own memory and time before it reads a byte.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

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
from callsheet.sources.xlsx.archive import parts_of, stored
from callsheet.sources.xlsx.parts import untrusted_cells, worksheet_parts

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


def _read(content: bytes, bounds: dict[str, Any]) -> dict[str, Any]:
    parts = parts_of(content, bounds["max_inflated_bytes"])
    places = worksheet_parts(parts)
    with CalamineWorkbook.from_filelike(io.BytesIO(stored(parts))) as book:
        names = _visible(book)
        wanted = bounds["sheet"]
        if wanted and wanted not in book.sheet_names:
            raise UnknownSheetNameError(wanted, book.sheet_names)
        for name in [wanted] if wanted else names:
            part = parts.get(places.get(name, ""))
            if part is None:
                raise DamagedSheetError(f"the part that holds sheet {name!r} is missing")
            _refuse_untrusted(part)
            rows = list(_bounded(book.get_sheet_by_name(name), bounds))
            if rows:
                return {"rows": rows, "notes": _notes(name, names)}
    raise EmptySheetError


def _visible(book: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _notes(name: str, visible: list[str]) -> list[str]:
    others = [repr(shown(other)) for other in visible if other != name]
    if not others:
        return []
    return [f"sheet {shown(name)!r} was read; not read: {', '.join(others[:20])}"]


def _refuse_untrusted(part: bytes) -> None:
    wrong = untrusted_cells(part)
    if wrong:
        listed = wrong[:MAX_LISTED_ERRORS]
        raise SheetCellsError(
            [FieldError(f"cell {cell}", message, shown(text)) for cell, message, text in listed],
            more=len(wrong) - len(listed),
        )


def _bounded(sheet: CalamineSheet, bounds: dict[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """Rows with text and their numbers; stops at the limits on rows and on all text together."""
    if sheet.start is None:
        return
    left_margin = [""] * sheet.start[1]
    count = chars = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        count += 1
        if count > bounds["max_rows"] + 1:  # the header is a row here
            raise TooManyRowsError(bounds["max_rows"])
        chars += sum(map(len, cells))
        if chars > bounds["max_text_chars"]:
            raise SheetTooLargeError(
                f"its text is longer than {bounds['max_text_chars']} characters"
            )
        yield number, left_margin + cells


def _text(value: str | float | bool | date | time | timedelta) -> str:  # noqa: FBT001 - a cell's value, not a switch
    """Write a cell's value as a person would type it; dates and times as ISO 8601."""
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < _EXACT_INTEGERS:
            return str(int(value))
        case date() | time():
            return value.isoformat()
        case timedelta():
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
        case _:
            return str(value)


if __name__ == "__main__":
    main()
