"""Takes of live batches are examined: what fails is bought once more, then a person decides."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.hosted.test_crash_matrix import start_worker
from tests.support.hosted import IMAGE, Simulator, check_money, simulating, submit_live
from tests.support.processes import Place, Server, serving, stop, until
from tests.support.scale import scaled
from tests.support.truth import check_books

from callsheet.database.connections import parse_url, sync_engine
from callsheet.quality.examinations import EXAMINATIONS
from callsheet.quality.verdicts import VERDICTS

EXAMINED = {"CALLSHEET_QA_TECHNICAL": "on"}
FLAT = "[[sim: output=flat]]"  # a picture of one tone: it shows nothing


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator for all tests here."""
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    """Give the simulator as if it were new."""
    return simulator.fresh()


def item(prompt: str, **more: Any) -> dict[str, Any]:
    """Word a row for a hosted model."""
    return {"prompt": prompt, "model": IMAGE, "size": "512x512", **more}


def waiting(server: Server, job: str) -> dict[str, Any]:
    """Wait until a job rests at the gate; answers its state."""
    until(lambda: (server.state(job, rows=0)["problem"] or {}).get("gate") == "review")
    return server.state(job)


def decide(server: Server, variant: dict[str, Any], decision: str, **more: Any) -> Any:
    """Decide about a variant over HTTP, as it was seen."""
    seen = {"sha256": variant["sha256"], "content_digest": variant["content_digest"]}
    body = {"decision": decision, **seen, **more}
    return server.http.post(f"/api/takes/{variant['take']}/decision", json=body)


def test_live_takes_are_examined(tmp_path: Path, sim: Simulator, sqlite_url: str) -> None:
    """Good ones are delivered; what fails is made again once; people decide about the rest."""
    place = Place(tmp_path, sqlite_url, sim.settings(**EXAMINED))
    with serving(place) as server:
        odd = {"items": [item("x")], "runMode": "live", "quality": {"profile": "../x"}}
        refused = server.http.post("/batch/images", json=odd)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (
            422,
            "quality.profile",
        )
        rows = [item("good"), item(f"bad {FLAT}"), item(f"worse {FLAT}")]
        job = submit_live(server.http, [*rows, item(f"mine {FLAT}", quality="off")])
        state = waiting(server, job)
        assert state["problem"]["takes"] == 2
        good, bad, worse, mine = (row["variants"][0] for row in state["rows"])
        assert [each["qa"] for each in (good, bad, worse, mine)] == [
            "pass",
            *["needs_human"] * 3,
        ]
        assert [len(each["verdicts"]) for each in (good, bad, worse, mine)] == [1, 1, 1, 0]
        [earlier] = bad["earlier"]
        assert (bad["attempt"], bad["retake_of"], earlier["qa"]) == (2, earlier["take"], "fail")
        assert "shows nothing" in earlier["qa_note"]
        assert len(sim.orders()) == 6

        other = decide(server, {**bad, "sha256": good["sha256"]}, "reject", reason="grey")
        assert (other.status_code, other.json()["code"]) == (409, "decision_outdated")
        failed = decide(server, bad, "approve")
        assert (failed.status_code, failed.json()["code"]) == (409, "take_failed")
        assert decide(server, bad, "reject").status_code == 422
        assert decide(server, bad, "reject", reason="grey").json()["qa"] == "fail"
        assert server.state(job, rows=0)["problem"]["takes"] == 1
        approved = decide(server, worse, "override", reason="as asked")
        assert approved.json()["decision"]["by"] == "the local admin"

        state = server.wait_for(job, ["partial"])
        assert [row["variants"][0]["qa"] for row in state["rows"]] == [
            *("pass", "fail", "pass", "needs_human")
        ]
        found = server.http.get(f"/api/assets/{bad['sha256']}/findings").json()
        assert [each["verdict"] for each in found["examinations"]] == ["fail"]
        check_books(place.database_url, job)
        check_money(place, sim, 6)


POINTS = (
    "_examined/before commit",
    "_examined/after commit",
    "examine/before commit",
    "examine/after commit",
    "go_on/before commit",
    "go_on/after commit",
)
RESTARTED = scaled(("examine/before commit", "go_on/after commit"), POINTS)
TAKEN_OVER = scaled(("examine/after commit",), POINTS)


def check_killed(place: Place, sim: Simulator, point: str) -> None:
    """Kill a worker while it examines, let another go on: one retake, and all is examined."""
    with serving(place, "web") as server:
        first = start_worker(place, "first", point)
        job = submit_live(server.http, [item("good"), item(f"bad {FLAT}")])
        assert first.wait(60) == -9
        again = start_worker(place, "again")
        state = waiting(server, job)
        assert stop(again) == 0
        assert [row["variants"][0]["qa"] for row in state["rows"]] == ["pass", "needs_human"]
        assert state["cost"]["charged"] == "0.009000"
    check_money(place, sim, 3)
    engine = sync_engine(parse_url(place.database_url))
    with engine.connect() as connection:
        actions = sorted(connection.execute(sa.select(VERDICTS.c.action)).scalars())
        examined = connection.execute(sa.select(EXAMINATIONS.c.asset)).scalars().all()
    engine.dispose()
    assert actions == ["pass", "person", "retake"]
    assert len(examined) == len(set(examined)) == 3


@pytest.mark.parametrize("point", RESTARTED)
def test_killed_while_examining(
    tmp_path: Path, sim: Simulator, sqlite_url: str, point: str
) -> None:
    """Started again, it buys nothing twice, and lets nothing pass unexamined."""
    check_killed(Place(tmp_path, sqlite_url, sim.settings(**EXAMINED)), sim, point)


@pytest.mark.parametrize("point", TAKEN_OVER)
def test_taken_over_while_examining(
    tmp_path: Path, sim: Simulator, postgres_url: str, point: str
) -> None:
    """Another worker goes on, and buys nothing twice, and lets nothing pass unexamined."""
    check_killed(Place(tmp_path, postgres_url, sim.settings(**EXAMINED)), sim, point)
