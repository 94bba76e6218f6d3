"""Loops of a process that fail: seen, started again, and at last the end of the process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from callsheet.database.connections import parse_url, sync_engine
from tests.databases import unused_port
from tests.support.hosted import (
    Simulator,
    check_money,
    rows_of,
    simulating,
    submit_live,
)
from tests.support.plain import NO_TLS
from tests.support.processes import Place, Server, serving, stop, until

CORRUPT = """CREATE TRIGGER corrupt AFTER INSERT ON takes WHEN NEW."row" = 2 BEGIN
    UPDATE takes SET inputs = '{broken' WHERE id = NEW.id; END"""
REFUSE = {
    "sqlite": """CREATE TRIGGER refuse BEFORE UPDATE ON takes
        WHEN NEW.status = 'ordered' AND NEW."row" = 2
        BEGIN SELECT RAISE(ABORT, 'a defect'); END""",
    "postgresql": """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'a defect'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON takes FOR EACH ROW
        WHEN (NEW.status = 'ordered' AND NEW."row" = 2) EXECUTE FUNCTION refuse()""",
}


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator."""
    with simulating(tmp_path) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, database_url: str, sim: Simulator) -> Place:
    """Make a place on either database."""
    return Place(tmp_path, database_url, sim.settings())


def execute(place: Place, statement: str) -> None:
    """Do something to the database behind callsheet's back."""
    engine: Engine = sync_engine(parse_url(place.database_url))
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def logged(place: Place, command: str, message: str) -> list[dict[str, Any]]:
    """Read the events of a name from a log."""
    lines = [line for line in place.log(command).splitlines() if line.startswith("{")]
    return [found for line in lines if (found := json.loads(line))["message"] == message]


def loops_of(server: Server) -> str:
    """Ask how the loops do."""
    said: str = server.http.get("/ready").json()["checks"]["loops"]
    return said


def test_damaged_row_keeps_no_other_from_being_ordered(
    tmp_path: Path, sqlite_url: str, sim: Simulator
) -> None:
    """A take whose row cannot be read is reported and put off; at last its job asks a person."""
    with serving(Place(tmp_path, sqlite_url, sim.settings())) as server:
        execute(server.place, CORRUPT)
        job = submit_live(server.http, rows_of(4))
        until(lambda: len(sim.orders()) == 3)
        until(lambda: (server.state(job, rows=0)["problem"] or {}).get("code") == "take_unreadable")
        told = logged(server.place, "up", "take.unreadable")
        assert {each["severity"] for each in told} == {"CRITICAL"}
        assert logged(server.place, "up", "loop.failed") == []
        assert server.http.get("/ready").status_code == 200
        assert server.state(job, rows=0)["counts"]["succeeded"] == 3


def test_take_that_cannot_be_ordered_fails_alone(place: Place, sim: Simulator) -> None:
    """One that a defect keeps back is tried some times, then its row says so; others are made."""
    with serving(place) as server:
        execute(place, REFUSE[place.database_url.partition(":")[0]])
        job = submit_live(server.http, rows_of(4))
        state = server.wait_for(job, ["partial", "failed", "succeeded"])
        statuses = [row["status"] for row in state["rows"]]
        assert statuses == ["succeeded", "failed", "succeeded", "succeeded"]
        assert state["rows"][1]["variants"][0]["error"]["code"] == "not_orderable"
        assert logged(place, "up", "take.ordering_failed")
        assert logged(place, "up", "loop.failed") == []
        assert loops_of(server) == "ok"
    assert len(sim.orders()) == 3
    check_money(place, sim, 3)


def test_failing_loop_is_told_and_goes_on(place: Place, sim: Simulator) -> None:
    """A defect that stops ordering shows in log, metrics and readiness until it is over."""
    with serving(place) as server:
        execute(place, "ALTER TABLE provider_doors RENAME TO away")
        job = submit_live(server.http, rows_of(2))
        until(lambda: server.http.get("/ready").status_code == 503)
        assert loops_of(server).startswith("submitter failed with ")
        counted = server.http.get("/metrics").text
        assert 'callsheet_loop_failures_total{loop="submitter"}' in counted
        execute(place, "ALTER TABLE away RENAME TO provider_doors")
        server.wait_for(job, ["succeeded"])
        until(lambda: loops_of(server) == "ok")
        failed = logged(place, "up", "loop.failed")
        assert {each["loop"] for each in failed} == {"submitter"}
        assert all("Traceback" in each["error"] for each in failed)
    check_money(place, sim, 2)


@pytest.mark.parametrize(
    ("database_url", "command"),
    [("sqlite", "up"), ("postgresql", "worker")],
    indirect=["database_url"],
)
def test_loop_that_stays_broken_ends_the_process(
    place: Place, sim: Simulator, command: str
) -> None:
    """It ends with a status and one line that names the loop; started anew, the work is done."""
    with serving(place, "up" if command == "up" else "web") as server:
        broken = server.process if command == "up" else place.start("worker")
        execute(place, "ALTER TABLE provider_doors RENAME TO away")
        job = submit_live(server.http, rows_of(2))
        assert broken.wait(60) == 1
        last = place.log(command).splitlines()[-1]
        assert "'submitter'" in last
        assert "loop_broken" in last
        assert logged(place, command, "process.gives_up")
    execute(place, "ALTER TABLE away RENAME TO provider_doors")
    with serving(place) as server:
        server.wait_for(job, ["succeeded"])
    check_money(place, sim, 2)


def test_thread_of_the_engine_is_begun_again(place: Place) -> None:
    """The thread that takes work ends when its queue is dropped; it is told, and comes back."""
    with serving(place) as server:
        table = "queues" if place.database_url.startswith("sqlite") else "dbos.queues"
        execute(place, f"DELETE FROM {table} WHERE name = 'line'")
        until(lambda: logged(place, "up", "loop.failed"))
        assert server.http.get("/health").json()["status"] == "degraded"
        assert {each["loop"] for each in logged(place, "up", "loop.failed")} == {"engine-taker"}
        job = server.submit(2)
        server.wait_for(job, ["succeeded"])


def test_worker_tells_its_health(place: Place, sim: Simulator) -> None:
    """On a port of its own: that it lives, whether it works, what it counts, and nothing else."""
    port = unused_port()
    telling = Place(
        place.folder,
        place.database_url,
        {**place.settings, "CALLSHEET_WORKER_PORT": str(port)},
    )
    with serving(place, "web") as server:
        worker = telling.start("worker")
        try:
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=NO_TLS
            ) as http:
                until(lambda: answers(http))
                job = submit_live(server.http, rows_of(2))
                server.wait_for(job, ["succeeded"])
                assert http.get("/healthz").json() == {"status": "ok"}
                ready = http.get("/ready")
                assert (ready.status_code, ready.json()["status"]) == (200, "ready")
                assert {"database", "store", "migrations", "loops"} <= ready.json()["checks"].keys()
                counted = http.get("/metrics")
                assert counted.headers["content-type"].startswith("text/plain")
                accepted = 'callsheet_orders_total{provider="replicate",result="accepted"} 2.0'
                assert accepted in counted.text
                assert http.head("/ready").content == b""
                assert http.get("/api/jobs").status_code == 404
                assert http.post("/ready").status_code == 405
                execute(place, "ALTER TABLE provider_doors RENAME TO away")
                submit_live(server.http, rows_of(1))
                until(lambda: http.get("/ready").status_code == 503)
                assert http.get("/ready").json()["checks"]["loops"].startswith("submitter failed")
                assert server.http.get("/ready").status_code == 200  # the web server's own do well
                execute(place, "ALTER TABLE away RENAME TO provider_doors")
        finally:
            stop(worker)
    check_money(place, sim)


def answers(http: httpx2.Client) -> bool:
    """Tell whether somebody answers."""
    try:
        return http.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False
