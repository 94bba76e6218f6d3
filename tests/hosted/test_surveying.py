"""Many orders that run are asked about at once; where that does not serve, one by one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.hosted import check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serving
from tests.support.rooms import a_job, a_take

from callsheet.line.hosted.surveying import stretches

TAKES = 40
RUN_S = 6.0  # looked at one by one, a take of this model would be asked about a dozen times


def requests_for(folder: Path, faults: dict[str, Any], offset_s: float) -> dict[str, int]:
    """Make a batch without webhooks; answers how often each route was asked for."""
    with simulating(folder, run_s=RUN_S) as sim:
        sim.faults(**faults)
        sim.conditions(clock_offset_s=offset_s)
        place = Place(folder, f"sqlite:///{folder}/callsheet.db", sim.settings())
        with serving(place) as server:
            job = submit_live(server.http, rows_of(TAKES))
            assert server.wait_for(job, ["succeeded", "failed"])["status"] == "succeeded"
            asked: dict[str, int] = sim.http.get("/_admin/state").json()["requests"]
        check_money(place, sim, TAKES)
    return asked


def test_many_are_asked_about_at_once(tmp_path: Path) -> None:
    """Each take is asked about by itself when it is done, and hardly before."""
    asked = requests_for(tmp_path, {}, 0)
    assert asked["list"] >= 2
    assert asked["get"] <= 3 * TAKES


@pytest.mark.parametrize(
    ("faults", "offset_s"),
    [({"next": [{"route": "list", "faults": {"fail": 500}, "count": 1_000}]}, 0), ({}, 600)],
    ids=["no list", "clock ten minutes off"],
)
def test_without_a_list_they_are_asked_about_one_by_one(
    tmp_path: Path, faults: dict[str, Any], offset_s: float
) -> None:
    """A list that is broken, or that knows another time, holds nothing up."""
    asked = requests_for(tmp_path, faults, offset_s)
    assert asked["list"] >= 1
    assert asked["get"] > 3 * TAKES


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
