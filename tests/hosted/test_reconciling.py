"""Takes in doubt: found in what the provider lists, or decided by a person."""

import asyncio
from pathlib import Path

import pytest
from tests.support.hosted import check_money, simulating
from tests.support.in_process import generated, settled, working
from tests.support.processes import Place

from callsheet.kernel.ids import LOCAL_WORKSPACE, WorkspaceId
from callsheet.orders.resolutions import Resolution, TakeDecidedError
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import TakeStatus
from callsheet.views.takes import explained, story


async def test_person_decides_where_the_list_does_not_reach(tmp_path: Path) -> None:
    """Nothing moves by itself and the money stays set aside; `never ordered` orders it, once."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            provider = cs.line.providers.hosted["replicate"]
            provider.lists_for_s = 0.5
            sim.faults(next=[{"route": "create", "faults": {"fail_before_accept": "500"}}])
            take = await generated(cs, "a lighthouse")
            assert take.status is TakeStatus.IN_DOUBT
            assert take.flight.held_on
            assert f"callsheet takes reconcile {take.id}" in explained(take, {})
            assert "ordered" in story(take, {})
            await asyncio.sleep(1)
            assert sim.orders() == []
            never = Resolution.NEVER_ORDERED
            decided = await cs.reconciler.decide_all(LOCAL_WORKSPACE, take.job, never, "a test")
            assert decided == [take.id]
            take = await settled(cs, take.id)
            assert take.status is TakeStatus.SUCCEEDED, take.error
            assert await cs.reconciler.decide_all(LOCAL_WORKSPACE, take.job, never, "x") == []
            with pytest.raises(TakeDecidedError):
                await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, never, "a test")
            with pytest.raises(TakeNotFoundError):
                await cs.reconciler.decide(WorkspaceId("other"), take.id, never, "a stranger")
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)


async def test_provider_is_asked_again_on_request(tmp_path: Path) -> None:
    """An order that the list shows after all is found, and paid once."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            provider = cs.line.providers.hosted["replicate"]
            provider.lists_for_s = 0.5
            sim.faults(next=[{"route": "list", "faults": {"fail": "500"}, "count": 3}])
            take = await generated(cs, "a lighthouse [[sim: reset_after_accept]]")
            if take.status is TakeStatus.IN_DOUBT:
                await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, Resolution.ASK, "a test")
                take = await settled(cs, take.id)
            assert take.status is TakeStatus.SUCCEEDED
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)
