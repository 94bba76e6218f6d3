"""Files that hold what nobody else may read: the database, the keys, and their folder."""

import logging
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.kernel.private_files import UnusableFolderError, made_folder, private_folder, tighten
from tests.support.processes import Place


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=["umask 000", "umask 022", "umask 277"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start everything with a umask that lets others in, or shuts ourselves out."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_new_folder_is_ours_alone_whatever_the_umask(tmp_path: Path) -> None:
    """And so are the folders that had to be made above it."""
    folder = tmp_path / "a" / "b"
    private_folder(folder, "SETTING")
    assert mode(folder) == mode(folder.parent) == 0o700


def test_every_file_of_a_first_start_is_ours_alone(tmp_path: Path) -> None:
    """The database, what SQLite lays beside it, the master key, and the folder around them."""
    data = tmp_path / "data"
    place = Place(tmp_path, cold=True)
    before = os.umask(0)
    try:
        process = place.start("migrate")
        assert process.wait(60) == 0
    finally:
        os.umask(before)
    assert mode(data) == 0o700
    files = {path.name: mode(path) for path in data.iterdir() if path.is_file()}
    assert {"callsheet.db", "master.key"} <= files.keys()
    assert set(files.values()) == {0o600}


def test_open_files_of_an_earlier_start_are_closed_and_it_is_told(tmp_path: Path) -> None:
    """Each of them, with a note in the log; then there is nothing to tell."""
    data = tmp_path / "data"
    place = Place(tmp_path, settings={"CALLSHEET_LOG_LEVEL": "INFO"})
    place.run("migrate")
    (data / "callsheet.db-wal").touch()
    (data / "callsheet.db-shm").touch()
    names = ("callsheet.db", "callsheet.db-wal", "callsheet.db-shm", "master.key")
    for path in (data, *(data / name for name in names)):
        path.chmod(0o755)
    told = place.run("migrate").stderr
    assert mode(data) == 0o700
    assert all(mode(data / name) == 0o600 for name in names if (data / name).exists())
    for name in ("data", *names):
        assert f'{name}", "was": "755"' in told
    assert "files.tightened" not in place.run("migrate").stderr


def test_folder_that_others_need_stays_open_and_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where data is kept in the working folder, or in one like /tmp, that is not shut."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    private_folder(Path(), "SETTING")
    assert mode(tmp_path) == 0o755
    assert [record.message for record in caplog.records] == ["files.open"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file another's")
def test_file_of_another_user_is_left_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its owner decides; what a group alone may read is nothing to tell."""
    theirs, shared = tmp_path / "theirs", tmp_path / "shared"
    for path, rights in ((theirs, 0o644), (shared, 0o640)):
        path.touch()
        path.chmod(rights)
        os.chown(path, 65_534, 65_534)
    with caplog.at_level(logging.INFO, logger="callsheet"):
        tighten([theirs, shared])
    assert (mode(theirs), mode(shared)) == (0o644, 0o640)
    assert [record.__dict__["fields"]["path"] for record in caplog.records] == [str(theirs)]


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/none/below"])
def test_folder_that_cannot_be_is_named(tmp_path: Path, place: str) -> None:
    """A file in its place, or nothing that can be written to."""
    (tmp_path / "file").touch()
    with pytest.raises(UnusableFolderError, match="SETTING") as refused:
        made_folder(tmp_path / place, "SETTING")
    assert str(tmp_path / place) in str(refused.value)


def test_a_file_that_vanishes_meanwhile_is_no_fault(tmp_path: Path) -> None:
    """A database takes its journal away between any two looks at it."""
    journal = tmp_path / "callsheet.db-journal"
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            journal.touch(0o644)
            journal.unlink()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(20_000):
            tighten([journal])
    finally:
        ended.set()
        other.join()
