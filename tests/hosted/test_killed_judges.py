"""A worker is killed while a judge is asked: every asking is ordered and paid for once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosted.test_crash_matrix import start_worker
from tests.support.hosted import Simulator, simulating
from tests.support.processes import Place, serving, stop

KEY = "key-of-the-tests"
POINTS = (
    ("put/before commit", "pass"),
    ("put/after commit", "pass"),
    ("_out/after commit", "pass"),
    ("_repair/after commit", "broken_once"),
    ("_decide/before commit", "pass"),
)


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator for all tests here."""
    with simulating(tmp_path_factory.mktemp("sim"), provider="gemini", run_s=0) as running:
        yield running


@pytest.mark.parametrize(("point", "way"), POINTS)
def test_a_judge_is_asked_once(
    tmp_path: Path, sim: Simulator, sqlite_url: str, point: str, way: str
) -> None:
    """Killed at the point and started again: a picture, three askings, and one that was broken."""
    sim.fresh()
    settings = {
        "CALLSHEET_PROVIDER_GEMINI_BASE_URL": f"http://127.0.0.1:{sim.port}",
        "CALLSHEET_PROVIDER_GEMINI_SETTLES_S": "3",
        "CALLSHEET_WORKERS": "1",
        "GEMINI_API_KEY": KEY,
    }
    place = Place(tmp_path, sqlite_url, settings)
    row = {"prompt": f"a jug, {point} [[sim: judge={way}]]", "size": "1024x1024"}
    asked = {
        "items": [{**row, "model": "gemini/gemini-3-1-flash-lite-image"}],
        "runMode": "live",
        "quality": {"technical": "off", "semantic": "on"},
    }
    with serving(place, "web") as server:
        worker = start_worker(place, "first", point)
        answer = server.http.post("/batch/images", json=asked)
        assert answer.status_code == 202, answer.text
        job = answer.json()["batchId"]
        assert worker.wait(40) == -9, (tmp_path / "first").read_text()
        again = start_worker(place, "again")
        state = server.wait_for(job, ["waiting"])
        assert state["problem"]["gate"] == "review"
        assert stop(again) == 0
        balance = server.http.get("/api/money/balance").json()
    assert (balance["held"], balance["spent"]) == ("0.000000", state["cost"]["charged"])
    assert len(sim.orders()) == 1 + 3 + 3 * (way == "broken_once")
