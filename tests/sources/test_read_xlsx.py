"""Workbooks: values as a person sees them, and hostile archives refused in bounded memory."""

import io
import struct
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.intake.recipe import Recipe
from callsheet.ports.sheets import (
    DamagedSheetError,
    EmptySheetError,
    EncryptedSheetError,
    SheetCellsError,
    SheetChoice,
    SheetError,
    SheetLimits,
    SheetRow,
    SheetTooLargeError,
    TooManyColumnsError,
    TooManyRowsError,
    UnknownSheetNameError,
)
from callsheet.sources import read_sheet

CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=20)


def saved(book: openpyxl.Workbook) -> bytes:
    """Save a workbook in memory."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def workbook(*rows: Sequence[object]) -> bytes:
    """Make a workbook of one sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """Replace or add one part of a workbook."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part, zipfile.ZIP_DEFLATED)
    return changed.getvalue()


def sheet_xml(*cells: str) -> bytes:
    """Write a worksheet part with these cells in row 1."""
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1">{"".join(cells)}</row></sheetData></worksheet>'
    ).encode()


SHEET = "xl/worksheets/sheet1.xml"
SMALL = workbook(["prompt", "size"], ["a cat", "1024x1024"])


@settings(deadline=None, max_examples=25)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_what_was_written_is_read(rows: list[list[str]]) -> None:
    """Text comes back as another library wrote it, spaces and all."""
    book = openpyxl.Workbook()
    book.active.append(["prompt", "Owner"])
    for row in rows:
        book.active.append(row)
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"  # a text beginning with "=" is text here
    table = read_sheet("shots.xlsx", saved(book))

    expected = {
        number: tuple(cell if cell.strip() else "" for cell in row)
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row)
    }
    assert {
        row.number: tuple(cell if cell.strip() else "" for cell in row.cells) for row in table.rows
    } == expected


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damaged_workbook_is_a_table_or_a_named_error(data: st.DataObject) -> None:
    """Bytes changed, cut off or added anywhere give a table or a SheetError, nothing else."""
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(content)))
    with suppress(SheetError):
        table = read_sheet("a.xlsx", bytes(content[:cut]))
        assert all(len(row.cells) == len(table.columns) for row in table.rows)


@settings(deadline=None, max_examples=40)
@given(
    part=st.binary(max_size=200), name=st.sampled_from([SHEET, "xl/workbook.xml", "_rels/.rels"])
)
def test_any_bytes_in_a_part_are_a_named_error(part: bytes, name: str) -> None:
    """A sound archive with garbage in a part that matters gives a SheetError."""
    with pytest.raises(SheetError):
        read_sheet("a.xlsx", with_part(SMALL, name, b"<" + part))


def test_values_read_as_a_person_sees_them() -> None:
    """Whole numbers have no point, dates are ISO text, durations hours, booleans capitals."""
    values = [2, 2.5, True, date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5), time(16, 9)]  # noqa: DTZ001 - a sheet's times have no zone
    content = workbook(list("abcdefgh"), [*values, timedelta(hours=30), 1e300])

    assert read_sheet("a.xlsx", content).rows[0].cells == (
        *("2", "2.5", "TRUE", "2026-01-02", "2026-01-02T03:04:05", "16:09:00"),
        *("30:00:00", "1e+300"),
    )


def test_table_may_begin_anywhere() -> None:
    """Rows and columns left blank before the table shift nothing but the row numbers."""
    book = openpyxl.Workbook()
    for place, value in {"C4": "prompt", "D4": "size", "C5": "a", "C9": "b", "D9": 1}.items():
        book.active[place] = value
    table = read_sheet("a.xlsx", saved(book))

    assert table.columns == ("prompt", "size")
    assert table.rows == (SheetRow(5, ("a", "")), SheetRow(9, ("b", "1")))


def test_merged_scene_counts_for_all_its_rows() -> None:
    """A merged scene is that of all its rows; other merged cells count for their first row."""
    book = openpyxl.Workbook()
    for row in (["prompt", "scene", "model"], ["a", "S1", "x"], ["b", None, None]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    book.active.merge_cells("C2:C3")

    rows = read_sheet("a.xlsx", saved(book), choice=Recipe().choice).rows
    assert [row.cells for row in rows] == [("a", "S1", "x"), ("b", "S1", "")]


def test_first_visible_sheet_with_data_is_read_and_told() -> None:
    """Hidden and empty sheets are passed over; the notes name the one read and the others."""
    book = openpyxl.Workbook()
    book.active.append(["prompt"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.create_sheet("Shots").append(["size"])
    book.create_sheet("Old").append(["model"])
    table = read_sheet("a.xlsx", saved(book))

    assert table.columns == ("size",)
    assert table.notes == (
        "sheet 'Shots' was read; not read: 'Empty', 'Old'; 1 hidden sheet left out",
    )


def test_sheet_is_taken_by_name() -> None:
    """A sheet asked for by name is read, and one that is not there is refused."""
    book = openpyxl.Workbook()
    book.active.append(["prompt"])
    book.create_sheet("Old & new").append(["model"])
    content = saved(book)

    assert read_sheet("a.xlsx", content, choice=SheetChoice(sheet="Old & new")).columns == (
        "model",
    )
    with pytest.raises(UnknownSheetNameError, match="it has 'Sheet', 'Old & new'"):
        read_sheet("a.xlsx", content, choice=SheetChoice(sheet="New"))


def test_formula_without_a_value_is_refused_by_cell() -> None:
    """A formula that was never computed would read as blank; its cell is named instead."""
    with pytest.raises(SheetCellsError) as caught:
        read_sheet("a.xlsx", workbook(["prompt", "size"], ["=A1", "1024x1024"]))

    assert [error.field for error in caught.value.errors] == ["cell A2"]
    assert "no computed value" in caught.value.errors[0].message


def test_formula_reads_as_its_last_value() -> None:
    """Formulas read as what the spreadsheet computed, blank text included."""
    part = sheet_xml(
        '<c r="A1" t="str"><f>"pro"&amp;"mpt"</f><v>prompt</v></c>',
        '<c r="B1" t="str"><f>""</f><v></v></c>',
        '<c r="C1"><f>1+1</f><v>2</v></c>',
    )

    assert read_sheet("a.xlsx", with_part(SMALL, SHEET, part)).columns == ("prompt", "2")


def test_error_value_is_read_as_it_is_shown() -> None:
    """A cell that shows #REF! is no blank: who reads its column decides what that means."""
    part = sheet_xml(
        '<c r="A1" t="inlineStr"><is><t>prompt</t></is></c>', '<c r="A7" t="e"><v>#REF!</v></c>'
    ).replace(b'<c r="A7"', b'</row><row r="7"><c r="A7"')
    assert read_sheet("a.xlsx", with_part(SMALL, SHEET, part)).rows == (SheetRow(7, ("#REF!",)),)


@pytest.mark.parametrize("content", [workbook(), workbook(["", " "])])
def test_empty_workbook_is_refused(content: bytes) -> None:
    """A workbook without a single word is refused as empty."""
    with pytest.raises(EmptySheetError):
        read_sheet("a.xlsx", content)


def test_eleventh_row_is_refused() -> None:
    """Reading stops at the row limit; the header is no row."""
    rows = [["x"]] * 11
    limits = SheetLimits(max_rows=10)
    assert len(read_sheet("a.xlsx", workbook(["prompt"], *rows[:10]), limits).rows) == 10

    with pytest.raises(TooManyRowsError, match="more than the allowed 10 rows"):
        read_sheet("a.xlsx", workbook(["prompt"], *rows), limits)


def test_too_many_columns_are_refused() -> None:
    """A row wider than allowed is refused by its number."""
    with pytest.raises(TooManyColumnsError, match="row 1 has 300 columns"):
        read_sheet("a.xlsx", workbook([f"c{at}" for at in range(300)]))


def test_far_away_cell_is_refused_in_bounded_memory() -> None:
    """Two cells at opposite corners would fill half a terabyte; the reader survives them."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "prompt", "x"
    with pytest.raises(SheetTooLargeError, match="a stray cell far from the others"):
        read_sheet("a.xlsx", saved(book))


def test_endless_parsing_is_stopped() -> None:
    """A workbook that takes longer than allowed is given up."""
    content = workbook(["prompt"], *([["x" * 50, *range(50)]] * 1_000))
    with pytest.raises(SheetTooLargeError, match=" 0 s"):
        read_sheet("a.xlsx", content, SheetLimits(max_seconds=0))


def test_bomb_is_refused_by_its_directory() -> None:
    """A part that would grow a thousandfold is refused before it is inflated."""
    with pytest.raises(SheetTooLargeError, match="would grow more than 400 times"):
        read_sheet("a.xlsx", with_part(SMALL, SHEET, bytes(20_000_000)))


def test_large_archive_is_refused_by_its_directory() -> None:
    """Parts that together pass the limit when unpacked are refused before that."""
    with pytest.raises(SheetTooLargeError, match="bytes when unpacked, 2000 are allowed"):
        read_sheet("a.xlsx", SMALL, SheetLimits(max_inflated_bytes=2_000))


def test_size_that_lies_is_found_out() -> None:
    """A directory that understates a part's size does not make the reader inflate more."""
    lying = bytearray(with_part(SMALL, SHEET, sheet_xml("<c/>" * 5_000)))
    at = lying.rindex(SHEET.encode()) - 46  # its entry in the directory, 46 bytes before the name
    assert lying[at : at + 4] == b"PK\x01\x02"
    lying[at + 24 : at + 28] = struct.pack("<I", 100)

    with pytest.raises(DamagedSheetError, match="cut off or garbled"):
        read_sheet("a.xlsx", bytes(lying))


def test_too_many_parts_are_refused() -> None:
    """An archive of thousands of parts is refused by its directory."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(5_000):
            archive.writestr(f"{number}.xml", b"")
    with pytest.raises(SheetTooLargeError, match="5000 parts inside"):
        read_sheet("a.xlsx", content.getvalue())


def test_document_type_is_refused() -> None:
    """Entities that expand without end have no way in."""
    part = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + sheet_xml("<f>&a;</f>")
    with pytest.raises(DamagedSheetError, match="document type declaration"):
        read_sheet("a.xlsx", with_part(SMALL, SHEET, part))


@pytest.mark.parametrize("content", [SMALL[:-30], SMALL[:500], b"PK\x03\x04", b"hello", b""])
def test_no_workbook_is_refused(content: bytes) -> None:
    """A file that is cut off, or no archive at all, is refused with advice."""
    with pytest.raises(DamagedSheetError, match=r"save it as \.xlsx again"):
        read_sheet("a.xlsx", content)


@pytest.mark.parametrize(
    ("name", "said"), [("mimetype", "OpenDocument"), ("xl/workbook.bin", "binary .xlsb")]
)
def test_other_workbooks_are_refused_by_name(name: str, said: str) -> None:
    """Workbooks of other kinds are told apart, whatever their ending."""
    with pytest.raises(DamagedSheetError, match=said):
        read_sheet("a.xlsx", with_part(SMALL, name, b"x"))


def test_old_and_encrypted_workbooks_are_refused_by_name() -> None:
    """The older container is an .xls, unless it holds an encrypted workbook."""
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    with pytest.raises(DamagedSheetError, match=r"an old \.xls workbook"):
        read_sheet("a.xlsx", container)
    with pytest.raises(EncryptedSheetError, match="without a password"):
        read_sheet("a.xls", container + "EncryptedPackage".encode("utf-16-le"))


def test_first_bytes_go_before_the_name() -> None:
    """A workbook under a text file's name is read as what it is."""
    assert read_sheet("shots.csv", SMALL).columns == ("prompt", "size")
