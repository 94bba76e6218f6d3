"""Servers that order the direct way, from a fake provider that counts, and what to ask of them."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from callsheet.database.connections import parse_url, sync_engine
from callsheet.jobs.tables import JOBS
from callsheet.money.store import COMMITMENTS, ENTRIES
from callsheet.takes.tables import TAKES
from tests.fakes.at_once import AtOnceFake
from tests.support.processes import Place, Server, serving, stop

ENDED = ("succeeded", "failed", "cancelled")


def wish(prompt: str, wait_s: float = 30, **more: Any) -> dict[str, Any]:
    """Word a live generation."""
    inputs = {"prompt": prompt, "quality": "medium"}
    asked = {"model": AtOnceFake.model, "inputs": inputs, "run_mode": "live"}
    return {**asked, "wait_s": wait_s, **more}


def post(http: httpx2.Client, body: Mapping[str, Any], key: str = "") -> httpx2.Response:
    """Ask for one generation."""
    headers = {"Idempotency-Key": key} if key else {}
    return http.post("/api/generations", json=dict(body), headers=headers, timeout=60)


@contextmanager
def directly(place: Place) -> Iterator[Server]:
    """Serve from where orders go out: all in one on SQLite, a mere web server on PostgreSQL."""
    with serving(place, "web" if place.database_url.startswith("postgresql") else "up") as server:
        yield server


@contextmanager
def with_a_worker(place: Place) -> Iterator[None]:
    """Run a worker beside a mere web server; who is all in one is its own."""
    if place.database_url.startswith("sqlite"):
        yield
        return
    worker = place.start("worker")
    try:
        yield
    finally:
        stop(worker)


def settled(http: httpx2.Client, take: str, within_s: float = 40) -> dict[str, Any]:
    """Wait until a take has ended, or waits for a person."""
    until = time.monotonic() + within_s
    while True:
        found: dict[str, Any] = http.get(f"/api/generations/{take}").json()
        person = found["status"] == "in_doubt" and "callsheet takes reconcile" in found["next"]
        if found["status"] in ENDED or person:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def events(http: httpx2.Client, job: str) -> str:
    """Read all that the journal of a job tells."""
    answer = http.get(f"/progress/{job}", headers={"Last-Event-ID": "0"})
    return answer.text


def rows(url: str, table: sa.Table) -> list[dict[str, Any]]:
    """Read a table."""
    engine = sync_engine(parse_url(url))
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]
    finally:
        engine.dispose()


def check_books(url: str, fake: AtOnceFake) -> None:
    """Check that no wish was ordered twice, and that the books hold what the takes say."""
    orders = Counter(order["wish"] for order in fake.logged())
    assert max(orders.values(), default=0) <= 1, orders
    takes, entries, jobs = rows(url, TAKES), rows(url, ENTRIES), rows(url, JOBS)
    assert sum(entry["amount"] for entry in entries) == 0
    held, spent = (
        sum(entry["amount"] for entry in entries if entry["account"] == account)
        for account in ("held", "spent")
    )
    assert held == sum(take["price"] for take in takes if take["held_on"])
    assert spent == sum(take["charged"] for take in takes)
    assert (held, spent) == (sum(j["held"] for j in jobs), sum(j["charged"] for j in jobs))
    committed = [each for each in rows(url, COMMITMENTS) if each["scope"] == "all"]
    assert sum(each["amount"] for each in committed) == held + spent
    charges = Counter(e["take"] for e in entries if e["posting"].startswith("charge:"))
    assert all(count == 2 for count in charges.values())
    ended = [take for take in takes if take["status"] == "succeeded"]
    done = {job["id"] for job in jobs if job["stage"] in ("deliver", "done")}
    assert {take["job"] for take in ended} <= done


def engine_works(url: str) -> int:
    """Count the works that the durable engine was ever given."""
    engine = sync_engine(parse_url(url))
    schema = "" if url.startswith("sqlite") else "dbos."
    try:
        with engine.connect() as connection:
            query = sa.text(f"SELECT count(*) FROM {schema}workflow_status")
            return int(connection.scalar(query) or 0)
    finally:
        engine.dispose()


def at(folder: Path, url: str, fake: AtOnceFake, **more: str) -> Place:
    """Make a place whose callsheet takes the fake for the provider."""
    folder.mkdir(exist_ok=True)
    return Place(folder, url, {**fake.settings(), **more})
