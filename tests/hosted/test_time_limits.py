"""Orders that never end: stopped at the model's time limit, and left to a person if they go on."""

from pathlib import Path

import pytest
from tests.support.hosted import check_money, simulating
from tests.support.in_process import generated, settled, working
from tests.support.processes import Place

from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.orders.resolutions import Resolution
from callsheet.takes.model import TakeStatus
from callsheet.views.takes import explained


@pytest.mark.parametrize(("fault", "billed"), [("never_ends", 3_000), ("never_starts", 0)])
async def test_order_that_never_ends_is_stopped(tmp_path: Path, fault: str, billed: int) -> None:
    """At the limit the provider is told to stop; the take fails by name, and what ran is paid."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            take = await generated(cs, f"a lighthouse [[sim: {fault}]]")
        assert take.status is TakeStatus.FAILED
        assert (take.error or {})["code"] == "time_limit"
        [order] = sim.orders()
        assert order["status"] in ("canceled", "aborted")
        assert take.charged.micros == order["charged_micros"] == billed
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)


async def test_order_that_cannot_be_stopped_waits_for_a_person(tmp_path: Path) -> None:
    """Its money stays set aside until somebody says what became of it."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            mark = "[[sim: never_ends, cancel_fail=500, cancel_times=1000]]"
            take = await generated(cs, f"a lighthouse {mark}")
            assert take.status is TakeStatus.IN_DOUBT
            assert take.flight.held_on
            assert f"callsheet takes reconcile {take.id}" in explained(take, {})
            await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, Resolution.SPENT, "a test")
            take = await settled(cs, take.id)
        assert take.status is TakeStatus.FAILED
        assert (take.error or {})["code"] == "spent_and_lost"
        assert take.charged == take.price
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)
