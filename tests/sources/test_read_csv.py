"""Text sheets: encodings, delimiters, quotes, and everything that is refused by name."""

import csv
import io
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.ports.sheets import (
    DamagedSheetError,
    EmptySheetError,
    SheetCellsError,
    SheetError,
    SheetLimits,
    SheetRow,
    SheetTable,
    SheetTooLargeError,
    TooManyColumnsError,
    TooManyRowsError,
    UnknownSheetTypeError,
)
from callsheet.sources import read_sheet

CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=20
)


def written(rows: list[list[str]], delimiter: str = ",") -> str:
    """Write rows as the standard library does, every cell in quotes."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def blanked(cells: Iterable[str]) -> tuple[str, ...]:
    """Cells of nothing but spaces count as blank."""
    return tuple(cell if cell.strip() else "" for cell in cells)


def read_or_refuse(name: str, content: bytes) -> SheetTable | SheetError:
    """Read a sheet, or give back the error that names what is wrong; any other error is raised."""
    try:
        return read_sheet(name, content)
    except SheetError as error:
        return error


def is_sound(outcome: SheetTable | SheetError) -> bool:
    """Check that a table has a cell for each column in every row, and that an error says why."""
    if isinstance(outcome, SheetError):
        return str(outcome) != ""
    return all(len(row.cells) == len(outcome.columns) for row in outcome.rows)


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    """Cells come back as they were written, whatever the delimiter and the encoding."""
    header = ["prompt", "Owner", "Not e"]
    table = read_sheet("shots.csv", written([header, *rows], delimiter).encode(encoding))

    assert table.columns == ("prompt", "Owner", "Not e")
    assert {row.number: blanked(row.cells) for row in table.rows} == {
        number: blanked(row)
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row)
    }


@settings(deadline=None, max_examples=300)
@given(content=st.binary(max_size=400), name=st.sampled_from(["a.csv", "a.tsv", "a.txt", "a"]))
def test_any_bytes_are_a_table_or_a_named_error(content: bytes, name: str) -> None:
    """Whatever the bytes, reading them gives a table or a SheetError, nothing else."""
    assert is_sound(read_or_refuse(name, content))


@settings(deadline=None, max_examples=300)
@given(text=st.text('ab,;\t"\r\n \ufeff', max_size=60))
def test_any_play_of_quotes_is_a_table_or_a_named_error(text: str) -> None:
    """Quotes, delimiters and line ends in any order never break the reader."""
    assert is_sound(read_or_refuse("a.csv", text.encode()))


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encoding_is_found_and_told(encoding: str, said: str) -> None:
    """A sheet is read in the encoding it was saved in, and the notes say which that was."""
    table = read_sheet("a.csv", "prompt,size\ncafé € au lait,1024x1024\n".encode(encoding))

    assert table.rows == (SheetRow(2, ("café € au lait", "1024x1024")),)
    assert table.notes == (f"read as {said}, cells separated by comma",)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("prompt;size\nred, green, blue;1\nx, y, z;2\n", ("prompt", "size")),
        ("prompt\tsize\na, b; c\t1\n", ("prompt", "size")),
        ("prompt,size\na; b; c,1\n", ("prompt", "size")),
        ("prompt\na cat\n", ("prompt",)),
        ('"a, b";c\n1;2\n', ("a, b", "c")),
        ("sep=;\r\na,b;c\r\n1;2\r\n", ("a,b", "c")),
    ],
)
def test_delimiter_is_found(text: str, columns: tuple[str, ...]) -> None:
    """The delimiter that splits the header is taken, however many others are in the prompts."""
    assert read_sheet("a.csv", text.encode()).columns == columns


def test_row_numbers_are_those_a_spreadsheet_shows() -> None:
    """Blank lines count as rows and a quoted line break does not."""
    table = read_sheet("a.csv", b'prompt,n\n"two\nlines",1\n\n,\nlast,2\n\n\n')

    assert table.rows == (SheetRow(2, ("two\nlines", "1")), SheetRow(5, ("last", "2")))


def test_short_rows_are_filled_and_blank_columns_left_out() -> None:
    """A row shorter than the header gets blanks; a column with neither name nor text is dropped."""
    table = read_sheet("a.csv", b"prompt,,size\na,,1\nb\n")

    assert table.columns == ("prompt", "size")
    assert [row.cells for row in table.rows] == [("a", "1"), ("b", "")]


def test_header_alone_is_a_table_without_rows() -> None:
    """A sheet with nothing but a header can be read; it has no rows."""
    assert read_sheet("a.csv", b"prompt,size\n\n,\n").rows == ()


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf", b" , ,\n"])
def test_empty_sheet_is_refused(content: bytes) -> None:
    """A sheet without a single word is refused as empty."""
    with pytest.raises(EmptySheetError, match="write column names"):
        read_sheet("a.csv", content)


def test_ten_thousand_columns_are_refused() -> None:
    """A row of 10,000 cells is refused by its number and the limit."""
    with pytest.raises(TooManyColumnsError) as caught:
        read_sheet("a.csv", b"prompt\n" + b"x," * 9_999 + b"x")

    assert (caught.value.row, caught.value.found, caught.value.limit) == (2, 10_000, 256)


def test_eleventh_row_is_refused() -> None:
    """Reading stops at the row limit."""
    with pytest.raises(TooManyRowsError, match="more than the allowed 10 rows"):
        read_sheet("a.csv", b"prompt\n" + b"x\n" * 11, SheetLimits(max_rows=10))


def test_limit_counts_rows_with_text_only() -> None:
    """Ten rows among blank ones pass a limit of ten."""
    table = read_sheet("a.csv", b"prompt\n" + b"x\n\n" * 10, SheetLimits(max_rows=10))

    assert len(table.rows) == 10


def test_file_cut_off_inside_a_quote_names_the_row() -> None:
    """A quote that is never closed is a damaged file, and the row it begins in is named."""
    with pytest.raises(DamagedSheetError, match="row 3 opens a quote that is never closed"):
        read_sheet("a.csv", b'prompt,size\na,1\n"the rest is mis')


def test_quote_in_the_middle_names_the_row() -> None:
    """Text right after a closing quote is refused: the reader will not guess what was meant."""
    with pytest.raises(DamagedSheetError, match="row 2 is malformed"):
        read_sheet("a.csv", b'prompt,size\n"6" disk,1\n')


def test_nul_byte_is_refused() -> None:
    """A binary file with a text file's name is refused."""
    with pytest.raises(DamagedSheetError, match="line 2 has a NUL byte"):
        read_sheet("a.csv", b"prompt\nab\0c\n")


@pytest.mark.parametrize("content", [b"\xff\xfea", b"\xff\xfe\x00\xd8"])
def test_undecodable_bytes_are_refused(content: bytes) -> None:
    """Bytes that are no text in any encoding we know are refused, with advice."""
    with pytest.raises(DamagedSheetError, match="save the sheet as UTF-8"):
        read_sheet("a.csv", content)


def test_long_cell_is_refused_by_row_and_column() -> None:
    """A cell beyond the limit is named."""
    with pytest.raises(SheetCellsError) as caught:
        read_sheet("a.csv", b"n,prompt\n1," + b"x" * 40_000)

    assert [error.field for error in caught.value.errors] == ["row 2, column prompt"]


@pytest.mark.parametrize("content", [b'a,b\n"' + b"x" * 200_000, b"a," * 1_000_000])
def test_endless_row_is_refused_before_it_is_read(content: bytes) -> None:
    """A row without an end is refused by name, in bounded memory."""
    with pytest.raises((SheetTooLargeError, DamagedSheetError), match=r"row [12] "):
        read_sheet("a.csv", content)


def test_file_over_the_byte_limit_is_refused() -> None:
    """A file larger than allowed is refused unread."""
    with pytest.raises(SheetTooLargeError, match="11 bytes, 10 are allowed"):
        read_sheet("a.csv", b"x" * 11, SheetLimits(max_bytes=10))


def test_text_over_the_limit_is_refused() -> None:
    """All cells together have a limit too."""
    with pytest.raises(SheetTooLargeError, match="longer than 100 characters"):
        read_sheet("a.csv", b"prompt\n" + b"abcdefghij\n" * 10, SheetLimits(max_text_chars=100))


def test_column_twice_is_refused() -> None:
    """Two columns of one name are refused, with the letters of both."""
    with pytest.raises(SheetCellsError, match="stands in columns A and C"):
        read_sheet("a.csv", b"Prompt,size,prompt\na,1,b\n")


def test_text_outside_the_header_is_refused() -> None:
    """Text beyond the last column is named, once for each column; a nameless one is kept."""
    with pytest.raises(SheetCellsError) as caught:
        read_sheet("a.csv", b"prompt,,size\na,b,1,c\nd,e,2,f\n")

    fields = [error.field for error in caught.value.errors]
    assert fields == ["row 2, column D"]


def test_unknown_kind_of_file_is_refused() -> None:
    """A file that no source reads is refused with the kinds that can be read."""
    with pytest.raises(UnknownSheetTypeError, match=r"\.csv.*\.xlsx"):
        read_sheet("brief.pdf", b"%PDF-1.7")
