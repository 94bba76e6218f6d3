"""A simulated provider as a process of its own, and what must be true of money and orders."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from callsheet.database.connections import parse_url, sync_engine
from callsheet.money.store import COMMITMENTS, ENTRIES
from callsheet.net.trust import trusting
from callsheet.takes.tables import TAKES
from tests.databases import unused_port
from tests.support import warm
from tests.support.plain import NO_TLS
from tests.support.processes import PATIENCE_S, Place
from tests.support.warm import Process

KEY = "r8_for_tests"
SETTLES_S = 3.0
IMAGE = "replicate/flux-schnell"


@dataclass
class Simulator:
    """A running simulator and a client for its back door."""

    process: Process
    port: int
    http: httpx2.Client

    def settings(self, **more: str) -> dict[str, str]:
        """Give the settings with which callsheet takes it for Replicate."""
        return {
            "CALLSHEET_PROVIDER_REPLICATE_BASE_URL": f"http://127.0.0.1:{self.port}",
            "CALLSHEET_PROVIDER_REPLICATE_SETTLES_S": str(SETTLES_S),
            "CALLSHEET_WORKERS": "1",  # what comes home is small, and each process costs a start
            "REPLICATE_API_TOKEN": KEY,
            **more,
        }

    def orders(self) -> list[dict[str, Any]]:
        """List every order it ever accepted."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.http.get("/_admin/ledger", params={"after": len(found) - 1, "limit": 1_000})
            orders = page.json()["orders"]
            found += orders
            if not orders:
                return found

    def fresh(self) -> "Simulator":
        """Forget every order, fault and change of conditions, for the next test."""
        self.http.post("/_admin/reset").raise_for_status()
        self.faults(clear=True)
        self.conditions(withdrawn=[], revoked=[], credit=None, clock_offset_s=0)
        return self

    def faults(self, **asked: Any) -> None:
        """Set faults for requests to come."""
        self.http.post("/_admin/faults", json=asked).raise_for_status()

    def conditions(self, **changed: Any) -> None:
        """Change how it behaves."""
        self.http.post("/_admin/conditions", json=changed).raise_for_status()


@contextmanager
def simulating(
    folder: Path,
    *options: str,
    run_s: float = 0.2,
    port: int = 0,
    provider: str = "replicate",
    trusted: Path | None = None,
) -> Iterator[Simulator]:
    """Run a simulator without limits for a block; its book is in the folder.

    `trusted` is the authority of its certificate, if its options have it serve https.
    """
    port = port or unused_port()
    if provider == "replicate":
        name, limits = ["replicate"], ["--creates-per-minute", "0", "--others-per-minute", "0"]
    else:
        name, limits = ["provider", provider], []
    command = ["sim", *name, "--port", str(port), "--run-seconds", str(run_s)]
    command += ["--ledger", str(folder / "orders.jsonl"), *limits, *options]
    process = warm.start(command, folder=folder, environment=os.environ, out=folder / "sim.log")
    base = f"https://localhost:{port}" if trusted else f"http://127.0.0.1:{port}"
    verify = trusting(file=str(trusted)) if trusted else NO_TLS
    try:
        with httpx2.Client(base_url=base, timeout=30, trust_env=False, verify=verify) as http:
            until = time.monotonic() + PATIENCE_S
            while True:
                try:
                    http.get("/_admin/state").raise_for_status()
                    break
                except httpx2.TransportError:
                    assert time.monotonic() < until, (folder / "sim.log").read_text()
                    time.sleep(0.05)
            yield Simulator(process, port, http)
    finally:
        process.terminate()
        process.wait(20)


def check_money(place: Place, sim: Simulator, takes: int | None = None) -> None:
    """Check that each take was ordered once, paid once, and that nothing is left set aside."""
    engine = sync_engine(parse_url(place.database_url))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(TAKES)).mappings().all()
        entries = connection.execute(sa.select(ENTRIES)).mappings().all()
        committed = connection.execute(
            sa.select(COMMITMENTS.c.amount).where(COMMITMENTS.c.scope == "all")
        ).scalar()
    engine.dispose()
    orders = sim.orders()
    assert takes is None or len(orders) == takes, f"{len(orders)} orders for {takes} takes"
    assert sum(entry["amount"] for entry in entries) == 0
    held = Counter[str]()
    for entry in entries:
        if entry["account"] == "held":
            held[entry["take"]] += entry["amount"]
    assert not [take for take, amount in held.items() if amount], f"still held: {held}"
    charges = Counter(entry["take"] for entry in entries if entry["posting"].startswith("charge:"))
    assert all(count == 2 for count in charges.values())
    spent = sum(entry["amount"] for entry in entries if entry["account"] == "spent")
    assert spent == sum(row["charged"] for row in rows) == (committed or 0)
    tickets = [row["ticket"] for row in rows if row["ticket"]]
    assert len(set(tickets)) == len(tickets)
    assert {order["id"] for order in orders} == set(tickets)


def rows_of(count: int, model: str = IMAGE, mark: str = "") -> list[dict[str, Any]]:
    """Word rows for a hosted model, each another picture; `mark` asks the simulator for faults."""
    return [
        {"prompt": f"frame {row} {mark}".strip(), "model": model, "size": "256x256"}
        for row in range(count)
    ]


def submit_live(http: httpx2.Client, items: Sequence[dict[str, Any]]) -> str:
    """Send a live batch, to be ordered whatever was made before; answers its id."""
    asked = {"items": list(items), "runMode": "live", "fresh": True}
    answer = http.post("/batch/images", json=asked)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batchId"])
