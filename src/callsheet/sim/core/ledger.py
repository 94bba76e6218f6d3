"""The book of every order that the simulated provider accepted: append-only lines of JSON.

A line is written before its order is answered, so whatever becomes of the answer or of this
process, the book knows what was bought. Written means handed to the operating system: it survives
the process, not a power cut.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

Line = Mapping[str, Any]

_RESET = "reset"


class UnreadableLedgerError(Exception):
    """A line in the middle of a book is damaged; it is not ours, or was edited."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(f"{path}, line {number}: not a line of a ledger; move the file away")
        self.path, self.number = path, number


class Ledger:
    """One book, on disk or nowhere."""

    def __init__(self, file: int | None, lines: list[Line]) -> None:
        self._file = file
        self.lines_found = lines

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open a book, keeping what stands in it. Raises UnreadableLedgerError, OSError."""
        if path is None:
            return cls(None, [])
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            return cls(file, _lines_since_reset(path, file))
        except BaseException:
            os.close(file)
            raise

    def write(self, line: Line) -> None:
        """Append a line. Raises OSError."""
        if self._file is None:
            return
        left = memoryview(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        while left:
            left = left[os.write(self._file, left) :]

    def reset(self) -> None:
        """Begin anew: what stands before no longer counts, but it stays in the book."""
        self.write({"event": _RESET})

    def close(self) -> None:
        """Close the book."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lines_since_reset(path: Path, file: int) -> list[Line]:
    content = path.read_bytes()
    whole, _, torn = content.rpartition(b"\n")
    if torn:  # the end of a process in the middle of a line, which nobody was told about
        os.ftruncate(file, len(content) - len(torn))
    found: list[Line] = []
    for number, text in enumerate(whole.splitlines(), start=1):
        try:
            line = json.loads(text)
            event = line["event"]
        except (ValueError, TypeError, KeyError):
            raise UnreadableLedgerError(path, number) from None
        if event == _RESET:
            found.clear()
        else:
            found.append(line)
    return found
