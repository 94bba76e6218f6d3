"""Budgets, costs and people's decisions, as clients meet them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.hosted import (
    IMAGE,
    Simulator,
    check_money,
    rows_of,
    simulating,
    submit_live,
)
from tests.support.processes import Place, Server, serving

pytestmark = pytest.mark.on_either_database


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator for all tests here."""
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    """Give the simulator as if it were new."""
    return simulator.fresh()


def a_place(tmp_path: Path, url: str, sim: Simulator, **settings: str) -> Place:
    """Make a place that takes the simulator for Replicate."""
    return Place(tmp_path, url, sim.settings(**settings))


def test_live_batch_is_made_and_paid(tmp_path: Path, database_url: str, sim: Simulator) -> None:
    """Quoted before, charged after, told by job, by model and by day; the ledger sums to zero."""
    place = a_place(tmp_path, database_url, sim)
    with serving(place) as server:
        job = submit_live(server.http, rows_of(4))
        state = server.wait_for(job, ["succeeded"])
        assert state["cost"] == {"quoted": "0.012000", "held": "0.000000", "charged": "0.012000"}
        assert all(row["variants"][0]["ticket"] for row in state["rows"])
        balance = server.http.get("/api/money/balance").json()
        assert balance["spent"] == "0.012000"
        assert balance["held"] == "0.000000"
        for what, key in (("job", job), ("model", IMAGE)):
            items = server.http.get(f"/api/money/by-{what}").json()["items"]
            assert items[0]["key"] == key
            assert items[0]["spent"] == "0.012000"
            assert items[0]["takes"] == 4
        table = server.http.get("/api/money/entries", params={"format": "csv"}).text
        assert table.count("\r\n") == 4 * 4 + 1
        pages: list[dict[str, str]] = []
        cursor: str | None = ""
        while cursor is not None:
            asked = {"limit": "3", "cursor": cursor}
            page = server.http.get("/api/money/entries", params=asked)
            assert page.status_code == 200, page.text
            pages += page.json()["items"]
            cursor = page.json()["next_cursor"]
        assert len(pages) == 16
        assert [page["at"] for page in pages] == sorted(
            (page["at"] for page in pages), reverse=True
        )
        assert [line.partition(",")[0] for line in table.splitlines()[1:]] == [
            page["posting"] for page in pages
        ]
        stranger = server.http.get("/api/money/entries?format=csv&cursor=charge:nobody")
        assert stranger.status_code == 422
        assert "there is no posting charge:nobody" in stranger.json()["detail"]
    check_money_at(place, sim, 4)
    told = json.loads(place.run("money", "balance", "--json").stdout)
    assert told["spent"] == "0.012000"
    for command in ("entries", "holds", "by-job", "by-model", "by-day"):
        assert place.run("money", command, "--json").returncode == 0
        assert place.run("money", command).returncode == 0


def check_money_at(place: Place, sim: Simulator, takes: int) -> None:
    """Check the money of a place, wherever its database is."""
    url = place.database_url or f"sqlite:///{place.folder}/data/callsheet.db"
    check_money(Place(place.folder, url), sim, takes)


def test_what_no_budget_covers_is_refused_at_the_door(
    tmp_path: Path, database_url: str, sim: Simulator
) -> None:
    """402 with what is left; no job, no order. What fits is made; a day's limit counts too."""
    with serving(a_place(tmp_path, database_url, sim)) as server:
        limit = {"scope": "all", "limit_usd": "0.010"}
        assert server.http.put("/api/money/budgets", json=limit).status_code == 200
        body = {"items": rows_of(4), "runMode": "live"}
        refused = server.http.post("/batch/images", json=body)
        assert refused.status_code == 402
        problem = refused.json()
        assert problem["code"] == "budget_exceeded"
        assert "$0.010000 left" in problem["detail"]
        assert server.http.get("/api/jobs").json()["items"] == []
        server.wait_for(submit_live(server.http, rows_of(3)), ["succeeded"])
        wish = {"model": IMAGE, "inputs": {"prompt": "x"}, "run_mode": "live"}
        assert server.http.post("/api/generations", json=wish).status_code == 402
        assert server.http.request("DELETE", "/api/money/budgets?scope=all").status_code == 200
        day = {"scope": "day", "limit_usd": "0.010"}
        assert server.http.put("/api/money/budgets", json=day).status_code == 200
        assert server.http.post("/api/generations", json=wish).status_code == 402
        assert len(sim.orders()) == 3


def test_budget_of_a_job_stops_it_in_the_middle(
    tmp_path: Path, sqlite_url: str, sim: Simulator
) -> None:
    """A job whose budget is used up rests and says so; raised and resumed, it ends."""
    with serving(a_place(tmp_path, sqlite_url, sim)) as server:
        job = submit_live(server.http, rows_of(6, mark="[[sim: latency=0.2]]"))
        limit = {"scope": "job", "job": job, "limit_usd": "0.007"}
        assert server.http.put("/api/money/budgets", json=limit).status_code == 200
        state = wait_for_problem(server, job, "budget_exceeded")
        assert "callsheet money budget" in state["problem"]["message"]
        limit["limit_usd"] = "1"
        assert server.http.put("/api/money/budgets", json=limit).status_code == 200
        server.http.post(f"/batch/{job}/resume")
        server.wait_for(job, ["succeeded"])
    check_money_at(server.place, sim, 6)


def test_two_budgets_short_at_once_stop_a_job_and_no_loop(
    tmp_path: Path, database_url: str, sim: Simulator
) -> None:
    """What both cover is made, the job rests with the reason, and orders go on when both allow."""
    with serving(a_place(tmp_path, database_url, sim)) as server:
        job = submit_live(server.http, rows_of(6, mark="[[sim: latency=0.5]]"))
        limits = [
            {"scope": "job", "job": job, "limit_usd": "0.007"},
            {"scope": "all", "limit_usd": "0.010"},
        ]
        for limit in limits:
            assert server.http.put("/api/money/budgets", json=limit).status_code == 200
        wait_for_problem(server, job, "budget_exceeded")
        assert len(sim.orders()) <= 2
        for limit in limits:
            raised = {**limit, "limit_usd": "1"}
            assert server.http.put("/api/money/budgets", json=raised).status_code == 200
        server.http.post(f"/batch/{job}/resume")
        server.wait_for(job, ["succeeded"])
    check_money_at(server.place, sim, 6)


def test_charge_beyond_its_quote_that_passes_a_budget_is_the_last(
    tmp_path: Path, sqlite_url: str
) -> None:
    """It is an error in the log, in the journal and among the metrics; nothing more is ordered."""
    with simulating(tmp_path, provider="runware") as runware:
        prefix = "CALLSHEET_PROVIDER_RUNWARE"
        settings = {
            f"{prefix}_BASE_URL": f"http://127.0.0.1:{runware.port}",
            f"{prefix}_KEY": "key-of-the-tests",
            f"{prefix}_CONCURRENT": "1",
        }
        with serving(Place(tmp_path, sqlite_url, settings)) as server:
            limit = {"scope": "all", "limit_usd": "0.5"}
            assert server.http.put("/api/money/budgets", json=limit).status_code == 200
            dear = {"prompt": "a red mug [[sim: price=0.7]]", "model": "runware/flux-dev"}
            job = submit_live(server.http, [dear] * 8)
            wait_for_problem(server, job, "budget_exceeded")
            ordered = len(runware.orders())
            assert ordered <= 3  # the next ones went out before the first had told what it cost
            server.http.post(f"/batch/{job}/resume")
            wait_for_problem(server, job, "budget_exceeded")
            assert len(runware.orders()) == ordered
            assert 'callsheet_budget_overruns_total{budget="all"}' in (
                server.http.get("/metrics").text
            )
            with closing(sqlite3.connect(tmp_path / "callsheet.db")) as database:
                told = database.execute("SELECT body FROM journal WHERE kind = 'budget'").fetchall()
            assert [json.loads(body)["overrun"] for (body,) in told if "overrun" in body]
            assert "budget.overrun" in server.place.log("up")


def wait_for_problem(server: Server, job: str, code: str) -> dict[str, dict[str, str]]:
    """Wait until a job rests with a problem of this code."""
    state = server.wait_for(job, ["waiting", "succeeded"])
    assert state["problem"], state
    assert state["problem"]["code"] == code
    return dict(state)


@pytest.mark.parametrize(
    "body",
    [
        {"scope": "all", "limit_usd": "-1"},
        {"scope": "all", "limit_usd": "much"},
        {"scope": "all", "limit_usd": "1", "job": "job_x"},
        {"scope": "job", "limit_usd": "1"},
        {"scope": "week", "limit_usd": "1"},
    ],
)
def test_bad_budgets_are_refused(tmp_path: Path, sim: Simulator, body: dict[str, str]) -> None:
    """A limit is zero or more, of a scope that exists, and names a job only where it bounds one."""
    with serving(a_place(tmp_path, "", sim)) as server:
        assert server.http.put("/api/money/budgets", json=body).status_code == 422


def test_dry_run_orders_nothing(tmp_path: Path, sim: Simulator) -> None:
    """A dry run of hosted models previews them at home, in a batch and one by one."""
    with serving(a_place(tmp_path, "", sim)) as server:
        answer = server.http.post("/batch/images", json={"items": rows_of(2)})
        server.wait_for(answer.json()["batchId"], ["succeeded"])
        wish = {"model": IMAGE, "inputs": {"prompt": "x"}, "wait_s": 30}
        assert server.http.post("/api/generations", json=wish).json()["status"] == "succeeded"
    assert sim.orders() == []


def test_budgets_that_run_out_are_told(tmp_path: Path, database_url: str, sim: Simulator) -> None:
    """At 90 and at 100 percent the job's journal and the log say so, once each."""
    with serving(a_place(tmp_path, database_url, sim)) as server:
        for limit in ({"scope": "day", "limit_usd": "0.015"}, {"scope": "all", "limit_usd": "1"}):
            assert server.http.put("/api/money/budgets", json=limit).status_code == 200
        job = submit_live(server.http, rows_of(5))
        server.wait_for(job, ["succeeded"])
        headers = {"Last-Event-ID": "0"}
        told = server.http.get(f"/progress/{job}", params={"rows": "0"}, headers=headers).text
        data = [line.removeprefix("data: ") for line in told.splitlines() if '"budget":' in line]
        shares = [(each["budget"], each["share"]) for each in map(json.loads, data)]
        assert sorted(shares) == [("day", 90), ("day", 100)]
        assert server.place.log("up").count("budget.crossed") == 2
    check_money_at(server.place, sim, 5)
