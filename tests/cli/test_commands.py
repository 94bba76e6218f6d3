"""The command line as people use it: what it leaves, what it says, how it ends."""

import csv
import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from tests.support.processes import Place, serving

EXAMPLES = Path(__file__).parents[2] / "examples"
SHEET = "scene_id,prompt,size,variants\nS1,a red boat,256x256,2\nS2,a mug,256x256,1\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Make an empty folder with a small sheet in it."""
    (tmp_path / "sheet.csv").write_text(SHEET)
    return Place(tmp_path)


def test_launch_leaves_everything(tmp_path: Path) -> None:
    """The example gives a picture for each variant, both contact sheets, both tables, its state."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    done = Place(tmp_path).run("run", "examples/launch.csv", "--out", "build/launch", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    out = tmp_path / "build" / "launch"
    files = {file.name for file in out.iterdir()}
    assert {"contact-sheet.png", "contact-sheet.html", "results.csv", "results.xlsx"} <= files
    pictures = {name for name in files if re.search(r"_v\d+\.png$", name)}
    assert len(pictures) == told["pictures"] >= 24
    assert told["failed"] == 0
    assert told["references"]["dedupRate"] > 0.5
    state = json.loads((out / "state.json").read_text())
    assert state["status"] == "succeeded"
    with (out / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(state["rows"]) >= 12
    linked = {row[name] for row in rows for name in row if name.startswith("link_")} - {""}
    assert linked == pictures
    sheet = openpyxl.load_workbook(out / "results.xlsx").active
    assert sheet.max_row == len(rows) + 1
    html = (out / "contact-sheet.html").read_text()
    assert html.count("<img") >= len(pictures)
    assert 'src="http' not in html


def test_running_again_into_the_same_folder_works(place: Place) -> None:
    """A second run replaces what the first one left."""
    for _ in range(2):
        assert place.run("run", "sheet.csv", "--out", "out").returncode == 0
    assert len(list((place.folder / "out").glob("*_v*.png"))) == 3


def test_sheet_comes_back_as_its_team_titled_it(place: Place) -> None:
    """Whatever a column is called, its cells stand beside the results."""
    titled = "Prompt,Scene ID,Our Note,Reference Mode\na red mug,S-1,ask Ana,product\n"
    (place.folder / "titled.csv").write_text(titled)
    assert place.run("run", "titled.csv", "--out", "out").returncode == 0
    with (place.folder / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert list(row.items())[:4] == [
        ("Prompt", "a red mug"),
        ("Scene ID", "S-1"),
        ("Our Note", "ask Ana"),
        ("Reference Mode", "product"),
    ]


def test_run_beside_a_server_lets_it_work(place: Place) -> None:
    """While `up` works on the same data, `run` hands its job over and waits."""
    with serving(place):
        done = place.run("run", "sheet.csv", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "it will do the work" in done.stderr
    assert (place.folder / "out" / "S1_v2.png").exists()


BAD = {
    "no such file": (["run", "none.csv"], 1, "cannot read none.csv"),
    "a folder": (["run", "."], 1, "cannot read"),
    "not a sheet": (["run", "sheet.png"], 1, "save it as .csv"),
    "unknown option": (["run", "sheet.csv", "--wet"], 2, "--wet"),
    "no argument": (["run"], 2, "sheet"),
    "unknown command": (["rnu"], 2, "rnu"),
    "unknown model": (["run", "sheet.csv", "--model", "local/none"], 1, "local/none"),
    "unknown input": (
        ["models", "price", "replicate/kling-v2-6", "--set", "duration=10"],
        *(1, "there are prompt, width, height, duration_s"),
    ),
    "a number": (["models", "price", "replicate/kling-v2-6", "--set", "duration_s=10"], 0, "$0.7"),
    "retired model": (
        ["models", "on", "lovable/gemini-2-5-flash-image-preview"],
        *(0, "stays off: lovable/gemini-2-5-flash-image-preview was retired"),
    ),
    "unknown provider": (["providers", "off", "nobody"], 1, "there are comfyui, fal"),
    "unknown job": (["jobs", "show", "job_x"], 1, "job_x"),
    "nothing to resume": (["jobs", "resume", "job_x"], 1, "job_x"),
    "no folder to write": (["run", "sheet.csv", "--out", "/dev/null/x"], 1, "/dev/null"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), BAD.values(), ids=BAD.keys())
def test_errors_are_one_clear_sentence(
    place: Place, arguments: list[str], code: int, said: str
) -> None:
    """What is wrong and where, the right exit code, and never a traceback."""
    (place.folder / "sheet.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = place.run(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_every_row_at_fault_is_listed(place: Place) -> None:
    """A sheet with several faults names each of them by row and column at once."""
    (place.folder / "bad.csv").write_text("prompt,variants\n,1\nx,99\ny,one\n")
    done = place.run("run", "bad.csv")
    assert done.returncode == 1
    assert "row 2, column prompt" in done.stderr
    assert "row 3, column variants" in done.stderr
    assert "row 4, column variants" in done.stderr


def test_every_listing_speaks_json(place: Place) -> None:
    """--json gives JSON and nothing else on standard output."""
    job = json.loads(place.run("run", "sheet.csv", "--json").stdout)["batchId"]
    for arguments in (
        ["jobs", "list"],
        ["jobs", "show", job],
        ["models"],
        ["quote", "sheet.csv"],
        ["keys", "list"],
        ["doctor"],
    ):
        done = place.run(*arguments, "--json")
        assert done.returncode == 0, (arguments, done.stderr)
        assert json.loads(done.stdout) is not None


def test_tables_keep_ids_whole(place: Place) -> None:
    """An id in a table can be copied into the next command."""
    job = json.loads(place.run("run", "sheet.csv", "--json").stdout)["batchId"]
    assert job in place.run("jobs", "list").stdout
    shown = place.run("jobs", "show", job).stdout
    whole = re.findall(r"tk_[0-9a-z]{20}", shown)
    assert len(whole) == shown.count("tk_")
    assert len(set(whole)) == 3


def test_quote_creates_nothing(place: Place) -> None:
    """A quote names each row and the total, and leaves no job."""
    done = place.run("quote", "sheet.csv")
    assert "total: $0.000000" in done.stdout
    assert json.loads(place.run("jobs", "list", "--json").stdout) == []


def test_hidden_models_are_not_listed(place: Place) -> None:
    """The list shows what people can ask for."""
    listed = place.run("models").stdout
    assert "local/storyboard" in listed
    assert "local/dot" not in listed


def test_doctor_masks_secrets(place: Place) -> None:
    """Every setting and where it came from, with secrets as stars."""
    told = Place(place.folder, settings={"CALLSHEET_MASTER_KEY": "very-secret-indeed-0123456789ab"})
    done = told.run("doctor")
    assert "very-secret" not in done.stdout
    assert "max_rows" in done.stdout.lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLSHEET_PORT", "ninety"),
        ("CALLSHEET_MAX_ROWS", "0"),
        ("CALLSHEET_DATABASE_URL", "mysql://x"),
        ("CALLSHEET_STORE_URL", "ftp://x"),
        ("CALLSHEET_LOG_LEVEL", "LOUD"),
    ],
)
def test_bad_settings_are_named(place: Place, name: str, value: str) -> None:
    """A setting that cannot be used is named with its value, before anything is done."""
    place = Place(place.folder, value if "DATABASE" in name else "", {name: value})
    done = place.run("jobs", "list")
    assert done.returncode == 1, done.stdout
    assert name.removeprefix("CALLSHEET_").lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_settings_come_from_flag_then_environment_then_file(place: Place) -> None:
    """callsheet.toml is read, the environment wins over it, aliases are understood."""
    (place.folder / "callsheet.toml").write_text("max_variants = 7\nmax_rows = 5\n")
    told = Place(place.folder, settings={"CALLSHEET_MAX_ROWS": "6", "LOG_LEVEL": "DEBUG"})
    settings = told.run("doctor").stdout
    assert re.search(r"max_variants\W+7\b", settings)
    assert re.search(r"max_rows\W+6\b", settings)
    assert "DEBUG" in settings
