"""The XML inside a workbook: where a sheet's part is, and cells whose value cannot be trusted.

calamine reads an error value and a formula that was never computed as a blank cell. A blank prompt
or price is not what the sheet's author sees, so such cells are looked for and named.
"""

import posixpath
import re
from collections.abc import Callable
from xml.parsers import expat

_SUSPECTS = re.compile(rb"""["']e["']|<(?:\w+:)?f[\s>/]""")
_OFFICE_DOCUMENT = "/officeDocument"
_WORKSHEET = "/worksheet"
_SHOWN_CHARS = 100  # of a value; adding up a huge one piece by piece would be quadratic


def worksheet_parts(parts: dict[str, bytes]) -> dict[str, str]:
    """Map the names of worksheets to the names of their parts."""
    workbook = next(
        (
            target
            for kind, target in _relations(parts, "").values()
            if kind.endswith(_OFFICE_DOCUMENT)
        ),
        "xl/workbook.xml",
    )
    relations = _relations(parts, workbook)
    found: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) != "sheet":
            return
        link = next((text for name, text in attributes.items() if name.endswith(":id")), "")
        kind, target = relations.get(link, ("", ""))
        if kind.endswith(_WORKSHEET):
            found[attributes.get("name", "")] = target

    _walk(parts.get(workbook, b""), start)
    return found


def _relations(parts: dict[str, bytes], owner: str) -> dict[str, tuple[str, str]]:
    """Read a part's relations: id -> (kind, name of the other part)."""
    folder, name = posixpath.split(owner)
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            found[attributes.get("Id", "")] = (attributes.get("Type", ""), target.lstrip("/"))

    _walk(parts.get(posixpath.join(folder, "_rels", f"{name}.rels"), b""), start)
    return found


def untrusted_cells(sheet: bytes) -> list[tuple[str, str, str]]:
    """Name cells that hold an error or an uncomputed formula: (cell, what is wrong, its text)."""
    if _SUSPECTS.search(sheet) is None:
        return []
    scan = _CellScan()
    _walk(sheet, scan.start, scan.end, scan.text)
    return scan.found


class _CellScan:
    """Follows the cells of one worksheet part."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []
        self._cell, self._kind = "", ""
        self._formula = self._in_value = False
        self._value = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "c":
            self._cell = attributes.get("r", "an unnamed cell")
            self._kind = attributes.get("t", "n")
            self._formula, self._value = False, ""
        elif name == "f":
            self._formula = True
        elif name == "v":
            self._in_value = True

    def end(self, tag: str) -> None:
        name = _local(tag)
        if name == "v":
            self._in_value = False
        elif name == "c" and self._kind == "e":
            message = f"it shows the error {self._value}; mend the formula, or clear the cell"
            self.found.append((self._cell, message, self._value))
        elif name == "c" and self._formula and not self._value and self._kind != "str":
            message = (
                "its formula has no computed value; open the workbook in a spreadsheet, save it, "
                "and try again"
            )
            self.found.append((self._cell, message, ""))

    def text(self, text: str) -> None:
        if self._in_value and len(self._value) < _SHOWN_CHARS:
            self._value += text


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _walk(
    xml: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Run handlers over a part; a part that is missing has nothing to say."""
    if not xml:
        return
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(xml, True)


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type declaration has no place in a workbook")
