"""Clocks are set while orders are out: each is ordered once, and none is forgotten."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.hosted.test_outages import check_all
from tests.support.hosted import check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serve, serving, until

from callsheet.database.clock import DatabaseClock
from callsheet.database.connections import SqlDatabase

pytestmark = pytest.mark.timeout(300)  # libfaketime takes its time
ROWS = 10
SETTLES = {"CALLSHEET_PROVIDER_REPLICATE_SETTLES_S": "6"}
LOST = "[[sim: latency=2.5, reset_after_accept]]"
STEPS = ("+20m", "-1h", "+40m", "+0", "+1h", "-20m")


class Wall:
    """The wall clock of some processes, which anybody may set while they run."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faketime"
        self.set("+0")

    def settings(self) -> Mapping[str, str]:
        """Give the settings of a process that has this clock; its steady clock is the machine's."""
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, offset: str) -> None:
        """Set the clock so far off the true time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.rename(self._file)  # whoever reads it sees one or the other

    @contextmanager
    def stepping(self, every_s: float = 1.5) -> Iterator[None]:
        """Set it forward and back by up to an hour, again and again, for a block."""
        done = threading.Event()

        def step() -> None:
            for offset in itertools.cycle(STEPS):
                if done.wait(every_s):
                    return
                self.set(offset)

        stepper = threading.Thread(target=step)
        stepper.start()
        try:
            yield
        finally:
            done.set()
            stepper.join()


def rows() -> list[dict[str, object]]:
    """Word rows whose requests are open for a while, and some of which no answer comes."""
    return [*rows_of(ROWS - 2, mark="[[sim: latency=2.5]]"), *rows_of(2, mark=LOST)]


def test_steps_of_the_clock_order_nothing_twice(tmp_path: Path, sqlite_url: str) -> None:
    """An hour forward and an hour back while requests are open and answers are lost."""
    wall = Wall(tmp_path)
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, sqlite_url, sim.settings(**wall.settings(), **SETTLES), cold=True)
        with serving(place) as server, wall.stepping():
            job = submit_live(server.http, rows())
            check_all(server, sim, job, ROWS)


def test_steps_of_one_workers_clock_order_nothing_twice(tmp_path: Path, postgres_url: str) -> None:
    """Of two workers on PostgreSQL one has a clock that is set again and again."""
    wall = Wall(tmp_path)
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, postgres_url, sim.settings(**SETTLES))
        stepped = Place(
            tmp_path, postgres_url, sim.settings(**wall.settings(), **SETTLES), cold=True
        )
        with serving(place, "web") as server, wall.stepping():
            workers = [stepped.start("worker"), place.start("worker")]
            try:
                job = submit_live(server.http, rows())
                check_all(server, sim, job, ROWS)
            finally:
                for worker in workers:
                    worker.kill()
                    worker.wait()


def test_order_of_a_dead_process_is_given_its_time_however_late_it_seems(
    tmp_path: Path, sqlite_url: str
) -> None:
    """The clock is set forward while nobody runs: what is still on its way is not made again."""
    wall = Wall(tmp_path)
    with simulating(tmp_path) as sim:
        slow = {"CALLSHEET_PROVIDER_REPLICATE_SETTLES_S": "12"}
        settings = sim.settings(**wall.settings(), **slow)
        place = Place(tmp_path, sqlite_url, settings, cold=True)
        server = serve(place)
        job = submit_live(server.http, rows_of(1, mark="[[sim: latency=9]]"))
        until(lambda: '"ordered"' in server.http.get("/api/generations").text)
        server.kill()
        wall.set("+10m")
        with serving(place) as again:
            check_all(again, sim, job, 1)


def test_takes_are_looked_at_after_the_clock_was_set_back(tmp_path: Path, sqlite_url: str) -> None:
    """Due times that an earlier process wrote an hour ahead are no reason to wait an hour."""
    wall = Wall(tmp_path)
    wall.set("+1h")
    with simulating(tmp_path, run_s=3) as sim:
        place = Place(tmp_path, sqlite_url, sim.settings(**wall.settings(), **SETTLES), cold=True)
        server = serve(place)
        job = submit_live(server.http, rows_of(4))
        until(lambda: server.http.get("/api/generations").text.count('"running"') == 4)
        server.kill()
        wall.set("+0")
        with serving(place) as again:
            again.wait_for(job, ["succeeded"])
            check_money(place, sim, 4)


async def test_only_what_has_passed_for_certain_counts(sqlite_url: str) -> None:
    """What an earlier process wrote is as old as this one, whatever the time between them says."""
    database = SqlDatabase(sqlite_url)
    clock = DatabaseClock(database)
    hour, now = timedelta(hours=1), clock()
    for moment in (now - hour, now, now + hour):
        assert 0 <= clock.passed_s(moment) < 5
    assert clock.passed_s(now + timedelta(seconds=30)) < 0  # of another host's clock, a little off
    await database.close()
