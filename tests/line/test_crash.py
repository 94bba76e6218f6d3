"""A process dies at any moment; started again, the job ends as if nothing had happened."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from callsheet.delivery.ledger import state_key
from callsheet.delivery.segments import is_sound
from tests.support.processes import ONE_AT_A_TIME, Place, Server, serve, serving, stop
from tests.support.scale import scaled
from tests.support.stores import content
from tests.support.truth import check_books, check_results

pytestmark = pytest.mark.on_either_database

ROWS = 200
MOMENTS = [("intake", 0), ("quote", 0), ("render", 1), ("render", 120), ("deliver", 200)]
MORE_MOMENTS = [("render", 0), ("render", 40), ("render", 80), ("render", 199), ("done", 200)]


def read_ledger(place: Place, job: str) -> dict[str, Any]:
    """Read a job's state object from the store, as soon as there is one."""
    found: dict[str, Any] = json.loads(content(place, state_key(job)) or '{"version": 0}')
    return found


def wait_until(server: Server, job: str, stage: str, done: int) -> None:
    """Wait until a job is in a stage (or past it) and has so many pictures."""
    stages = ("intake", "quote", "render", "qa_tech", "deliver", "done")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        state = server.state(job, rows=0)
        reached = stages.index(state["stage"]) >= stages.index(stage)
        if reached and state["counts"]["succeeded"] >= done:
            return
        time.sleep(0.02)
    raise AssertionError(f"never came to {stage} with {done}")


@pytest.mark.parametrize(("stage", "done"), [*MOMENTS, *scaled([], MORE_MOMENTS)])
def test_kill_at_any_moment_loses_and_doubles_nothing(
    tmp_path: Path, database_url: str, stage: str, done: int
) -> None:
    """SIGKILL in the middle of 200 rows, start again: all there, none twice, books right."""
    place = Place(tmp_path, database_url)
    server = serve(place)
    job = server.submit(ROWS)
    wait_until(server, job, stage, done)
    server.kill()
    with serving(place) as again:
        state = again.wait_for(job, ["succeeded", "partial", "failed"])
        check_results(state, ROWS)
        row = check_books(database_url, job)
        deadline = time.monotonic() + 40
        while (ledger := read_ledger(place, job))["version"] != row["sequence"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert is_sound(ledger)
    assert ledger["status"] == "succeeded"
    assert len(ledger["rows"]) == ROWS


def test_killed_again_and_again_while_drawing(tmp_path: Path, database_url: str) -> None:
    """Five kills during one job of real frames leave every frame there once."""
    place = Place(tmp_path, database_url, ONE_AT_A_TIME)
    server = serve(place)
    job = server.submit(20, "local/storyboard", size="256x256", variants=2)
    for share in (2, 10, 20, 30, 36):
        wait_until(server, job, "intake", share)
        server.kill()
        server = serve(place)
    state = server.wait_for(job, ["succeeded", "partial", "failed"])
    check_results(state, 20, variants=2)
    check_books(database_url, job)
    stop(server.process)
    server.http.close()


def test_another_worker_takes_over(tmp_path: Path, postgres_url: str) -> None:
    """One of two workers is killed; the other ends the job without being told."""
    place = Place(tmp_path, postgres_url, ONE_AT_A_TIME)
    with serving(place, "web") as web:
        first = place.start("worker")
        job = web.submit(60, "local/storyboard", size="256x256")
        wait_until(web, job, "render", 2)
        second = place.start("worker")
        first.kill()
        first.wait()
        state = web.wait_for(job, ["succeeded", "partial", "failed"], timeout_s=60)
        check_results(state, 60)
        check_books(postgres_url, job)
        stop(second)


def test_zombie_records_nothing_twice(tmp_path: Path, postgres_url: str) -> None:
    """A worker that was frozen, taken over and thawed changes nothing, and makes what is new."""
    place = Place(tmp_path, postgres_url, ONE_AT_A_TIME)
    with serving(place, "web") as web:
        frozen = place.start("worker")
        job = web.submit(60, "local/storyboard", size="256x256")
        wait_until(web, job, "render", 2)
        frozen.send_signal(19)  # SIGSTOP
        other = place.start("worker")
        wait_until(web, job, "done", 60)
        stop(other)
        frozen.send_signal(18)  # SIGCONT
        another = web.submit(3, "local/storyboard", size="256x256")
        check_results(web.wait_for(another, ["succeeded"]), 3)
        check_results(web.state(job), 60)
        stop(frozen)
        for each in (job, another):
            check_books(postgres_url, each)
