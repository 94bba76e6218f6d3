"""A workbook of one sheet in which every cell is text, written row by row.

The parts are those that ECMA-376 asks of the smallest workbook; cells are inline strings, so that
nothing has to be known before the first row is written, and nothing in them can run.
"""

import re
from collections.abc import Iterable, Sequence
from typing import IO, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MOST_CHARS: Final = 32_767  # of a cell
_BEGUN: Final = (1980, 1, 1, 0, 0, 0)  # the same rows are the same file

_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FORMATS: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_FORMATS}/spreadsheetml/2006/main"
_LINKS: Final = f"{_FORMATS}/officeDocument/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE: Final = "application/vnd.openxmlformats-package"
_SHEET: Final = "xl/worksheets/sheet1.xml"


def _linked(kind: str, target: str) -> str:
    """Write the one relationship of a part."""
    return (
        f'<Relationships xmlns="{_FORMATS}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_LINKS}/{kind}" Target="{target}"/></Relationships>'
    )


_PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_FORMATS}/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{_PACKAGE}.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/{_SHEET}" ContentType="{_TYPES}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": _linked("officeDocument", "xl/workbook.xml"),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
        '<sheet name="Results" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": _linked("worksheet", "worksheets/sheet1.xml"),
}


def write_workbook(rows: Iterable[Sequence[str]], out: IO[bytes]) -> None:
    """Write a workbook; what its format cannot hold is left out of cells."""
    with ZipFile(out, "w", ZIP_DEFLATED) as book:
        for name, content in _PARTS.items():
            book.writestr(_part(name), _XML + content)
        with book.open(_part(_SHEET), "w") as sheet:
            sheet.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for row in rows:
                sheet.write(f"<row>{''.join(map(_cell, row))}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, _BEGUN)
    part.compress_type = ZIP_DEFLATED
    return part


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    shown = escape(_UNPRINTABLE.sub("", text[:_MOST_CHARS]))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'
