"""A worker killed in the middle of an order, for each way in which a lost order is found again."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.databases import unused_port
from tests.hosted.test_crash_matrix import start_worker
from tests.support.hosted import simulating, submit_live
from tests.support.processes import Place, Server, serve, stop

FOUND = {"fal": "fal/flux-schnell", "runware": "runware/flux-dev"}
LOST = {"openai": "openai/gpt-image-2", "runway": "runway/muse-image"}
POINTS = ("send/while submitting", "send/after submit")


def orders(sim: httpx2.Client) -> list[dict[str, Any]]:
    """List what the simulator accepted."""
    listed: list[dict[str, Any]] = sim.get("/_admin/ledger").json()["orders"]
    return listed


@contextmanager
def served(folder: Path, name: str) -> Iterator[tuple[Server, httpx2.Client]]:
    """Serve the web, reachable for a provider's simulator; gives both."""
    port = unused_port()
    with simulating(folder, provider=name) as running:
        sim = running.http
        prefix = f"CALLSHEET_PROVIDER_{name.upper()}"
        settings = {
            f"{prefix}_BASE_URL": str(sim.base_url).rstrip("/"),
            f"{prefix}_KEY": "key-of-the-tests",
            f"{prefix}_SETTLES_S": "3",
            "CALLSHEET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        place = Place(folder, f"sqlite:///{folder}/cs.db", settings)
        server = serve(place, "web", port)
        try:
            yield server, sim
        finally:
            server.http.close()
            stop(server.process)


@contextmanager
def killed(folder: Path, name: str, model: str, point: str) -> Iterator[tuple[Server, Any, str]]:
    """Let a worker order one picture and die at a point; gives web, simulator and the job."""
    with served(folder, name) as (server, sim):
        worker = start_worker(server.place, "first", point)
        job = order_one(server, model)
        assert worker.wait(40) == -9
        again = start_worker(server.place, "again")
        yield server, sim, job
        assert stop(again) == 0


def order_one(server: Server, model: str) -> str:
    """Send a batch of one picture, whose answer takes its time."""
    return submit_live(server.http, [{"prompt": "a red mug [[sim: latency=0.5]]", "model": model}])


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", FOUND)
def test_lost_order_is_found(tmp_path: Path, name: str, point: str) -> None:
    """By our own id or by the webhook: it is made, ordered once and paid once."""
    with killed(tmp_path, name, FOUND[name], point) as (server, sim, job):
        state = server.wait_for(job, ["succeeded"], timeout_s=60)
        [order] = orders(sim)
    assert Decimal(state["cost"]["charged"]) * 1_000_000 == order["charged_micros"]
    assert state["cost"]["held"] == "0.000000"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", LOST)
def test_order_that_nobody_can_find_waits_for_a_person(
    tmp_path: Path, name: str, point: str
) -> None:
    """Its money stays set aside and nothing is sent, until a person says what became of it."""
    with killed(tmp_path, name, LOST[name], point) as (server, sim, job):
        until = time.monotonic() + 30
        while "takes reconcile" not in json.dumps(server.state(job)["rows"]):
            assert time.monotonic() < until, server.state(job)
            time.sleep(0.1)
        decide(server, job, "--spent")
        state = server.wait_for(job, ["failed"], timeout_s=30)
        assert len(orders(sim)) <= 1
    assert state["cost"]["charged"] == state["cost"]["quoted"]
    assert state["cost"]["held"] == "0.000000"


def decide(server: Server, job: str, verdict: str) -> None:
    """Say as a person what became of the one take, which is in doubt with its money set aside."""
    until = time.monotonic() + 30
    while (state := server.state(job))["counts"]["in_doubt"] == 0:
        assert time.monotonic() < until, state
        time.sleep(0.1)
    assert state["cost"]["held"] == state["cost"]["quoted"]
    take = state["rows"][0]["variants"][0]["take"]
    while (done := server.place.run("takes", "reconcile", take, verdict)).returncode != 0:
        # an order that is still on its way could arrive: a person is told to look once more
        assert "[too_early]" in done.stderr, done.stderr
        assert time.monotonic() < until, done.stderr
        time.sleep(0.5)
