"""Many orders that run are asked about at once; where that does not serve, one by one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.databases import unused_port
from tests.support.hosted import check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serving
from tests.support.rooms import a_job, a_take

from callsheet.database.connections import parse_url, sync_engine
from callsheet.orders.bulk_status import stretches
from callsheet.takes.tables import TAKES

COUNT = 40
RUN_S = 6.0  # looked at one by one, a take of this model would be asked about a dozen times


def requests_for(folder: Path, faults: dict[str, Any], offset_s: float) -> dict[str, int]:
    """Make a batch without webhooks; answers how often each route was asked for."""
    with simulating(folder, run_s=RUN_S) as sim:
        sim.faults(**faults)
        sim.conditions(clock_offset_s=offset_s)
        place = Place(folder, f"sqlite:///{folder}/callsheet.db", sim.settings())
        with serving(place) as server:
            job = submit_live(server.http, rows_of(COUNT))
            assert server.wait_for(job, ["succeeded", "failed"])["status"] == "succeeded"
            asked: dict[str, int] = sim.http.get("/_admin/state").json()["requests"]
        check_money(place, sim, COUNT)
    return asked


def test_many_are_asked_about_at_once(tmp_path: Path) -> None:
    """Each take is asked about by itself when it is done, and hardly before."""
    asked = requests_for(tmp_path, {}, 0)
    assert asked["list"] >= 2
    assert asked["get"] <= 3 * COUNT


@pytest.mark.parametrize(
    ("faults", "offset_s", "most"),
    [
        ({"next": [{"route": "list", "faults": {"fail": 500}, "count": 1_000}]}, 0, 3),
        ({}, 600, 1_000),
    ],
    ids=["no list", "clock ten minutes off"],
)
def test_without_a_list_they_are_asked_about_one_by_one(
    tmp_path: Path, faults: dict[str, Any], offset_s: float, most: int
) -> None:
    """A list that is broken (and left alone), or of another time, holds nothing up."""
    asked = requests_for(tmp_path, faults, offset_s)
    assert 1 <= asked["list"] <= most
    assert asked["get"] > 3 * COUNT


def test_a_webhook_passes_a_survey(tmp_path: Path) -> None:
    """Whoever still asks about many at once holds up no take of which the provider calls."""
    port = unused_port()
    settles_s = 12.0  # a quarter of it an order waits for its end, half of it any request
    asked_after_s, given_up_after_s = 10, 15  # orders that call back; a list that does not answer
    with simulating(tmp_path, run_s=settles_s / 4 + asked_after_s + 1.5) as sim:
        sim.faults(next=[{"route": "list", "faults": {"hang": True}, "count": 1_000}])
        settings = sim.settings(
            CALLSHEET_PUBLIC_URL=f"http://127.0.0.1:{port}",
            CALLSHEET_PROVIDER_REPLICATE_SETTLES_S=str(settles_s),
        )
        place = Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", settings)
        with serving(place, port=port) as server:
            job = submit_live(server.http, rows_of(COUNT))
            assert server.wait_for(job, ["succeeded", "failed"])["status"] == "succeeded"
            assert sim.http.get("/_admin/state").json()["requests"]["list"] >= 1
        times = sa.select(TAKES.c.running_at, TAKES.c.adopting_at)
        with sync_engine(parse_url(place.database_url)).connect() as connection:
            ran_s = [(end - start).total_seconds() for start, end in connection.execute(times)]
        assert asked_after_s < max(ran_s) < asked_after_s + given_up_after_s
        check_money(place, sim, COUNT)


def ordered(*seconds: float) -> list[Any]:
    """Give takes that were ordered at some seconds of a minute."""
    job, noon = a_job(), datetime(2026, 11, 28, 12, tzinfo=UTC)
    return [
        a_take(job, 1 + n, 1, ordered_at=noon + timedelta(seconds=second))
        for n, second in enumerate(seconds)
    ]


def test_times_are_surveyed_in_which_enough_was_ordered() -> None:
    """Orders close to each other make one stretch; a few by themselves make none."""
    together, lonely, later = range(8), [30, 31], [50, 51.5, 58, 59]
    found = [
        (since.second, until.second)
        for since, until in stretches(ordered(*later, *together, *lonely))
    ]
    assert found == [(59, 10), (49, 2)]
    assert not list(stretches(ordered()))
    assert not list(stretches(ordered(1, 20, 40)))
