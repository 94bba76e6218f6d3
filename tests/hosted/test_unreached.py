"""Providers that cannot be reached, or do not know their own orders for a while."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.databases import unused_port
from tests.hosted.test_outages import check_all, shows
from tests.support.hosted import KEY, SETTLES_S, rows_of, simulating, submit_live
from tests.support.processes import Place, Server, serving, until

pytestmark = pytest.mark.on_either_database

AWAY = "provider_not_reached"


def settings(base: str) -> dict[str, str]:
    """Give the settings with which Replicate is looked for at an address."""
    prefix = "CALLSHEET_PROVIDER_REPLICATE"
    own = {f"{prefix}_BASE_URL": base, f"{prefix}_SETTLES_S": str(SETTLES_S)}
    return {**own, "REPLICATE_API_TOKEN": KEY}


def tried(server: Server) -> int:
    """Count the orders for which nobody was reached."""
    lines = server.http.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("callsheet_orders_total") and AWAY in line]
    return int(float(found[0].rpartition(" ")[2])) if found else 0


def test_job_waits_for_a_provider_that_is_not_reached(tmp_path: Path, database_url: str) -> None:
    """It says why, one order at a time is tried, none counts, and it goes on by itself."""
    port = unused_port()
    place = Place(tmp_path, database_url, settings(f"http://127.0.0.1:{port}"))
    with serving(place) as server:
        job = submit_live(server.http, rows_of(50))
        until(lambda: shows(server, job, AWAY))
        until(lambda: tried(server) >= 4)
        state = server.state(job, rows=0)
        assert state["status"] == "waiting"
        assert "replicate" in state["problem"]["message"]
        assert tried(server) < 10
        with simulating(tmp_path, port=port) as sim:
            until(lambda: not shows(server, job, AWAY), timeout_s=100)
            check_all(server, sim, job, 50)


@pytest.mark.parametrize("base", ["http://provider.invalid", "https://127.0.0.1:{port}"])
def test_job_says_that_a_provider_has_no_name_or_no_trust(
    tmp_path: Path, sqlite_url: str, base: str
) -> None:
    """A name that does not exist, and a server that does not speak TLS: nothing was sent."""
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, sqlite_url, settings(base.format(port=sim.port)))
        with serving(place) as server:
            job = submit_live(server.http, rows_of(2))
            until(lambda: shows(server, job, AWAY))
            until(lambda: tried(server) >= 3)
            assert server.http.post(f"/batch/{job}/cancel").status_code == 200
            server.wait_for(job, ["cancelled"])
            assert sim.orders() == []
    with closing(sqlite3.connect(tmp_path / "callsheet.db")) as database:
        assert database.execute("SELECT max(tries) FROM takes").fetchone() == (0,)


def test_an_order_is_missed_several_times_before_a_person_is_asked(
    tmp_path: Path, sqlite_url: str
) -> None:
    """A few 404s pass; one that stays, over five times as long as orders settle, is in doubt."""
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, sqlite_url, sim.settings())
        with serving(place) as server:
            passing = rows_of(1, mark="[[sim: get_fail=404, get_times=3]]")
            lasting = rows_of(1, mark="[[sim: get_fail=404, get_times=1000]]")
            job = submit_live(server.http, [*passing, *lasting])

            def stand() -> list[str]:
                rows = server.state(job)["rows"]
                return [row["variants"][0]["status"] for row in rows if row["variants"]] or ["", ""]

            until(lambda: stand()[0] == "succeeded")
            until(lambda: stand()[1] == "in_doubt", timeout_s=60)
            said = server.state(job)["rows"][1]["variants"][0]["error"]["message"]
            assert "takes reconcile" in said
            assert len(sim.orders()) == 2
    assert place.log("up").count('"take.missed"') >= 3 + 6
