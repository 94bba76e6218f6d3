"""A workbook of one sheet, written row by row.

The parts are those that ECMA-376 asks of the smallest workbook, with styles and links. Text is in
inline strings, so that nothing has to be known before the first row is written, and no text runs;
numbers, dates and formulas are what they were in the sheet that came.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from callsheet.ports.sheets import Cell

_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OUTSIDE: Final = re.compile(r"[!|\[\]]")  # a formula that leads out of its sheet
_MOST_CHARS: Final = 32_767  # of a cell
_MOST_LINKS: Final = 65_000  # spreadsheets take 65,530
_MOST_ADDRESS: Final = 2_000
_BEGUN: Final = (1980, 1, 1, 0, 0, 0)  # the same rows are the same file
_WIDE: Final = {"prompt": 60, "description": 60, "error": 40, "text": 50, "note": 40, "link": 30}

_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FORMATS: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_FORMATS}/spreadsheetml/2006/main"
_LINKS: Final = f"{_FORMATS}/officeDocument/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE: Final = "application/vnd.openxmlformats-package"
_SHEET: Final = "xl/worksheets/sheet1.xml"
_RELATIONS: Final = f"{_FORMATS}/package/2006/relationships"


def _linked(*targets: tuple[str, str]) -> str:
    """Write the relationships of a part: kinds and targets."""
    links = "".join(
        f'<Relationship Id="rId{at}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{links}</Relationships>'


_PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_FORMATS}/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{_PACKAGE}.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f'<Override PartName="/{_SHEET}" ContentType="{_TYPES}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": _linked(("officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
        '<sheet name="Results" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": _linked(
        ("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")
    ),
}
_FROZEN: Final = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
_TITLE, _LINK = 1, 2  # styles


@dataclass(slots=True)
class _Book:
    """What becomes known of a workbook while its rows are written."""

    found: IO[str]  # links, a line each: they are written behind all rows
    formats: dict[str, int] = field(default_factory=dict)  # number formats -> styles
    links: int = 0

    def style(self, code: str) -> int:
        """Find the style of a number format."""
        return self.formats.setdefault(code, _LINK + 1 + len(self.formats)) if code else 0

    def link(self, place: str, address: str) -> bool:
        """Let a cell lead to an address, or to a file beside the workbook."""
        target = quote(address[: _MOST_ADDRESS + 1], safe=_ADDRESS)
        if self.links >= _MOST_LINKS or not 0 < len(target) <= _MOST_ADDRESS:
            return False
        self.found.write(f"{place} {target}\n")
        self.links += 1
        return True

    def each_link(self) -> Iterator[tuple[int, str, str]]:
        """Read the links back: numbers, cells, addresses."""
        self.found.seek(0)
        for number, line in enumerate(self.found, start=1):
            place, _, target = line.rstrip("\n").partition(" ")
            yield number, place, target


def write_workbook(
    rows: Iterable[tuple[int, Sequence[Cell]]], out: IO[bytes], links: Sequence[int] = ()
) -> None:
    """Write a workbook of numbered rows, the first of them the header.

    What its format cannot hold is left out of cells. `links` are columns, from 0, whose text is an
    address or the name of a file.
    """
    linking = frozenset(links)
    with (
        TemporaryFile("w+", encoding="ascii", newline="\n") as found,
        ZipFile(out, "w", ZIP_DEFLATED) as archive,
    ):
        book = _Book(found)
        for name, content in _PARTS.items():
            archive.writestr(_part(name), _XML + content)
        with archive.open(_part(_SHEET), "w") as sheet:
            begun = False
            for number, row in rows:
                if not begun:
                    sheet.write(f"{_head(row)}<sheetData>".encode())
                style = 0 if begun else _TITLE
                cells = [
                    _cell(book, f"{_letters(at)}{number}", cell, style, linked=at in linking)
                    for at, cell in enumerate(row)
                ]
                sheet.write(f'<row r="{number}">{"".join(cells)}</row>'.encode())
                begun = True
            end = "</sheetData>" if begun else f"{_head(())}<sheetData/>"
            sheet.write(end.encode())
            _write_links(book, sheet)
            sheet.write(b"</worksheet>")
        archive.writestr(_part("xl/styles.xml"), _XML + _styles(book))
        if book.links:
            with archive.open(_part("xl/worksheets/_rels/sheet1.xml.rels"), "w") as part:
                _write_targets(book, part)


def _head(header: Sequence[Cell]) -> str:
    """Begin the sheet: its header stays in sight, its columns are as wide as what they hold."""
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{_width(str(title))}" customWidth="1"/>'
        for at, title in enumerate(header, start=1)
    )
    columns = f"<cols>{widths}</cols>" if widths else ""
    return f'{_XML}<worksheet xmlns="{_MAIN}" xmlns:r="{_LINKS}">{_FROZEN}{columns}'


def _width(title: str) -> int:
    name = title.casefold()
    wide = max((width for word, width in _WIDE.items() if word in name), default=0)
    return wide or min(max(len(title) + 3, 12), 40)


def _cell(book: _Book, place: str, cell: Cell, style: int, *, linked: bool) -> str:
    match cell:
        case str():
            if linked and not style and book.link(place, cell):
                style = _LINK
            return _text(cell, style)
        case bool():
            return f'<c t="b"><v>{int(cell)}</v></c>'
        case int() | float():
            return f"<c><v>{cell!r}</v></c>" if math.isfinite(cell) else "<c/>"
        case _:
            return _special(book, place, cell)


def _special(book: _Book, place: str, cell: Mapping[str, object]) -> str:
    """Write a number in its format, a formula with its value, or a text that leads somewhere."""
    text, number, formula = str(cell.get("text", "")), cell.get("number"), cell.get("formula")
    written = ""
    if isinstance(formula, str) and not _OUTSIDE.search(formula):
        written = f"<f>{escape(_UNPRINTABLE.sub('', formula))}</f>"
    if isinstance(number, int | float) and math.isfinite(number):
        style = book.style(str(cell.get("format", "")))
        return f'<c s="{style}">{written}<v>{number!r}</v></c>'
    if written:
        return f'<c t="str">{written}<v>{_sayable(text)}</v></c>'
    link = cell.get("link")
    return _text(text, _LINK if isinstance(link, str) and book.link(place, link) else 0)


def _text(text: str, style: int) -> str:
    if not text:
        return "<c/>"
    styled = f' s="{style}"' if style else ""
    return f'<c{styled} t="inlineStr"><is><t xml:space="preserve">{_sayable(text)}</t></is></c>'


def _sayable(text: str) -> str:
    return escape(_UNPRINTABLE.sub("", text[:_MOST_CHARS]))


def _letters(at: int) -> str:
    letters = ""
    left = at + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _write_links(book: _Book, sheet: IO[bytes]) -> None:
    if not book.links:
        return
    sheet.write(b"<hyperlinks>")
    for number, place, _ in book.each_link():
        sheet.write(f'<hyperlink ref="{place}" r:id="rId{number}"/>'.encode())
    sheet.write(b"</hyperlinks>")


def _write_targets(book: _Book, part: IO[bytes]) -> None:
    part.write(f'{_XML}<Relationships xmlns="{_RELATIONS}">'.encode())
    for number, _, target in book.each_link():
        part.write(
            f'<Relationship Id="rId{number}" Type="{_LINKS}/hyperlink"'
            f' Target={quoteattr(target)} TargetMode="External"/>'.encode()
        )
    part.write(b"</Relationships>")


_ADDRESS: Final = "%/:@!$&'()*+,;=~?#[]-._"


def _styles(book: _Book) -> str:
    """Write the styles: plain, titles, links, and one for each format of numbers."""
    codes = "".join(
        f'<numFmt numFmtId="{164 + at}" formatCode={quoteattr(code)}/>'
        for at, code in enumerate(book.formats)
    )
    formats = f'<numFmts count="{len(book.formats)}">{codes}</numFmts>' if codes else ""
    numbered = "".join(
        f'<xf numFmtId="{164 + at}" fontId="0" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1"/>'
        for at in range(len(book.formats))
    )
    font = '<sz val="11"/><name val="Calibri"/>'
    return (
        f'<styleSheet xmlns="{_MAIN}">{formats}<fonts count="3"><font>{font}</font>'
        f"<font><b/>{font}</font>"
        f'<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        f'</cellStyleXfs><cellXfs count="{3 + len(book.formats)}">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        '<xf numFmtId="0" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        f"{numbered}</cellXfs>"
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, _BEGUN)
    part.compress_type = ZIP_DEFLATED
    return part
