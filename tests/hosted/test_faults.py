"""Everything that a provider can do to an order: each ends right, paid once or not at all."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.hosted import (
    Simulator,
    check_money,
    rows_of,
    simulating,
    submit_live,
)
from tests.support.processes import Place, Server, serving

ENDS = ("succeeded", "failed", "partial")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator for all tests here."""
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    """Give the simulator as if it were new."""
    return simulator.fresh()


def sqlite_place(tmp_path: Path, sim: Simulator, **settings: str) -> Place:
    """Make a place on a SQLite file."""
    return Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", sim.settings(**settings))


def ended(server: Server, job: str, timeout_s: float = 60) -> dict[str, Any]:
    """Wait for a job's end; answers its only row."""
    state = server.wait_for(job, ENDS, timeout_s=timeout_s)
    row: dict[str, Any] = state["rows"][0]
    return row


MENDED = (
    "latency=1",
    "fail_after_accept=500",
    "fail_after_accept=502",
    "reset_after_accept",
    "hang_after_accept",
    "malformed",
    "get_fail=500, get_times=2",
    "get_reset, get_times=2",
    "get_malformed, get_times=2",
    "get_throttle=1, get_times=2",
    "output_fail=503, output_times=2",
    "output_reset, output_times=2",
    "shape=string",
    "queue=1",
    "price=0.5",
    "wait_processing",
    "slow=4000",
    "output_slow=20000",
    "output=other",
    "webhook_late=1",
)


def marked(faults: Iterable[str]) -> list[dict[str, Any]]:
    """Word a row for each fault, which meets its order alone."""
    return [row for fault in faults for row in rows_of(1, mark=f"[[sim: {fault}]]")]


@pytest.mark.timeout(240)
def test_faults_are_survived(tmp_path: Path, sim: Simulator) -> None:
    """Every picture is made, ordered once and paid once, whatever was in the way."""
    with serving(sqlite_place(tmp_path, sim)) as server:
        job = submit_live(server.http, marked(MENDED))
        rows = server.wait_for(job, ENDS, timeout_s=150)["rows"]
        failed = [
            (fault, row)
            for fault, row in zip(MENDED, rows, strict=True)
            if row["status"] != "succeeded"
        ]
        assert not failed
    check_money(server.place, sim, len(MENDED))


ONCE = {
    "throttle": "1",
    "throttle_bare": "1",
    "fail_before_accept": "500",
    "reset_before_accept": True,
    "hang": True,
}


@pytest.mark.parametrize("fault", ONCE)
def test_fault_before_the_order_is_survived(tmp_path: Path, sim: Simulator, fault: str) -> None:
    """Nothing was ordered: that is found out, and the order made, once."""
    with serving(sqlite_place(tmp_path, sim)) as server:
        sim.faults(next=[{"route": "create", "faults": {fault: ONCE[fault]}}])
        row = ended(server, submit_live(server.http, rows_of(1)))
        assert row["status"] == "succeeded", row
    check_money(server.place, sim, 1)


def test_provider_that_is_always_busy_fails_the_take(tmp_path: Path, sim: Simulator) -> None:
    """After so many tries the take fails by name, and its money is free again."""
    with serving(sqlite_place(tmp_path, sim)) as server:
        job = submit_live(server.http, rows_of(1, mark="[[sim: throttle=0.2]]"))
        row = ended(server, job)
        assert row["status"] == "failed"
        assert row["error"]["code"] == "provider_busy"
    check_money(server.place, sim, 0)


REFUSED = {
    "refuse": ("provider_refused", 0),
    "refuse_reference": ("provider_refused", 0),
    "error=nsfw": ("moderated", 1),
    "error=sensitive": ("moderated", 1),
    "error=busy": ("provider_refused", 1),
    "error=memory": ("provider_refused", 1),
    "output=html": ("unreadable_picture", 1),
    "output=truncated": ("unreadable_picture", 1),
    "output=empty": ("unreadable_picture", 1),
    "output=huge": ("unreadable_picture", 1),  # and no picture: no more of it is taken
    "output=inward": ("forbidden_address", 1),
    "shape=null": ("output_lost", 1),
}


@pytest.mark.timeout(240)
def test_faults_fail_their_takes_by_name(tmp_path: Path, sim: Simulator) -> None:
    """What will never work fails with its code; only what the provider billed is charged."""
    with serving(sqlite_place(tmp_path, sim)) as server:
        job = submit_live(server.http, marked(REFUSED))
        rows = server.wait_for(job, ["failed"], timeout_s=150)["rows"]
        found = {
            fault: (row["status"], row["error"]["code"], row["variants"][0]["cost"])
            for fault, row in zip(REFUSED, rows, strict=True)
        }
    for fault, (code, _) in REFUSED.items():
        billed = fault.startswith(("output", "shape"))
        assert found[fault] == ("failed", code, "0.003000" if billed else "0.000000"), fault
    check_money(server.place, sim, sum(orders for _, orders in REFUSED.values()))


STOPPED = {
    "unauthorized": "provider_key_refused",
    "forbidden": "provider_key_refused",
    "no_credit": "provider_no_credit",
}


@pytest.mark.parametrize("fault", STOPPED)
def test_closed_door_stops_the_job_at_once(tmp_path: Path, sim: Simulator, fault: str) -> None:
    """A key that is refused stops a job of twenty before its second order; then it goes on."""
    with serving(sqlite_place(tmp_path, sim)) as server:
        sim.faults(next=[{"route": "create", "faults": {fault: True}}])
        job = submit_live(server.http, rows_of(20))
        state = server.wait_for(job, ["waiting"])
        assert state["problem"]["code"] == STOPPED[fault]
        assert "callsheet jobs resume" in state["problem"]["message"]
        assert sim.orders() == []
        server.http.post(f"/batch/{job}/resume")
        server.wait_for(job, ["succeeded"])
    check_money(server.place, sim, 20)


def test_missing_key_is_named(tmp_path: Path, sim: Simulator) -> None:
    """Without a key nothing is begun; a job that lost its key rests, and says what to do."""
    place = sqlite_place(tmp_path, sim, REPLICATE_API_TOKEN="")
    with serving(place) as server:
        keys = "/api/admin/keys/replicate"
        body = {"items": rows_of(2), "runMode": "live"}
        refused = server.http.post("/batch/images", json=body)
        assert refused.status_code == 409, refused.text
        assert refused.json()["code"] == "provider_key_missing"
        assert "REPLICATE_API_TOKEN" in refused.json()["detail"]
        assert "callsheet keys set replicate text_to_image" in refused.json()["detail"]
        server.http.put(f"{keys}/any", json={"secret": "r8_some"}).raise_for_status()
        sim.faults(next=[{"route": "create", "faults": {"throttle": "2"}, "count": 2}])
        job = submit_live(server.http, rows_of(2))
        server.http.delete(f"{keys}/any").raise_for_status()
        state = server.wait_for(job, ["waiting"])
        assert state["problem"]["code"] == "provider_key_missing"
        assert "callsheet keys set replicate text_to_image" in state["problem"]["message"]
        assert sim.orders() == []
        server.http.put(f"{keys}/text_to_image", json={"secret": "r8_new"}).raise_for_status()
        server.http.post(f"/batch/{job}/resume")
        server.wait_for(job, ["succeeded"])
    check_money(server.place, sim, 2)


def test_withdrawn_model_is_switched_off(tmp_path: Path, sim: Simulator) -> None:
    """A model that is gone fails by name without burning an order a row, and is off from then."""
    sim.conditions(withdrawn=["black-forest-labs/flux-schnell"])
    with serving(sqlite_place(tmp_path, sim)) as server:
        job = submit_live(server.http, rows_of(8))
        state = server.wait_for(job, ["failed"])
        codes = {row["error"]["code"] for row in state["rows"]}
        assert codes <= {"model_withdrawn", "model_disabled"}
        assert "model_withdrawn" in codes
        models = server.http.get("/api/models").json()["items"]
        off = next(each for each in models if each["id"] == "replicate/flux-schnell")
        assert not off["enabled"]
        assert "no more" in off["reason"]
    check_money(server.place, sim, 0)


def test_cancelled_job_stops_its_orders(tmp_path: Path) -> None:
    """What waits is given back, what is out is stopped at the provider, and all is accounted."""
    with (
        simulating(tmp_path, run_s=20) as sim,
        serving(sqlite_place(tmp_path, sim, CALLSHEET_PROVIDER_REPLICATE_CONCURRENT="3")) as server,
    ):
        job = submit_live(server.http, rows_of(8))
        until = time.monotonic() + 30
        while len(sim.orders()) < 3:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert server.http.post(f"/batch/{job}/cancel").status_code == 200
        state = server.wait_for(job, ["cancelled"], timeout_s=40)
        while state["stage"] != "done":
            assert time.monotonic() < until + 30
            time.sleep(0.1)
            state = server.state(job)
        assert state["cost"]["held"] == "0.000000"
        assert len(sim.orders()) == 3
        assert {order["status"] for order in sim.orders()} == {"canceled"}
        check_money(server.place, sim, 3)


WEBHOOKS = ("duplicate", "disordered", "forged", "replayed", "stranger", "lost")


def test_webhooks_change_nothing_by_themselves(
    tmp_path: Path, sim: Simulator, unused_port: int
) -> None:
    """Called twice, late, out of order, by a stranger or not at all: the take ends once."""
    public = f"http://127.0.0.1:{unused_port}"
    place = sqlite_place(tmp_path, sim, CALLSHEET_PUBLIC_URL=public)
    rows = [
        row
        for kind in WEBHOOKS
        for row in rows_of(2, mark=f"{kind} [[sim: webhook={kind}, webhook_late=0.3]]")
    ]
    with serving(place, port=unused_port) as server:
        state = server.wait_for(submit_live(server.http, rows), ["succeeded"])
        assert len(state["rows"]) == len(rows)
        metrics = server.http.get("/metrics").text
    told = 'callsheet_webhooks_total{provider="replicate",result="%s"} '
    counts = {
        result: float(metrics.partition(told % result)[2].partition("\n")[0])
        for result in ("new", "seen before", "forged")
    }
    assert counts["new"] == 2 * len(WEBHOOKS)  # none of what is lost, two of what is disordered
    assert counts["seen before"] >= 2
    assert counts["forged"] >= 4
    check_money(place, sim, len(rows))


def test_hostile_webhooks_are_refused(tmp_path: Path, sim: Simulator) -> None:
    """No token, an unknown provider, a huge body: refused, and nothing is kept."""
    with serving(sqlite_place(tmp_path, sim)) as server:
        post = server.http.post
        assert post("/webhooks/replicate/tk_x?token=guess", content=b"{}").status_code == 401
        assert post("/webhooks/replicate/tk_x", content=b"{}").status_code == 401
        assert post("/webhooks/nobody/tk_x", content=b"{}").status_code == 404
        huge = post("/webhooks/replicate/tk_x", content=b"x" * (50 * 1024 * 1024))
        assert huge.status_code == 413
