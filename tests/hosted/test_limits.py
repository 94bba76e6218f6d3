"""Limits on orders: kept over all processes, told to who waits, and cheap to wait for."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.support.hosted import Simulator, check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serving

from callsheet.database.connections import parse_url, sync_engine
from callsheet.takes.model import WAITING
from callsheet.takes.tables import TAKES

ROWS = 60
PER_HOUR = 7
LIMIT = f"its limit is {PER_HOUR} orders per hour; the next goes at "


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator."""
    with simulating(tmp_path, run_s=0.5) as running:
        yield running


def ordered(sim: Simulator, count: int, seconds: float = 40) -> None:
    """Wait until so many orders were taken, and look whether they stay as many."""
    until = time.monotonic() + seconds
    while len(sim.orders()) < count:
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(3)
    assert len(sim.orders()) == count


def test_so_many_at_a_time_and_in_a_minute(tmp_path: Path, sqlite_url: str, sim: Simulator) -> None:
    """At most two are out at any moment, and six go out in a minute."""
    limits = {
        "CALLSHEET_PROVIDER_REPLICATE_CONCURRENT": "2",
        "CALLSHEET_PROVIDER_REPLICATE_PER_MINUTE": "6",
    }
    with serving(Place(tmp_path, sqlite_url, sim.settings(**limits))) as server:
        job = submit_live(server.http, rows_of(8))
        most, until = 0, time.monotonic() + 8
        while time.monotonic() < until:
            out = [order["status"] in ("starting", "processing") for order in sim.orders()]
            most = max(most, sum(out))
            time.sleep(0.05)
        assert most == 2
        assert len(sim.orders()) == 6
        server.http.post(f"/batch/{job}/cancel")


def test_two_workers_share_an_hour(tmp_path: Path, postgres_url: str, sim: Simulator) -> None:
    """Together they send what one may; who waits is told why, and nothing is claimed in vain."""
    settings = {
        "CALLSHEET_PROVIDER_REPLICATE_PER_HOUR": str(PER_HOUR),
        # an order that is not sent, because its process stood still, has used its place in the hour
        "CALLSHEET_PROVIDER_REPLICATE_SETTLES_S": "60",
    }
    place = Place(tmp_path, postgres_url, sim.settings(**settings))
    engine = sync_engine(parse_url(postgres_url))
    with serving(place, "web") as server:
        workers = [place.start("worker"), place.start("worker")]
        try:
            job = submit_live(server.http, rows_of(ROWS))
            ordered(sim, PER_HOUR)
            waiting = server.http.get("/api/generations", params={"status": "quoted"}).json()
            assert LIMIT in waiting["items"][0]["next"]
            standing = server.http.get("/health").json()["providers"]["replicate"]
            assert standing["status"] == "full"
            assert standing["reason"].startswith(LIMIT)
            assert LIMIT in server.http.get("/").text
            assert place.run("jobs", "show", job).stdout.count(LIMIT) == ROWS - PER_HOUR
            query = sa.select(sa.func.sum(TAKES.c.epoch)).where(TAKES.c.status.in_(WAITING))
            with engine.begin() as connection:
                # one by each worker every five seconds, and where both had seen the same room
                assert int(connection.scalar(query) or 0) < ROWS - PER_HOUR
                sent = sa.update(TAKES).where(TAKES.c.ordered_at.is_not(None))
                connection.execute(sent.values(ordered_at=datetime.now(UTC) - timedelta(hours=1)))
            ordered(sim, 2 * PER_HOUR)
            assert server.http.post(f"/batch/{job}/cancel").status_code == 200
            server.wait_for(job, ["cancelled"])
            check_money(place, sim, 2 * PER_HOUR)
        finally:
            engine.dispose()
            for worker in workers:
                worker.kill()
                worker.wait()


def test_run_says_what_it_waits_for(tmp_path: Path, sqlite_url: str, sim: Simulator) -> None:
    """At the command line a limit that is reached is said once, not every second."""
    limit = {"CALLSHEET_PROVIDER_REPLICATE_PER_HOUR": str(PER_HOUR)}
    place = Place(tmp_path, sqlite_url, sim.settings(**limit))
    lines = "".join(f"a mug {row},replicate/flux-schnell\n" for row in range(2 * PER_HOUR))
    (tmp_path / "mugs.csv").write_text("prompt,model\n" + lines)
    running = place.start("run", "mugs.csv", "--live", "--yes")
    ordered(sim, PER_HOUR)
    running.terminate()
    assert running.wait(20) == 130
    assert place.log("run").count(f"replicate is full: {LIMIT}") == 1
    assert "interrupted; nothing is lost" in place.log("run")
