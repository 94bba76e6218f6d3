"""What calamine does not tell of an OpenDocument sheet: rows that are hidden, and merged cells."""

from typing import Final

from callsheet.sources.xlsx.parts import walk
from callsheet.sources.xlsx.scan import Scan

_HIDDEN: Final = frozenset({"collapse", "filter"})
_MOST_REPEATED: Final = 1_048_576


class _Tables:
    """Follows tables, rows and cells; rows and cells may stand for many alike."""

    def __init__(self) -> None:
        self.scans: dict[str, Scan] = {}
        self._scan = Scan()
        self._row = self._column = 0
        self._repeated = 1
        self._depth = 0  # of tables within cells

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "table:table":
                self._depth += 1
                if self._depth == 1:
                    self._scan = self.scans.setdefault(attributes.get("table:name", ""), Scan())
                    self._row = 0
            case "table:table-row" if self._depth == 1:
                self._row += 1
                self._column = 0
                self._repeated = _count(attributes.get("table:number-rows-repeated"))
                if attributes.get("table:visibility") in _HIDDEN:
                    last = self._row + min(self._repeated, _MOST_REPEATED)
                    self._scan.hidden_rows.update(range(self._row, last))
            case "table:table-cell" | "table:covered-table-cell" if self._depth == 1:
                self._column += 1
                down = _count(attributes.get("table:number-rows-spanned"))
                across = _count(attributes.get("table:number-columns-spanned"))
                if down > 1 or across > 1:
                    low, right = self._row + down - 1, self._column + across - 1
                    self._scan.merged.append((self._row, self._column, low, right))
                self._column += _count(attributes.get("table:number-columns-repeated")) - 1

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self._depth -= 1
        elif tag == "table:table-row" and self._depth == 1:
            self._row += self._repeated - 1


def scan_tables(content: bytes) -> dict[str, Scan]:
    """Scan every table of a document, by name."""
    tables = _Tables()
    walk(content, tables.start, tables.end)
    return tables.scans


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 1
