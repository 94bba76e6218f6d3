"""Large batches, many batches, many workers."""

import concurrent.futures
import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from callsheet.delivery.segments import is_sound
from tests.support.processes import Place, serving, stop
from tests.support.truth import check_books, check_results
from tests.support.warm import CALLSHEET

pytestmark = pytest.mark.on_either_database


def test_five_thousand_rows(tmp_path: Path, database_url: str) -> None:
    """A batch of 5,000 rows ends with 5,000 pictures and books that agree."""
    with serving(Place(tmp_path, database_url)) as server:
        job = server.submit(5_000)
        state = server.wait_for(job, ["succeeded", "partial", "failed"], timeout_s=90)
        check_results(state, 5_000)
        check_books(database_url, job)


def test_ten_batches_from_five_clients(tmp_path: Path, database_url: str) -> None:
    """Ten batches at once from five clients all end right, none with another's rows."""
    with serving(Place(tmp_path, database_url)) as server:

        def client(number: int) -> list[tuple[str, int]]:
            sizes = (20 + number, 40 + number)
            return [(server.submit(size, variants=2), size) for size in sizes]

        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            jobs = [pair for pairs in pool.map(client, range(5)) for pair in pairs]
        assert len({job for job, _ in jobs}) == 10
        for job, size in jobs:
            state = server.wait_for(job, ["succeeded", "partial", "failed"])
            check_results(state, size, variants=2)
            check_books(database_url, job)


def test_two_workers_share_one_job(tmp_path: Path, postgres_url: str) -> None:
    """Two worker processes on one database make one job together."""
    place = Place(tmp_path, postgres_url)
    with serving(place, "web") as web:
        workers = [place.start("worker"), place.start("worker")]
        job = web.submit(600)
        state = web.wait_for(job, ["succeeded", "partial", "failed"])
        check_results(state, 600)
        check_books(postgres_url, job)
        for worker in workers:
            assert stop(worker) == 0


def test_a_small_job_passes_a_huge_one(tmp_path: Path, database_url: str) -> None:
    """A job of five rows that comes second ends before one of 5,000."""
    with serving(Place(tmp_path, database_url)) as server:
        huge = server.submit(5_000)
        small = server.submit(5)
        server.wait_for(small, ["succeeded"])
        assert server.state(huge, rows=0)["counts"]["succeeded"] < 5_000
        server.http.post(f"/batch/{huge}/cancel")
        server.wait_for(huge, ["cancelled"])
        check_books(database_url, huge)


def run_peak_kb(place: Place, rows: int) -> int:
    """Run a sheet of so many rows to its files; the most memory that took, in kB."""
    place.folder.mkdir()
    with (place.folder / "sheet.csv").open("w", newline="") as file:
        lines = ([f"S{row}", f"frame {row} " * 20, "local/dot", "ours"] for row in range(rows))
        csv.writer(file).writerows([["scene_id", "prompt", "model", "note"], *lines])
    with (place.folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [CALLSHEET, "run", "sheet.csv", "--out", "out"],
            cwd=place.folder,
            env=place.environment(),
            stdout=said,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (place.folder / "said").read_text()
    return used.ru_maxrss


@pytest.mark.timeout(900)
def test_memory_does_not_follow_the_rows(tmp_path: Path) -> None:
    """Five times the rows need hardly more memory, are all there, and are told in a screenful.

    Both are more than a contact sheet shows.
    """
    small, large = Place(tmp_path / "small"), Place(tmp_path / "large")
    few, many = run_peak_kb(small, 1_000), run_peak_kb(large, 5_000)
    assert many < few * 1.12  # it was 1.3
    said = (large.folder / "said").read_text().splitlines()
    assert len(said) < 80
    state = json.loads((large.folder / "out" / "state.json").read_text())
    assert is_sound(state)
    check_results(state, 5_000)
    with (large.folder / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 5_000
    for row in (table[0], table[2_499], table[-1]):
        assert (large.folder / "out" / row["link_1"]).stat().st_size > 0


def test_a_long_job_comes_back_from_the_store(tmp_path: Path) -> None:
    """A job whose ledger is in segments is restored whole, and its state read in pages."""
    place = Place(tmp_path)
    with serving(place) as server:
        job = server.submit(1_200)
        server.wait_for(job, ["succeeded"])
    for file in (place.folder / "data").glob("callsheet.db*"):
        file.unlink()
    assert json.loads(place.run("restore", "--json").stdout)[0]["rows"] == 1_200
    with serving(place) as server:
        check_results(server.state(job), 1_200)
        page = server.http.get(f"/batch/{job}", params={"offset": 700, "limit": 501}).json()
        assert [row["row"] for row in page["rows"]] == [*range(701, 1_201)]


def test_a_long_job_is_cancelled_in_one_go(tmp_path: Path, database_url: str) -> None:
    """Cancelled page by page, no row of a long job is left out, and its books agree."""
    with serving(Place(tmp_path, database_url)) as server:
        job = server.submit(1_300)
        assert server.http.post(f"/batch/{job}/cancel").status_code == 200
        state = server.wait_for(job, ["cancelled"])
        assert {row["status"] for row in state["rows"]} <= {"cancelled", "succeeded"}
        check_books(database_url, job)
