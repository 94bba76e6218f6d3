"""`callsheet run` typed again: it goes on, or says what stands in the way; none buys twice."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.hosted import IMAGE, Simulator, check_money, simulating
from tests.support.processes import Place, until
from tests.support.warm import CALLSHEET

pytestmark = pytest.mark.on_either_database

ROWS = 60
RUN = ("run", "shots.csv", "--live", "--yes")


def sheet(rows: int, mark: str = "") -> str:
    """Word a sheet, each row another picture."""
    lines = [f"S-{row},frame {row} {mark},{IMAGE},256x256" for row in range(rows)]
    return "\n".join(["scene_id,prompt,model,size", *lines])


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator."""
    with simulating(tmp_path, run_s=0.4) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, database_url: str, sim: Simulator) -> Place:
    """Make a place on either database, where few orders may be out at a time."""
    few = {"CALLSHEET_PROVIDER_REPLICATE_CONCURRENT": "4"}
    return Place(tmp_path, database_url, sim.settings(**few))


@pytest.fixture
def on_sqlite(tmp_path: Path, sqlite_url: str, sim: Simulator) -> Place:
    """Make a place on a SQLite file."""
    few = {"CALLSHEET_PROVIDER_REPLICATE_CONCURRENT": "4"}
    return Place(tmp_path, sqlite_url, sim.settings(**few))


def begin_and_kill(place: Place, sim: Simulator, orders: int) -> None:
    """Start the run, and kill it when so many orders are out in all."""
    process = place.start(*RUN)
    until(lambda: len(sim.orders()) >= orders or process.poll() is not None)
    assert process.poll() is None, place.log("run")
    process.kill()
    process.wait()


def jobs(place: Place) -> list[str]:
    """List the jobs, newest first."""
    return [
        job["batchId"] for job in json.loads(place.run("jobs", "list", "--json").stdout or "[]")
    ]


@pytest.mark.timeout(400)
def test_run_that_is_killed_again_and_again_orders_each_row_once(
    place: Place, sim: Simulator
) -> None:
    """Eight kills and nine times the same command: sixty rows, sixty orders, one job."""
    (place.folder / "shots.csv").write_text(sheet(ROWS))
    for kill in range(8):
        begin_and_kill(place, sim, 1 + kill * 7)
    done = place.run(*RUN, "--json")
    assert done.returncode == 0, done.stderr
    [job] = jobs(place)
    assert re.search(rf"going on with {job} \(\d+ of {ROWS} rows made\)", done.stderr)
    assert json.loads(done.stdout)["pictures"] == ROWS
    check_money(place, sim, ROWS)


def test_two_at_once_make_one_job(place: Place, sim: Simulator) -> None:
    """Whoever comes second goes on with what the first has just begun."""
    (place.folder / "shots.csv").write_text(sheet(6))
    twins = [place.start(*RUN) for _ in range(2)]
    assert [twin.wait(90) for twin in twins] == [0, 0], place.log("run")
    assert len(jobs(place)) == 1
    check_money(place, sim, 6)


def test_what_is_not_certain_is_refused_by_name(on_sqlite: Place, sim: Simulator) -> None:
    """An edited sheet, other settings, another folder: the job is named, and the ways on."""
    place = on_sqlite
    (place.folder / "shots.csv").write_text(sheet(20))
    begin_and_kill(place, sim, 1)
    [job] = jobs(place)
    moved = place.run(*RUN, "--out", "elsewhere")
    other = place.run(*RUN, "--set", "seed=7")
    (place.folder / "shots.csv").write_text(sheet(21))
    edited = place.run(*RUN)
    for refused in (moved, other, edited):
        assert refused.returncode == 1
        assert "[sheet_unfinished]" in refused.stderr
        assert f"callsheet jobs resume {job}" in refused.stderr
        assert "--again" in refused.stderr
    assert jobs(place) == [job]
    (place.folder / "shots.csv").write_text(sheet(20))
    assert place.run(*RUN).returncode == 0
    check_money(place, sim, 20)


def test_what_is_made_is_bought_once_more_only_when_said(on_sqlite: Place, sim: Simulator) -> None:
    """Without a terminal it is refused with a code; `--again` buys it, and dry runs just repeat."""
    place = on_sqlite
    (place.folder / "shots.csv").write_text(sheet(2))
    assert place.run(*RUN).returncode == 0
    [job] = jobs(place)
    refused = place.run(*RUN)
    assert refused.returncode == 1
    assert "[sheet_done]" in refused.stderr
    assert job in refused.stderr
    assert place.run("run", "shots.csv").returncode == 0
    assert place.run("run", "shots.csv").returncode == 0
    assert len(sim.orders()) == 2
    assert place.run(*RUN, "--again").returncode == 0
    check_money(place, sim, 4)


@pytest.mark.parametrize(("typed", "orders"), [("n", 2), ("y\ny", 4)])
def test_a_person_is_asked_before_it_is_bought_once_more(
    on_sqlite: Place, sim: Simulator, typed: str, orders: int
) -> None:
    """At a terminal the question names the job; only a yes to it and to the money buys."""
    place = on_sqlite
    (place.folder / "shots.csv").write_text(sheet(2))
    assert place.run(*RUN).returncode == 0
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    asked = subprocess.run(
        [sys.executable, CALLSHEET, "run", "shots.csv", "--live"],
        cwd=place.folder,
        env=place.environment(),
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert "Buy it once more?" in asked.stderr
    assert jobs(place)[-1] in asked.stderr
    check_money(place, sim, orders)


def test_finished_run_that_was_killed_before_its_files_writes_them(
    on_sqlite: Place, sim: Simulator
) -> None:
    """Nothing is asked and nothing bought: the folder gets what belongs there."""
    place = on_sqlite
    (place.folder / "shots.csv").write_text(sheet(2))
    assert place.run(*RUN).returncode == 0
    folder = place.folder / "build" / "shots"
    for file in folder.iterdir():
        file.unlink()
    again = place.run(*RUN)
    assert again.returncode == 0, again.stderr
    assert "(2 of 2 rows made)" in again.stderr
    assert (folder / "S-0_v1.png").exists()
    check_money(place, sim, 2)


@pytest.mark.parametrize("folder_is_there", [True, False])
def test_job_that_the_database_forgot_is_named(
    on_sqlite: Place, sim: Simulator, *, folder_is_there: bool
) -> None:
    """The folder, or the store, tells of it; restored, it is gone on with."""
    place = on_sqlite
    (place.folder / "shots.csv").write_text(sheet(8))
    begin_and_kill(place, sim, 2)
    [job] = jobs(place)
    for file in place.folder.glob("callsheet.db*"):
        file.unlink()
    if not folder_is_there:
        (place.folder / "build" / "shots" / "state.json").unlink()
    refused = place.run(*RUN)
    assert refused.returncode == 1
    assert "[job_lost]" in refused.stderr
    assert job in refused.stderr
    assert place.run("restore").returncode == 0
    done = place.run(*RUN)
    assert done.returncode == 0, done.stderr
    assert f"going on with {job}" in done.stderr
    check_money(place, sim, 8)
