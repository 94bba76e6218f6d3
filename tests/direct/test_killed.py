"""A server is killed at every step of the direct way: nothing is ordered twice, nothing forgotten.

On SQLite the same server is started again, on PostgreSQL a worker beside it takes over. The same
request under the same key is then answered with the same take, if there was one.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from callsheet.takes.tables import TAKES
from tests.databases import unused_port
from tests.direct.places import at, check_books, post, rows, settled, wish, with_a_worker
from tests.fakes.at_once import AtOnceFake
from tests.fakes.serving import served
from tests.support.processes import (
    PATIENCE_S,
    Place,
    serve,
    serving,
    stop,
    wait_until_stopped,
)
from tests.support.scale import scaled
from tests.support.warm import Process, WarmProcess

CLIENTS = 3
POINTS = (
    "book/before commit",
    "book/after commit",
    "_put_segment/before put",
    "_put_segment/after put",
    "send/before submit",
    "send/while submitting",
    "send/after submit",
    "end_all/before commit",
    "end_all/after commit",
    "_write/before commit",
    "_write/after commit",
)
# where it may be that the order was sent, and nothing is left of its answer
LOST = {"_put_segment/after put", *(point for point in POINTS if point.startswith("send/"))}
LOST |= {"book/after commit", "_put_segment/before put"}
DEADLY = scaled(POINTS[:9], POINTS)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[AtOnceFake]:
    """Run a provider that answers in a moment: long enough to be killed before."""
    with served(AtOnceFake(tmp_path / "orders.jsonl", 0.4)) as running:
        assert isinstance(running, AtOnceFake)
        running.settles_s = 6
        yield running


@contextmanager
def deadly_server(place: Place, point: str, *how: str) -> Iterator[tuple[Process, httpx2.Client]]:
    """Serve with points in the way; whoever is left at the end is killed."""
    port = unused_port()
    command = "web" if place.database_url.startswith("postgresql") else "up"
    process = WarmProcess(
        [command, str(port), str(place.folder / "points"), point, *how],
        folder=place.folder,
        environment=place.environment(),
        out=place.folder / "deadly.log",
        entry="tests.support.killing_web:main",
    )
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                if http.get("/healthz").status_code == 200:
                    break
            except httpx2.TransportError:
                assert process.poll() is None, (place.folder / "deadly.log").read_text()[-2000:]
                assert time.monotonic() < until
                time.sleep(0.05)
        try:
            yield process, http
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(20)


def ask(http: httpx2.Client, number: int) -> None:
    """Ask once; the server may die meanwhile."""
    with_key = {"Idempotency-Key": f"k{number}"}
    try:
        http.post("/api/generations", json=wish(f"frame {number}", 5), headers=with_key)
    except httpx2.TransportError:
        return


def test_every_point_is_known(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """A run without a kill passes every point of the matrix."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with deadly_server(place, "") as (process, http):
        take = post(http, wish("a mug")).json()
        until = time.monotonic() + 30
        while not take["assets"][0]["thumbnail"]:
            assert time.monotonic() < until
            take = http.get(f"/api/generations/{take['id']}").json()
        assert stop(process) == 0
    passed = set((place.folder / "points").read_text().splitlines())
    assert set(POINTS) <= passed, (set(POINTS) - passed, sorted(passed))
    check_books(sqlite_url, fake)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("point", DEADLY)
def test_killed_server_orders_nothing_twice(
    tmp_path: Path, database_url: str, fake: AtOnceFake, point: str
) -> None:
    """Killed at the point with several orders in hand: each ends, or is a person's to look up."""
    place = at(tmp_path / "here", database_url, fake)
    with deadly_server(place, point) as (process, http), ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: ask(http, number), range(CLIENTS)))
        assert process.wait(40) == -signal.SIGKILL
    written = {row["id"] for row in rows(database_url, TAKES)}
    command = "web" if database_url.startswith("postgresql") else "up"
    with with_a_worker(place), serving(place, command) as server:
        again = [
            post(server.http, wish(f"frame {number}", 5), f"k{number}").json()
            for number in range(CLIENTS)
        ]
        assert written <= {take["id"] for take in again}
        ended = [settled(server.http, take["id"]) for take in again]
    statuses = {take["status"] for take in ended}
    assert statuses <= ({"succeeded", "in_doubt"} if point in LOST else {"succeeded"}), ended
    check_books(database_url, fake)


@pytest.mark.parametrize("point", ["book/after commit", "send/before submit"])
def test_server_that_stood_still_sends_nothing_late(
    tmp_path: Path, postgres_url: str, fake: AtOnceFake, point: str
) -> None:
    """Frozen before it sends, and given up meanwhile: awake again, it sends nothing."""
    place = at(tmp_path / "here", postgres_url, fake)
    with deadly_server(place, point, "SIGSTOP") as (process, http), with_a_worker(place):
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask, http, 0)
            wait_until_stopped(process.pid)
            other = serve(place, "web")
            [take] = rows(postgres_url, TAKES)
            settled(other.http, take["id"])
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(2)
            assert stop(process) == 0
            asked.result()
        assert fake.count("frame 0") <= 1
        assert stop(other.process) == 0
        other.http.close()
    check_books(postgres_url, fake)
