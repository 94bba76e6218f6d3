"""Result tables: the sheet as it came, results beside it, and nothing in it that runs."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.delivery.results import (
    picture_name,
    repeated_scenes,
    result_table,
    to_csv,
    to_xlsx,
)
from callsheet.kernel.cells import bare
from callsheet.sources import read_sheet

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


def read_csv(content: bytes) -> list[list[str]]:
    """Read a table back as a spreadsheet would."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[list[Any]]:
    """Read a workbook back."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[cell.value or "" for cell in row] for row in sheet.iter_rows()]


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
    table = result_table(["prompt"], [a_row()], {1: {"prompt": cell}})
    assert read_csv(to_csv(table))[1][0].startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(table))).active
    assert all(each.data_type == "s" for row in sheet.iter_rows() for each in row if each.value)


@pytest.mark.parametrize("cell", ["-5", "+49", "-1,5", "-", "a=b", "12:30", ""])
def test_harmless_cells_stay_as_they_were(cell: str) -> None:
    """Numbers and plain text are not touched."""
    table = result_table(["note"], [a_row()], {1: {"note": cell}})
    assert read_csv(to_csv(table))[1][0] == cell


@given(st.lists(TEXT, min_size=1, max_size=4, unique_by=str.casefold), st.lists(TEXT, max_size=3))
@settings(deadline=None)  # it writes and reads workbooks
def test_own_columns_come_back(columns: list[str], values: list[str]) -> None:
    """Whatever a sheet had comes back in its place, in both formats, with the results behind it."""
    rows = [a_row(number) for number in range(1, len(values) + 1)]
    cells = {row["row"]: {columns[0]: text} for row, text in zip(rows, values, strict=True)}
    table = result_table(columns, rows, cells)
    read = read_csv(to_csv(table))
    assert len(read) == len(rows) + 1
    assert [bare(name) for name in read[0][: len(columns)]] == columns
    for line, text in zip(read[1:], values, strict=True):
        assert bare(line[0]) == text
        assert "succeeded" in line
    assert len(read_xlsx(to_xlsx(table))) == len(read)


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
        sheet = read_sheet("results.csv", to_csv(result_table(columns, rows, cells)))
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
    table = result_table(["prompt"], [row], {1: {}})
    assert table.rows[0][table.header.index("cost_usd")] == "1.000000"


def test_own_columns_of_our_names_are_kept_apart() -> None:
    """A sheet that has a column `status` keeps it; ours takes another name."""
    table = result_table(["Status"], [a_row()], {1: {"Status": "mine"}})
    assert table.header[0] == "Status"
    assert "callsheet_status" in table.header
    assert table.rows[0][0] == "mine"


@given(st.lists(TEXT, min_size=1, max_size=12))
def test_pictures_have_names_of_their_own(scenes: list[str]) -> None:
    """No two pictures share a file name, on a file system that ignores case either."""
    rows = [a_row(number, scene) for number, scene in enumerate(scenes, start=1)]
    repeated = repeated_scenes(rows)
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
