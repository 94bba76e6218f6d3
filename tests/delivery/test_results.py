"""Result tables: the sheet as it came, results beside it, and nothing in it that runs."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.delivery.results import (
    Results,
    ResultTable,
    picture_name,
    result_table,
    to_csv,
    to_xlsx,
)
from callsheet.delivery.workbook import write_workbook
from callsheet.kernel.cells import bare
from callsheet.sources import read_sheet

UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


def a_row(number: int = 1, scene: str = "S1", **more: Any) -> dict[str, Any]:
    """Word one row of a state document with one variant."""
    variant = {
        "variant": 1,
        "take": f"tk{number}",
        "url": "https://x.test/a",
        "cost": "0.039000",
        "mediaType": "image/png",
    }
    plain = {
        "row": number,
        "scene_id": scene,
        "status": "succeeded",
        "error": None,
        "quoted": "0.039000",
        "variants": [variant],
    }
    return {**plain, **more}


Cells = Mapping[int, Mapping[str, str]]


def kept(rows: Sequence[dict[str, Any]], cells: Cells) -> Results:
    """Keep rows with their own cells, by number."""
    results = Results()
    results.add((row, cells.get(row["row"], {})) for row in rows)
    return results


def written(
    write: Callable[[ResultTable, IO[bytes]], None],
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
    cells: Cells,
) -> bytes:
    """Write the result table of some rows."""
    out = io.BytesIO()
    with kept(rows, cells) as results:
        write(result_table(columns, results), out)
    return out.getvalue()


def read_csv(content: bytes) -> list[list[str]]:
    """Read a table back as a spreadsheet would."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[list[Any]]:
    """Read a workbook back."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[cell.value or "" for cell in row] for row in sheet.iter_rows()]


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
@settings(deadline=None)  # it reads workbooks
def test_workbooks_hold_what_their_format_can(rows: list[tuple[str, str]]) -> None:
    """Any text comes back but for what XML cannot say, by two readers; equal rows, equal bytes."""
    written, again = io.BytesIO(), io.BytesIO()
    for out in (written, again):
        write_workbook(enumerate([["a", "b"], *rows], start=1), out)
    assert written.getvalue() == again.getvalue()
    kept = [[UNSAYABLE.sub("", text).replace("\r\n", "\n") for text in row] for row in rows]
    read = read_xlsx(written.getvalue())
    assert read[0] == ["a", "b"]
    assert [[text.replace("\r", "\n") for text in row] for row in kept] == read[1:]
    given_rows = [row for row in kept if any(text.strip() for text in row)]
    table = read_sheet("a.xlsx", written.getvalue())
    assert len(table.rows) == len(given_rows)


def test_a_cell_of_a_workbook_is_cut_where_spreadsheets_do() -> None:
    """A cell holds 32,767 characters; of a longer text the beginning is kept."""
    out = io.BytesIO()
    write_workbook([(1, ["x" * 40_000])], out)
    assert read_xlsx(out.getvalue()) == [["x" * 32_767]]


FORMULAS = [
    "=1+1",
    "= 1+1",
    "+cmd|' /C calc'!A0",
    "- 2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "-1+cmd",
    "\uff1d1",
    "\uff0b1",
    "\uff0dcmd",
    "\uff20SUM(A1)",
    "\rx",
    "\tx",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_cells_do_not_run(cell: str) -> None:
    """What a spreadsheet would run is text in both formats."""
    given = (["prompt"], [a_row()], {1: {"prompt": cell}})
    assert read_csv(written(to_csv, *given))[1][0].startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(written(to_xlsx, *given))).active
    assert all(each.data_type == "s" for row in sheet.iter_rows() for each in row if each.value)


@pytest.mark.parametrize("cell", ["-5", "+49", "-1,5", "-", "a=b", "12:30", ""])
def test_harmless_cells_stay_as_they_were(cell: str) -> None:
    """Numbers and plain text are not touched."""
    table = written(to_csv, ["note"], [a_row()], {1: {"note": cell}})
    assert read_csv(table)[1][0] == cell


@given(st.lists(TEXT, min_size=1, max_size=4, unique_by=str.casefold), st.lists(TEXT, max_size=3))
@settings(deadline=None)  # it writes and reads workbooks
def test_own_columns_come_back(columns: list[str], values: list[str]) -> None:
    """Whatever a sheet had comes back in its place, in both formats, with the results behind it."""
    rows = [a_row(number) for number in range(1, len(values) + 1)]
    cells = {row["row"]: {columns[0]: text} for row, text in zip(rows, values, strict=True)}
    read = read_csv(written(to_csv, columns, rows, cells))
    assert len(read) == len(rows) + 1
    assert [bare(name) for name in read[0][: len(columns)]] == columns
    for line, text in zip(read[1:], values, strict=True):
        assert bare(line[0]) == text
        assert "succeeded" in line
    assert len(read_xlsx(written(to_xlsx, columns, rows, cells))) == len(read)


HOSTILE = (
    "=1+1",
    "a;=cmd()",
    "x\t@y",
    "line\n- item",
    "\uff1d1",
    "'=mine",
    "''+twice",
    "-5",
    "plain",
)


def test_our_results_are_read_as_they_were_written() -> None:
    """A result table that is a sheet again has the text it came with, twice over."""
    columns: tuple[str, ...] = ("scene_id", "prompt", "=note")
    given = dict(enumerate(HOSTILE, start=1))
    for _ in range(2):
        rows = [a_row(number, f"S{number}") for number in given]
        cells = {
            number: {"scene_id": f"S{number}", "prompt": text, "=note": text[::-1]}
            for number, text in given.items()
        }
        sheet = read_sheet("results.csv", written(to_csv, columns, rows, cells))
        prompt, note = (sheet.columns.index(name) for name in ("prompt", "=note"))
        assert [row.cells[prompt] for row in sheet.rows] == [*HOSTILE]
        assert [row.cells[note] for row in sheet.rows] == [text[::-1] for text in HOSTILE]
        columns = sheet.columns


def test_sheets_of_others_keep_their_quote_marks() -> None:
    """Only our own tables are changed on reading."""
    sheet = read_sheet("theirs.csv", b"prompt,status\n'=1,new\n")
    assert sheet.rows[0].cells == ("'=1", "new")


def test_costs_are_summed_exactly() -> None:
    """Ten takes of ten cents are a dollar."""
    variant = {"variant": 1, "take": "t", "url": "", "cost": "0.100000"}
    row = a_row(variants=[{**variant, "variant": place} for place in range(1, 11)])
    with kept([row], {}) as results:
        table = result_table(["prompt"], results)
        (line,) = table.rows
    assert line.cells[table.header.index("cost_usd")] == "1.000000"


def test_own_columns_of_our_names_are_kept_apart() -> None:
    """A sheet that has a column `status` keeps it; ours takes another name."""
    with kept([a_row()], {1: {"Status": "mine"}}) as results:
        table = result_table(["Status"], results)
        (line,) = table.rows
    assert table.header[0] == "Status"
    assert "callsheet_status" in table.header
    assert line.cells[0] == "mine"


@given(st.lists(TEXT, min_size=1, max_size=12))
def test_pictures_have_names_of_their_own(scenes: list[str]) -> None:
    """No two pictures share a file name, on a file system that ignores case either."""
    rows = [a_row(number, scene) for number, scene in enumerate(scenes, start=1)]
    with kept(rows, {}) as results:
        repeated = results.repeated
    names = [picture_name(row, row["variants"][0], repeated).casefold() for row in rows]
    assert len(set(names)) == len(names)
    assert all("/" not in name and "\\" not in name and name[0] != "." for name in names)


@pytest.mark.parametrize(
    "scene", ["../../etc/passwd", "CON", "a" * 300, "", "...", "x\x00y", "a:b"]
)
def test_hostile_scenes_are_plain_names(scene: str) -> None:
    """A scene's name cannot lead anywhere."""
    row = a_row(scene=scene)
    name = picture_name(row, row["variants"][0], frozenset())
    assert name.endswith("_v1.png")
    assert len(name) <= 200
    assert not set(name) & set('/\\:\0*?"<>|')


def test_columns_are_as_many_as_any_row_needs() -> None:
    """Links, texts and notes have columns for the row of the most variants, wherever it stands."""
    variant = {"take": "t", "url": "u", "cost": "0.000000"}
    many = [{**variant, "variant": 1}, {**variant, "variant": 2, "text": "Once", "note": "odd"}]
    rows = [a_row(1), a_row(2, variants=many), a_row(3, variants=[])]
    table = read_csv(written(to_csv, ["prompt"], rows, {}))
    added = ["link_1", "link_2", "text_1", "text_2", "note_1", "note_2"]
    assert table[0][-6:] == added
    assert [line[-6:] for line in table[1:]] == [
        ["https://x.test/a", "", "", "", "", ""],
        ["u", "u", "", "Once", "", "odd"],
        [""] * 6,
    ]
