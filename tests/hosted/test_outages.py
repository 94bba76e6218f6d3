"""Services go away while orders are out: nothing is ordered twice, nothing paid for is lost."""

import re
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.databases import Cluster, StopMode
from tests.support.hosted import Simulator, check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, Server, serving, until
from tests.support.truth import check_books, check_results

pytestmark = pytest.mark.on_either_database

ROWS = 24


def test_store_away_before_the_first_order(tmp_path: Path, sqlite_url: str, sim: Simulator) -> None:
    """Nothing is ordered that the store does not know of; the job says why and goes on."""
    with serving(Place(tmp_path, sqlite_url, sim.settings())) as server:
        store = tmp_path / "data" / "store"
        until(store.exists)
        store.rename(tmp_path / "away")
        store.write_text("not a folder")
        job = submit_live(server.http, rows_of(ROWS))
        until(lambda: shows(server, job, "store_unavailable"))
        assert sim.orders() == []
        store.unlink()
        (tmp_path / "away").rename(store)
        check_all(server, sim, job)


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator."""
    with simulating(tmp_path, run_s=0.5) as running:
        yield running


def shows(server: Server, job: str, code: str) -> bool:
    """Tell whether a job says that it waits for this reason."""
    problem = server.state(job, rows=0)["problem"]
    return bool(problem) and problem["code"] == code


def check_all(server: Server, sim: Simulator, job: str, rows: int = ROWS) -> None:
    """Wait for the end, and check pictures, books, orders and money."""
    check_results(server.wait_for(job, ["succeeded", "failed", "partial"], timeout_s=90), rows)
    check_books(server.place.database_url, job)
    check_money(server.place, sim, rows)


def test_store_away_while_adopting(tmp_path: Path, database_url: str) -> None:
    """What is made meanwhile stays `adopting`, with the reason shown, and comes home afterwards."""
    with (
        simulating(tmp_path, run_s=4) as sim,
        serving(Place(tmp_path, database_url, sim.settings())) as server,
    ):
        job = submit_live(server.http, rows_of(ROWS))
        until(lambda: len(sim.orders()) == ROWS)
        store = tmp_path / "data" / "store"
        store.rename(tmp_path / "away")
        store.write_text("not a folder")
        until(lambda: shows(server, job, "store_unavailable"))
        takes = server.http.get("/api/generations", params={"status": "adopting"}).json()["items"]
        assert takes
        assert all(take["next"] == "made; being brought home" for take in takes)
        store.unlink()
        (tmp_path / "away").rename(store)
        check_all(server, sim, job)


def test_disk_full_while_adopting(tmp_path: Path, database_url: str, sim: Simulator) -> None:
    """The store's disk is full: what was paid for waits until there is space."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        settings = sim.settings(CALLSHEET_STORE_URL=f"file://{disk}/store")
        with serving(Place(tmp_path, database_url, settings)) as server:
            rows = [{**row, "size": "1024x1024"} for row in rows_of(ROWS)]
            job = submit_live(server.http, rows)
            until(lambda: shows(server, job, "store_full"))
            subprocess.run(["mount", "-o", "remount,size=256m", disk], check=True)
            check_all(server, sim, job)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_postgres_restarted_in_the_middle(
    tmp_path: Path, private_postgres: Cluster, sim: Simulator, how: StopMode
) -> None:
    """Tickets that come in while the database is away are kept until it is back."""
    url = private_postgres.create_database()
    with serving(Place(tmp_path, url, sim.settings())) as server:
        job = submit_live(server.http, rows_of(ROWS, mark="[[sim: latency=0.7]]"))
        until(lambda: len(sim.orders()) >= ROWS // 4)
        private_postgres.stop(how)
        time.sleep(2)
        private_postgres.start()
        until(lambda: server.http.get("/ready").status_code == 200)
        check_all(server, sim, job)


def test_no_worker_is_taken_for_dead_after_an_outage(
    tmp_path: Path, private_postgres: Cluster, sim: Simulator
) -> None:
    """PostgreSQL is away for longer than a lease: the living leave each other's work alone."""
    place = Place(tmp_path, private_postgres.create_database(), sim.settings())
    with serving(place, "web") as server:
        workers = [place.start("worker"), place.start("worker")]
        try:
            job = submit_live(server.http, rows_of(ROWS, mark="[[sim: run=12]]"))
            until(lambda: len(sim.orders()) == ROWS, 90)
            for _ in range(2):
                private_postgres.stop("immediate")
                time.sleep(9)
                private_postgres.start()
                until(lambda: server.http.get("/ready").status_code == 200)
                time.sleep(3)  # in which the first one to be back would reap
            check_all(server, sim, job)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    assert "executor.reaped" not in place.log("worker")


def test_provider_away_in_the_middle(tmp_path: Path, database_url: str, sim: Simulator) -> None:
    """The provider's server is stopped dead and started again: orders go on where they stood."""
    with serving(Place(tmp_path, database_url, sim.settings())) as server:
        job = submit_live(server.http, rows_of(ROWS, mark="[[sim: latency=0.3]]"))
        until(lambda: len(sim.orders()) >= ROWS // 4)
        sim.process.kill()
        sim.process.wait()
        time.sleep(1)
        with simulating(tmp_path, run_s=0.5, port=sim.port) as again:
            check_all(server, again, job)


def test_result_that_expired_while_the_store_was_away(tmp_path: Path, sqlite_url: str) -> None:
    """The address is asked for again; what is gone for good is said, charged and never redone."""
    with (
        simulating(tmp_path) as sim,
        serving(Place(tmp_path, sqlite_url, sim.settings())) as server,
    ):
        sim.faults(next=[{"route": "output", "faults": {"fail": "404"}, "count": 2}])
        job = submit_live(server.http, rows_of(1))
        check_all(server, sim, job, 1)
        assert "take.output_refused" in server.place.log("up")


def test_key_revoked_in_the_middle(tmp_path: Path, database_url: str, sim: Simulator) -> None:
    """What is out is not given up: the job waits for a key that works, and then ends."""
    limit = {"CALLSHEET_PROVIDER_REPLICATE_CONCURRENT": "4"}
    with serving(Place(tmp_path, database_url, sim.settings(**limit))) as server:
        job = submit_live(server.http, rows_of(ROWS))
        until(lambda: len(sim.orders()) >= ROWS // 4)
        sim.conditions(revoked=["r8_for_tests"])
        until(lambda: shows(server, job, "provider_key_refused"))
        health = server.http.get("/health").json()
        assert health["status"] == "degraded"
        assert health["providers"]["replicate"]["status"] == "shut"
        ordered = len(sim.orders())
        time.sleep(1.5)
        assert len(sim.orders()) == ordered
        sim.conditions(revoked=[])
        assert server.http.post(f"/batch/{job}/resume").status_code == 200
        check_all(server, sim, job)


def test_key_revoked_when_all_is_out(tmp_path: Path, sqlite_url: str) -> None:
    """Nothing waits to be ordered, and who waits is told all the same why nothing comes."""
    with (
        simulating(tmp_path, run_s=4) as sim,
        serving(Place(tmp_path, sqlite_url, sim.settings())) as server,
    ):
        job = submit_live(server.http, rows_of(4))
        until(lambda: len(sim.orders()) == 4)
        sim.conditions(revoked=["r8_for_tests"])

        def told() -> str:
            take = server.http.get("/api/generations").json()["items"][0]
            return take["next"] or ""

        until(lambda: "replicate is shut: " in told())
        assert "is at work on it" in told()
        assert "replicate is shut: " in server.place.run("jobs", "show", job).stdout
        sim.conditions(revoked=[])
        check_all(server, sim, job, 4)


@pytest.mark.parametrize("offset_s", [-600.0, 600.0])
def test_clock_of_the_provider_is_off(tmp_path: Path, sqlite_url: str, offset_s: float) -> None:
    """Ten minutes of difference double no order whose answer was lost, and forge no webhook."""
    with simulating(tmp_path) as sim:
        sim.conditions(clock_offset_s=offset_s)
        with serving(Place(tmp_path, sqlite_url, sim.settings())) as server:
            job = submit_live(server.http, rows_of(4, mark="[[sim: reset_after_accept]]"))
            check_all(server, sim, job, 4)


@pytest.mark.parametrize("offset", ["-10m", "+10m"])
def test_clock_of_a_worker_is_off(
    tmp_path: Path, postgres_url: str, sim: Simulator, offset: str
) -> None:
    """Two workers whose clocks are ten minutes apart agree on what is due and on what was sent."""
    place = Place(tmp_path, postgres_url, sim.settings())
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    faked = {"FAKETIME": offset, "LD_PRELOAD": str(library), "DONT_FAKE_MONOTONIC": "1"}
    off = Place(tmp_path, postgres_url, sim.settings(**faked), cold=True)
    with serving(place, "web") as server:
        workers = [place.start("worker"), off.start("worker")]
        try:
            job = submit_live(server.http, rows_of(ROWS, mark="[[sim: reset_after_accept]]"))
            check_all(server, sim, job)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    logged = re.findall(r'"time": "([^"]+)"', place.log("worker"))
    moments = [datetime.fromisoformat(time) for time in logged]
    assert max(moments) - min(moments) > timedelta(minutes=9)
