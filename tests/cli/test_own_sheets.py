"""Sheets of other people, run as they would: what is made, what is refused, what comes back."""

import csv
import io
import json
import re
import shutil
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from tests.support.processes import Place

EXAMPLES = Path(__file__).parents[2] / "examples" / "references"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Make an empty folder."""
    return Place(tmp_path)


def book(path: Path) -> None:
    """Save a workbook as people have them: typed cells, a formula, an id with zeros in front."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(["Shot", "Shot Description", "Cost", "Twice", "Due", "size", "filename", "Held"])
    for scene, prompt, name in ((7, "a red mug on oak", "hero_banner.png"), (8, "#REF!", "b.png")):
        sheet.append(
            [scene, prompt, 2.5, None, datetime(2026, 3, 1), "256x256", name, True]  # noqa: DTZ001 - a sheet's days have no zone
        )
        row = sheet.max_row
        sheet.cell(row, 1).number_format = "000"
        sheet.cell(row, 5).number_format = "dd.mm.yyyy"
    made.save(path)


def with_formula(path: Path) -> None:
    """Let a cell have a formula that was computed, which openpyxl does not write."""
    import zipfile

    content = path.read_bytes()
    changed = io.BytesIO()
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.namelist():
            text = old.read(entry)
            if entry == part:
                for row in (2, 3):
                    cell = f'<c r="D{row}"><f>C{row}*2</f><v>5</v></c><c r="E{row}"'
                    text = text.replace(f'<c r="E{row}"'.encode(), cell.encode(), 1)
                    text = re.sub(rf'<c r="D{row}"[^>]*/>'.encode(), b"", text)
            new.writestr(entry, text)
    path.write_bytes(changed.getvalue())


def test_results_are_the_workbook_as_it_came(place: Place) -> None:
    """Numbers, dates and formulas are what they were; a bad row comes back failed, with why."""
    path = place.folder / "shots.xlsx"
    book(path)
    with_formula(path)
    done = place.run("run", "shots.xlsx", "--keep-going")
    assert done.returncode == 1, done.stderr
    assert "column 'Shot Description' is read as prompt" in done.stderr
    assert "not made: row 3, column Shot Description: the prompt is the error #REF!" in done.stderr
    out = place.folder / "build" / "shots"
    assert (out / "hero_banner.png").exists()
    for values in (False, True):
        sheet = openpyxl.load_workbook(out / "results.xlsx", data_only=values).active
        header, first, second = (list(row) for row in sheet.iter_rows())
        assert [cell.value for cell in header][:9] == [
            *("Shot", "Shot Description", "Cost", "Twice", "Due", "size", "filename", "Held"),
            "status",
        ]
        assert [cell.value for cell in first][:9] == [
            *(7, "a red mug on oak", 2.5, 5 if values else "=C2*2", datetime(2026, 3, 1)),  # noqa: DTZ001 - a sheet's days have no zone
            *("256x256", "hero_banner.png", True, "succeeded"),
        ]
        assert (first[0].number_format, first[4].number_format) == ("000", "dd.mm.yyyy")
        assert second[1].value == "#REF!"
        assert second[8].value == "failed"
        assert "#REF!" in second[9].value
    assert sheet.freeze_panes == "A2"
    linked = first[[cell.value for cell in header].index("link_1")]
    assert linked.hyperlink.target == "hero_banner.png"
    page = (out / "contact-sheet.html").read_text()
    assert 'href="hero_banner.png"' in page
    assert "/assets/" not in page

    # what came back is a sheet again, and asks for the same
    retry = json.loads(place.run("jobs", "list", "--json").stdout)[0]
    assert (retry["counts"]["takes"], retry["status"]) == (1, "partial")
    again = place.run("quote", str(out / "results.xlsx"), "--keep-going", "--json")
    quoted = json.loads(again.stdout)
    assert [row["row"] for row in quoted["perRow"]] == [2]
    assert [row["row"] for row in quoted["refused"]] == [3]
    tried = place.run("jobs", "retry", retry["batchId"])
    assert tried.returncode == 1
    state = json.loads((out / "state.json").read_text())
    assert [row["status"] for row in state["rows"]] == ["succeeded", "failed"]
    assert "#REF!" in state["rows"][1]["error"]["message"]
    elsewhere = Place(place.folder, f"sqlite:///{place.folder}/other.db")
    assert elsewhere.run("restore").returncode == 0
    [back] = json.loads(elsewhere.run("jobs", "list", "--json").stdout)
    assert back["counts"] == {**retry["counts"]}
    shown = json.loads(elsewhere.run("jobs", "show", back["batchId"], "--json").stdout)
    assert [row["status"] for row in shown["rows"]] == ["succeeded", "failed"]


def test_columns_are_named_on_the_command_line(place: Place) -> None:
    """A prompt of several columns, a header further down, an encoding, and a recipe for it all."""
    text = "Plan;;\nWare;Farbe;Ort\nBecher;rot;Hafen\n;;\nLampe;;Küche\n"
    (place.folder / "plan.csv").write_bytes(text.encode("cp1252"))
    typed = ["--prompt", "{Ware}, {Farbe?}, im {Ort}", "--map", "Farbe=scene_id"]
    done = place.run("quote", "plan.csv", *typed, "--encoding", "windows-1252", "--delimiter", ";")
    assert done.returncode == 0, done.stderr
    assert "row 2 is the header" in done.stderr
    assert "local/storyboard: 2 rows, 2 pictures, $0.000000" in done.stdout
    recipe = 'prompt = "{Ware}, im {Ort}"\nheader_row = 2\nencoding = "windows-1252"\n'
    (place.folder / "plan.toml").write_text(recipe)
    again = place.run("run", "plan.csv", "--recipe", "plan.toml", "--json", "--out", "out")
    assert again.returncode == 0, again.stderr
    state = json.loads((place.folder / "out" / "state.json").read_text())
    assert [row["prompt"] for row in state["rows"]] == ["Becher, im Hafen", "Lampe, im Küche"]
    (place.folder / "bad.toml").write_text('promt = "x"\n')
    refused = place.run("quote", "plan.csv", "--recipe", "bad.toml")
    assert refused.returncode == 1
    assert "a recipe may say map, prompt" in refused.stderr


def test_no_folder_is_shared_by_two_sheets(place: Place) -> None:
    """Nor is what was paid replaced by a preview; what is named by --out is refused or asked."""
    sheet = "scene_id,prompt,model,size\nS,a red mug,local/storyboard,256x256\n"
    for folder in ("a", "b"):
        (place.folder / folder).mkdir()
        (place.folder / folder / "mugs.csv").write_text(sheet.replace("mug", f"mug {folder}"))
    paid = place.run("run", "a/mugs.csv", "--live", "--yes")
    assert paid.returncode == 0, paid.stderr
    build = place.folder / "build"
    before = (build / "mugs" / "state.json").read_bytes()
    preview = place.run("run", "a/mugs.csv")
    assert "holds what was paid for" in preview.stderr
    other = place.run("run", "b/mugs.csv", "--live", "--yes")
    assert other.returncode == 0, other.stderr
    assert "a/mugs.csv" in other.stderr
    assert (build / "mugs" / "state.json").read_bytes() == before
    assert {folder.name for folder in build.iterdir()} == {"mugs", "mugs-dry-run", "mugs-1"}
    refused = place.run("run", "b/mugs.csv", "--out", "build/mugs")
    assert refused.returncode == 1
    assert "name another folder [output_folder]" in refused.stderr


def test_a_live_run_needs_a_model(place: Place) -> None:
    """No preview stands for a picture that was to be paid."""
    (place.folder / "live.csv").write_text("scene_id,prompt\nL-1,a red mug on oak\n")
    done = place.run("run", "live.csv", "--live", "--yes")
    assert done.returncode == 1
    assert "row 2, column model: a live row needs a model" in done.stderr
    assert json.loads(place.run("jobs", "list", "--json").stdout) == []


def test_references_of_any_name_are_found(place: Place) -> None:
    """And a result table asks for the same again: own cells are as they came."""
    for name in ("my mug.png", "a b.png"):
        shutil.copy(EXAMPLES / "mug.png", place.folder / name)
    sheet = (
        "scene_id,prompt,references,model,size,Status\n"
        "A,a red mug,my mug.png|product a%20b.png,,256x256,ours\n"
    )
    (place.folder / "refs.csv").write_text(sheet)
    assert place.run("run", "refs.csv", "--out", "out").returncode == 0
    listed = place.run("jobs", "list").stdout
    assert any("succeeded" in line and "dry_run" in line for line in listed.splitlines())
    with (place.folder / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file)
    assert header[:7] == [*sheet.splitlines()[0].split(","), "callsheet_status"]
    assert row[:6] == sheet.splitlines()[1].split(",")
    gone = place.run("quote", "out/results.csv")
    assert gone.returncode == 1
    assert "cannot read my mug.png" in gone.stderr
    assert "cannot read a%20b.png" in gone.stderr
