"""A worker is killed at every step of a take's life: ordered once, paid once, made once.

The points are found by running once without a kill; then each of them is deadly in turn. On SQLite
the worker is started again, on PostgreSQL another one is beside it and takes over. At the points
where money or an order is at stake, that is; at all of them with `pytest --all`.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.hosted import Simulator, check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, Server, serving, stop, wait_until_stopped
from tests.support.scale import scaled
from tests.support.truth import check_books, check_results
from tests.support.warm import Process, WarmProcess

ROWS = 3
POINTS = (
    "_order_from/before commit",
    "_order_from/after commit",
    "intend/before commit",
    "intend/after commit",
    "send/before submit",
    "send/while submitting",
    "send/after submit",
    "_write_tickets/before commit",
    "_write_tickets/after commit",
    "round/before commit",
    "round/after commit",
    "_look/before poll",
    "_look/after poll",
    "write_looks/before commit",
    "write_looks/after commit",
    "_adopted/while downloading",
    "write_stored/before commit",
    "write_stored/after commit",
    "quote/after commit",
    "render/before commit",
    "render/after commit",
    "_end/before commit",
)

RESTARTED = scaled(
    (
        "intend/before commit",
        "send/before submit",
        "send/while submitting",
        "send/after submit",
        "_write_tickets/after commit",
        "_adopted/while downloading",
        "write_stored/after commit",
    ),
    POINTS,
)
TAKEN_OVER = scaled(
    (
        "intend/after commit",
        "send/while submitting",
        "send/after submit",
        "_write_tickets/before commit",
        "write_looks/before commit",
        "write_stored/before commit",
    ),
    POINTS,
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator for all tests here."""
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    """Give the simulator as if it were new."""
    return simulator.fresh()


def start_worker(place: Place, name: str, *deadly: str) -> Process:
    """Start a worker that writes its points down, and ends itself (or stands still) at one."""
    return WarmProcess(
        [str(place.folder / name), *deadly],
        folder=place.folder,
        environment=place.environment(),
        out=place.folder / f"{name}.log",
        entry="tests.support.killing:main",
    )


def wait_for_end(server: Server, job: str) -> float:
    """Wait until a job has succeeded; how long it took."""
    began = time.monotonic()
    check_results(server.wait_for(job, ["succeeded"], timeout_s=60), ROWS)
    return time.monotonic() - began


def check_all(place: Place, sim: Simulator, job: str) -> None:
    """Check books, money, orders and pictures."""
    row = check_books(place.database_url, job)
    assert row["held"] == 0
    assert row["charged"] == ROWS * 3_000
    check_money(place, sim, ROWS)


def test_every_point_is_known(tmp_path: Path, sim: Simulator, sqlite_url: str) -> None:
    """A run without a kill passes every point of the matrix, and no other of the line's own."""
    place = Place(tmp_path, sqlite_url, sim.settings())
    with serving(place, "web") as server:
        worker = start_worker(place, "points")
        job = submit_live(server.http, rows_of(ROWS, mark="[[sim: latency=0.5]]"))
        wait_for_end(server, job)
        assert stop(worker) == 0
    passed = set((tmp_path / "points").read_text().splitlines())
    missing = set(POINTS) - passed
    assert not missing, f"never passed: {missing}; passed: {sorted(passed)}"
    check_all(place, sim, job)


@pytest.mark.parametrize("point", RESTARTED)
def test_killed_worker_is_started_again(
    tmp_path: Path, sim: Simulator, sqlite_url: str, point: str
) -> None:
    """Killed at the point and started again, the worker ends the job as if nothing had been."""
    place = Place(tmp_path, sqlite_url, sim.settings())
    with serving(place, "web") as server:
        worker = start_worker(place, "first", point)
        job = submit_live(server.http, rows_of(ROWS, mark="[[sim: latency=0.5]]"))
        assert worker.wait(40) == -9
        again = start_worker(place, "again")
        wait_for_end(server, job)
        assert stop(again) == 0
    check_all(place, sim, job)


@pytest.mark.parametrize("point", TAKEN_OVER)
def test_killed_worker_is_taken_over(
    tmp_path: Path, sim: Simulator, postgres_url: str, point: str
) -> None:
    """Killed at the point, the worker's takes are ended by another one that is there already."""
    place = Place(tmp_path, postgres_url, sim.settings())
    with serving(place, "web") as server:
        worker = start_worker(place, "first", point)
        job = submit_live(server.http, rows_of(ROWS, mark="[[sim: latency=0.5]]"))
        assert worker.wait(40) == -9
        other = start_worker(place, "other")
        wait_for_end(server, job)
        assert stop(other) == 0
    check_all(place, sim, job)


STOOD_STILL = (
    "intend/after commit",
    "send/before submit",
    "send/while submitting",
    "send/after submit",
    "_adopted/while downloading",
    "write_stored/before commit",
)
# a session that is idle in a transaction for so long is ended by the server
PATIENT_FOR = "?options=-c%20idle_in_transaction_session_timeout%3D4s"


@pytest.mark.parametrize("point", STOOD_STILL)
def test_worker_that_stood_still_does_no_harm(
    tmp_path: Path, sim: Simulator, postgres_url: str, point: str
) -> None:
    """Frozen at the point and taken over, the worker wakes up when all is done, and orders nothing.

    It holds the database's locks while it is frozen; the server drops a session that is idle
    within a transaction. Awake, it goes on with what was frozen first, and then makes what is new.
    """
    place = Place(tmp_path, f"{postgres_url}{PATIENT_FOR}", sim.settings())
    with serving(place, "web") as server:
        frozen = start_worker(place, "first", point, "SIGSTOP")
        job = submit_live(server.http, rows_of(ROWS, mark="[[sim: latency=0.5]]"))
        wait_until_stopped(frozen.pid)
        other = start_worker(place, "other")
        wait_for_end(server, job)
        assert stop(other) == 0
        os.kill(frozen.pid, signal.SIGCONT)
        another = submit_live(server.http, rows_of(1, mark="of the woken one"))
        server.wait_for(another, ["succeeded"])
        assert stop(frozen) == 0
    for each in (job, another):
        check_books(postgres_url, each)
    check_money(place, sim, ROWS + 1)
