"""A process that is told to stop begins nothing, and lets orders that are out be answered."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from callsheet.database.connections import parse_url, sync_engine
from callsheet.takes.tables import TAKES
from tests.support.hosted import Simulator, check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serving, until
from tests.support.warm import Process
from tests.worker.test_loops import logged

pytestmark = pytest.mark.on_either_database

SLOW, SLOWER = "[[sim: slow=140]]", "[[sim: slow=60]]"  # bytes of an answer in a second


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator."""
    with simulating(tmp_path) as running:
        yield running


def settings(sim: Simulator, **more: str) -> dict[str, str]:
    """Give settings with which no order is looked for while it may still be answered."""
    return sim.settings(CALLSHEET_PROVIDER_REPLICATE_SETTLES_S="60", **more)


def end(process: Process, *signals: signal.Signals) -> None:
    """Send signals, a little apart, and wait for the end."""
    for each in signals:
        process.send_signal(each)
        time.sleep(0.5)
    assert process.wait(60) == 0


def tickets(place: Place) -> list[str | None]:
    """Read what the answers to orders brought, as far as they were waited for."""
    engine = sync_engine(parse_url(place.database_url))
    with engine.connect() as connection:
        found = list(connection.scalars(sa.select(TAKES.c.ticket)))
    engine.dispose()
    return found


@pytest.mark.parametrize(
    ("database_url", "command"),
    [("sqlite", "up"), ("postgresql", "worker")],
    indirect=["database_url"],
)
def test_order_that_is_out_is_answered_before_the_end(
    tmp_path: Path, database_url: str, sim: Simulator, command: str
) -> None:
    """An answer that takes some 8 seconds is written down, and no other order is begun."""
    place = Place(tmp_path, database_url, settings(sim))
    with serving(place, "up" if command == "up" else "web") as server:
        process = server.process if command == "up" else place.start("worker")
        job = submit_live(server.http, rows_of(2, mark=SLOW))
        until(sim.orders)  # the first one goes alone, until it is known that the key fits
        end(process, signal.SIGTERM)
    assert len(sim.orders()) == 1
    for unlikely in ("take.not_ordered", "take.found", "take.never_ordered"):
        assert logged(place, command, unlikely) == []
    with serving(place) as server:
        server.wait_for(job, ["succeeded"])
    assert logged(place, "up", "take.found") == []
    check_money(place, sim, 2)


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_ends_sooner(
    tmp_path: Path, sqlite_url: str, sim: Simulator, again: signal.Signals
) -> None:
    """Somebody who cannot wait says so once more, and what is out is left to the next process."""
    place = Place(tmp_path, sqlite_url, settings(sim))
    with serving(place) as server:
        submit_live(server.http, rows_of(1, mark=SLOWER))
        until(sim.orders)
        end(server.process, signal.SIGTERM, again)
    assert tickets(place) == [None]


def test_grace_is_bounded(tmp_path: Path, sqlite_url: str, sim: Simulator) -> None:
    """After the seconds that are set the process ends, whatever is still out."""
    place = Place(tmp_path, sqlite_url, settings(sim, CALLSHEET_SHUTDOWN_GRACE_S="1"))
    with serving(place) as server:
        submit_live(server.http, rows_of(1, mark=SLOWER))
        until(sim.orders)
        end(server.process, signal.SIGTERM)
    assert tickets(place) == [None]
