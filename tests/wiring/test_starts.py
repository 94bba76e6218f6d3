"""Starts that cannot be: each command ends in one line with a code, and no traceback."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import Place, serving
from tests.support.warm import CALLSHEET, WarmProcess

COMMANDS = ("up", "web", "worker", "run", "doctor", "migrate")
NOBODY = 65_534


def data_is_a_file(folder: Path) -> dict[str, str]:
    (folder / "data").touch()
    return {}


def database_is_none(folder: Path) -> dict[str, str]:
    (folder / "some.db").write_bytes(b"this is no database" * 100)
    (folder / "some.db").chmod(0o600)  # else the log tells that it was open
    return {"CALLSHEET_DATABASE_URL": f"sqlite:///{folder}/some.db"}


def database_is_a_folder(folder: Path) -> dict[str, str]:
    return {"CALLSHEET_DATABASE_URL": f"sqlite:///{folder}"}


def store_is_a_file(folder: Path) -> dict[str, str]:
    (folder / "store").touch()
    return {"CALLSHEET_STORE_URL": str(folder / "store")}


def given(name: str, value: str) -> Callable[[Path], dict[str, str]]:
    return lambda _folder: {f"CALLSHEET_{name}": value}


SITUATIONS: dict[str, Callable[[Path], dict[str, str]]] = {
    "unusable_folder: data is a file": data_is_a_file,
    "unusable_folder: data cannot be made": given("DATA_DIR", "/proc/none/data"),
    "unusable_folder: no folder for a database": given(
        "DATABASE_URL", "sqlite:////proc/none/some.db"
    ),
    "unusable_folder: store is a file": store_is_a_file,
    "database_unusable: it is none": database_is_none,
    "database_unavailable: it is a folder": database_is_a_folder,
    "database_unavailable: it is away": given(
        "DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/name"
    ),
    "master_key_refused: it is nowhere": given("MASTER_KEY", "file:///proc/none/key"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_start_that_cannot_be_ends_in_one_line(
    situation: str, command: str, tmp_path: Path
) -> None:
    """Exit 1, the code at the end of one line, and no secret."""
    settings = SITUATIONS[situation](tmp_path)
    (tmp_path / "sheet.csv").write_text("prompt\na lighthouse\n")
    arguments = [command, "sheet.csv"] if command == "run" else [command]
    done = Place(tmp_path, settings=settings).run(*arguments)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"[{situation.partition(':')[0]}]")
    assert "hunter2" not in line


@pytest.fixture
def closed() -> Iterator[Path]:
    """Give a folder that a plain user can enter and not write to."""
    folder = Path(tempfile.mkdtemp(prefix="callsheet-closed-", dir="/tmp"))
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_unwritable_folder_ends_a_start_in_one_line(closed: Path) -> None:
    """As a plain user, whom permissions bind."""
    user = NOBODY if os.geteuid() == 0 else None
    environment = {"PATH": os.environ["PATH"], "HOME": str(closed)}
    try:
        done = subprocess.run(
            [CALLSHEET, "doctor"],
            cwd=closed,
            env=environment,
            user=user,
            capture_output=True,
            text=True,
            check=False,
        )
    except PermissionError:
        pytest.skip("a plain user cannot run this installation")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("Permission denied [unusable_folder]")


@pytest.mark.parametrize(
    ("level", "words", "where"),
    [("ERROR", "[unforeseen]", False), ("INFO", "process.failed", True)],
)
def test_defect_ends_a_command_in_one_line(
    level: str, words: str, tmp_path: Path, *, where: bool
) -> None:
    """What nobody foresaw is told in a line for people, or in one of the log with where it was."""
    errors = tmp_path / "errors"
    process = WarmProcess(
        ["broken"],
        folder=tmp_path,
        environment=Place(tmp_path, settings={"CALLSHEET_LOG_LEVEL": level}).environment(),
        out=tmp_path / "out",
        errors=errors,
        entry="tests.support.defects:main",
    )
    assert process.wait(60) == 1
    (line,) = errors.read_text().splitlines()
    assert words in line
    assert ("defects.py" in line) == where


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_terminal_without_our_letters_is_no_trouble(encoding: str, tmp_path: Path) -> None:
    """Titles, prompts and tables come out, with escapes for what it lacks; JSON stays JSON."""
    settings = {"PYTHONIOENCODING": encoding, "LANG": "C", "LC_ALL": "C"}
    settings |= {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    place = Place(tmp_path, settings=settings)
    sheet = "s\u00fc\u30c6.csv"
    (tmp_path / sheet).write_text("prompt\na lighthouse in f\u00f6g \u30c6\n", "utf-8")
    commands: list[list[str]] = [
        ["run", sheet],
        ["jobs", "list"],
        ["jobs", "list", "--json"],
        ["doctor"],
        ["quote", "none\u30c6.csv"],
    ]
    for arguments in commands:
        done = subprocess.run(
            [CALLSHEET.encode(), *map(os.fsencode, arguments)],
            cwd=tmp_path,
            env=place.environment(),
            capture_output=True,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        assert b"unforeseen" not in done.stderr
        assert done.returncode == (1 if "quote" in arguments else 0)
        printed = done.stdout.decode(encoding)
        if "--json" in arguments:
            assert sheet.removesuffix(".csv") in json.dumps(json.loads(printed), ensure_ascii=False)


def test_server_starts_where_no_folder_for_temporary_files_is(tmp_path: Path) -> None:
    """What is set and cannot be written to is no reason to end."""
    place = Place(tmp_path, settings={"TMPDIR": "/proc/none"})
    with serving(place, "web") as server:
        assert server.http.get("/ready").status_code == 200
