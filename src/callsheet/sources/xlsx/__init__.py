"""Workbooks (.xlsx, .xlsm, .ods), read by calamine in a process of their own.

A workbook of two cells, A1 and XFD1048576, makes any reader that keeps a dense range ask for half a
terabyte, and a failed allocation ends its whole process. So the parsing happens in a child with
bounded memory and time; it hands back plain rows of text as JSON.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import callsheet
from callsheet.kernel.errors import FieldError
from callsheet.ports.sheets import (
    DamagedSheetError,
    EmptySheetError,
    EncryptedSheetError,
    SheetCellsError,
    SheetChoice,
    SheetGrid,
    SheetLimits,
    SheetRow,
    SheetTooLargeError,
    TooManyRowsError,
    UnknownSheetNameError,
)

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_IMPORT_ROOT = Path(callsheet.__file__).resolve().parents[1]


class WorkbookSource:
    """Reads the values of a workbook: formulas as they were last computed, numbers as shown.

    Dates are ISO text. A merged cell's value stands in its top left cell; the others are blank.
    """

    suffixes = (".xlsx", ".xlsm", ".ods")

    def recognises(self, content: bytes) -> bool:
        """Recognise a zip archive, and the older container that encrypted workbooks come in."""
        return content.startswith((*_ZIP, _OLD_OFFICE))

    def read(self, content: bytes, limits: SheetLimits, choice: SheetChoice) -> SheetGrid:
        """Read the sheet that is named, or the first visible one that has prompts, or data."""
        if content.startswith(_OLD_OFFICE):
            if _ENCRYPTED_STREAM in content:
                raise EncryptedSheetError
            raise DamagedSheetError("this is an old .xls workbook; save it as .xlsx")
        if not content.startswith(_ZIP):
            raise DamagedSheetError("this is not an Excel workbook; save it as .xlsx again")
        answer = _ask_child(content, limits, choice)
        merged = tuple(
            (top, left - 1, low, right - 1) for top, left, low, right in answer["merged"]
        )
        return SheetGrid(_rows(answer["rows"]), tuple(answer["notes"]), merged)


def _rows(rows: list[list[Any]]) -> Iterator[SheetRow]:
    return (SheetRow(number, tuple(cells), tuple(typed)) for number, cells, typed in rows)


def _ask_child(content: bytes, limits: SheetLimits, choice: SheetChoice) -> dict[str, Any]:
    """Parse in a bounded process that inherits nothing but the way to our own modules."""
    bounds = {
        "sheet": choice.sheet,
        "header_row": choice.header_row,
        "names": dict(choice.names),
        "max_rows": limits.max_rows,
        "max_text_chars": limits.max_text_chars,
        "max_inflated_bytes": limits.max_inflated_bytes,
        "max_memory_bytes": limits.max_memory_bytes,
        "max_seconds": limits.max_seconds,
    }
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module; the sheet is on stdin
            [sys.executable, "-s", "-P", "-m", f"{__name__}.child", json.dumps(bounds)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(_IMPORT_ROOT)},
            cwd=os.sep,
            timeout=limits.max_seconds * 2,  # the child stops itself by its own processor time
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SheetTooLargeError(f"reading it took over {limits.max_seconds * 2} s") from error
    if child.returncode != 0:
        raise SheetTooLargeError(
            f"reading it takes over {limits.max_memory_bytes >> 20} MiB or {limits.max_seconds} s;"
            " a stray cell far from the others is enough for that"
        )
    answer: dict[str, Any] = json.loads(child.stdout)
    if "error" in answer:
        _raise(answer["error"], answer["evidence"])
    return answer


def _raise(code: str, evidence: Any) -> NoReturn:
    """Turn what the child reports into the error it stands for."""
    match code:
        case EncryptedSheetError.code:
            raise EncryptedSheetError
        case EmptySheetError.code:
            raise EmptySheetError
        case SheetTooLargeError.code:
            raise SheetTooLargeError(evidence)
        case TooManyRowsError.code:
            raise TooManyRowsError(evidence)
        case UnknownSheetNameError.code:
            raise UnknownSheetNameError(evidence[0], evidence[1])
        case SheetCellsError.code:
            raise SheetCellsError([FieldError(*each) for each in evidence[0]], evidence[1])
        case _:
            raise DamagedSheetError(evidence)


SOURCE = WorkbookSource()
