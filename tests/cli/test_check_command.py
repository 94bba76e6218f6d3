"""`callsheet check` and `callsheet probe`, as they are typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.media import films
from tests.media.samples import as_file, painted

CALLSHEET = str(Path(sys.executable).with_name("callsheet"))
SIZE = (432, 240)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a sound clip, one that goes black, a picture, and what is no media."""
    folder = tmp_path_factory.mktemp("files")
    good = list(films.footage(30, 1, SIZE))
    sound = films.atmosphere(1.2)
    films.write_film(folder / "good.mp4", good, sound=sound, muxing={"movflags": "faststart"})
    dark = [lines if n < 5 else lines * 0 for n, lines in enumerate(good)]
    films.write_film(folder / "dark.mp4", dark, sound=sound)
    (folder / "still.png").write_bytes(as_file(painted(1, (700, 600)), "PNG"))
    (folder / "note.txt").write_text("not a film")
    (folder / "evil<script>.mp4").write_bytes(b"")
    return folder


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    return subprocess.run(
        [CALLSHEET, *words], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )


def test_sound_files_pass_and_leave_nothing_behind(files: Path) -> None:
    """Exit 0, a readable answer, and neither a database nor a folder made for it."""
    before = set(files.iterdir())
    done = run("check", "--profile", "preview", "good.mp4", "still.png", cwd=files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "good.mp4" in done.stdout
    assert "2 files: 2 pass" in done.stdout
    assert set(files.iterdir()) == before


def test_file_that_fails_ends_with_one(files: Path) -> None:
    """Exit 1, and the check, the time and the way out are told."""
    done = run("check", "--profile", "preview", "good.mp4", "dark.mp4", cwd=files)
    assert done.returncode == 1
    assert "The picture is black from 0:00.20 to 0:01.20." in done.stdout
    assert done.stdout.index("good.mp4") < done.stdout.index("dark.mp4")


def test_what_is_no_media_fails_and_the_rest_goes_on(files: Path) -> None:
    """A file that is missing, empty or a text fails by itself."""
    names = ("none.mp4", "note.txt", "evil<script>.mp4", "still.png")
    done = run("check", "--json", *names, cwd=files)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == list(names)
    assert [line["verdict"] for line in lines] == ["fail", "fail", "fail", "pass"]
    assert "No such file" in lines[0]["findings"][0]["sentence"]


def test_json_has_every_finding(files: Path) -> None:
    """A line for each file: verdict, findings, and what the file is."""
    done = run("check", "--json", "dark.mp4", cwd=files)
    document = json.loads(done.stdout)
    black = next(each for each in document["findings"] if each["check"] == "black")
    assert black["status"] == "fail"
    assert black["at"] == pytest.approx([0.2, 1.2], abs=0.05)
    assert set(black) >= {"version", "value", "unit", "tolerance", "severity", "sentence", "advice"}
    assert document["probe"]["video"]["rate"] == "25/1"


def test_page_shows_the_moment_and_runs_nothing(files: Path) -> None:
    """A picture at each finding; names are text, and nothing is fetched from outside."""
    page = files / "page.html"
    run("check", "--html", "page.html", "dark.mp4", "evil<script>.mp4", "still.png", cwd=files)
    text = page.read_text()
    page.unlink()
    assert "data:image/jpeg;base64," in text
    assert "evil&lt;script&gt;.mp4" in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_profile_of_a_workspace_is_used(files: Path) -> None:
    """Its tolerances hold, and its mistakes are told with line and key."""
    rules = files / "house.toml"
    rules.write_text('extends = "preview"\n[checks.black]\nmax_s = 3.0\n')
    assert run("check", "--profile", "house.toml", "dark.mp4", cwd=files).returncode == 0
    rules.write_text("[checks.black]\nmaxs = 3.0\n")
    done = run("check", "--profile", "house.toml", "dark.mp4", cwd=files)
    rules.unlink()
    assert done.returncode == 1
    assert "house.toml, line 2: checks.black.maxs: there is no such key" in done.stderr


def test_order_is_compared_with(files: Path) -> None:
    """What was asked for: size, length, rate."""
    words = ("check", "--json", "--profile", "preview", "good.mp4")
    done = run(*words, "--order", "duration_s=2", "--order", "size=1280x720", cwd=files)
    failed = {
        each["check"] for each in json.loads(done.stdout)["findings"] if each["status"] == "fail"
    }
    assert {"duration", "resolution"} <= failed
    done = run(*words, "--order", "length=2", cwd=files)
    assert done.returncode == 1
    assert "--order 'length=2' cannot be read" in done.stderr


def test_probe_tells_exact_facts(files: Path) -> None:
    """As lines for people, and as JSON."""
    done = run("probe", "good.mp4", cwd=files)
    assert done.returncode == 0
    assert "video.rate" in done.stdout
    document = json.loads(run("probe", "good.mp4", "--json", cwd=files).stdout)
    assert (document["container"], document["video"]["frames"]) == ("mp4", 30)
    refused = run("probe", "note.txt", cwd=files)
    assert refused.returncode == 1
    assert "this is text" in refused.stderr


def test_many_files_at_once_are_told_in_their_order(files: Path) -> None:
    """However fast each is, the order is that of the command."""
    names = ["good.mp4", "still.png", "dark.mp4"] * 4
    done = run("check", "--json", *names, cwd=files)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == names


def test_first_finding_needs_no_database_layer(files: Path) -> None:
    """Of all that servers stand on nothing is imported."""
    script = (
        "import sys; sys.argv = ['callsheet', 'check', 'good.mp4']\n"
        "from callsheet import entry\n"
        "try:\n    entry.main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'fastapi', 'dbos', 'numpy', 'av', 'PIL', 'openpyxl'}\n"
        "sys.stderr.write(','.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=files, check=True
    )
    assert done.stderr == ""
    assert "good.mp4" in done.stdout
