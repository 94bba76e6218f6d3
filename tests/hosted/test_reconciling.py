"""Takes in doubt: matched with what the provider lists, or decided by a person."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.hosted import check_money, simulating
from tests.support.in_process import generated, settled, working
from tests.support.processes import Place
from tests.support.rooms import NOW, a_job, a_take

from callsheet.kernel.digests import digest_of
from callsheet.kernel.ids import LOCAL_WORKSPACE, TakeId, WorkspaceId
from callsheet.line.hosted.reconciling import matched
from callsheet.line.hosted.verdicts import TakeDecidedError, Verdict
from callsheet.ports.hosted import Found
from callsheet.ports.models import Payload
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import Take, TakeStatus
from callsheet.views.takes import explained, story

JOB = a_job()
SENT = {"model": "a", "input": {"prompt": "x"}}


def doubted(number: int, sent: Payload | None = None, after_s: float = 0) -> Take:
    """Word a take in doubt."""
    return replace(
        a_take(JOB, row=number),
        id=TakeId(f"tk_{number}"),
        status=TakeStatus.IN_DOUBT,
        order_digest=digest_of(sent or SENT),
        ordered_at=NOW + timedelta(seconds=after_s),
    )


def listed(
    ticket: str, payload: Payload | None = None, after_s: float = 1, take: str = ""
) -> Found:
    """Word an order that a provider lists."""
    at = NOW + timedelta(seconds=after_s)
    return Found(ticket, payload or SENT, at, TakeId(take) if take else None)


def test_takes_that_sent_the_same_get_an_order_each() -> None:
    """Two of three equal takes were ordered: the first two get them, the third none."""
    takes = [doubted(1), doubted(2, after_s=1), doubted(3, after_s=2)]
    found = matched(takes, [listed("b", after_s=3), listed("a", after_s=2)])
    assert found == {"tk_1": "a", "tk_2": "b"}


def test_what_others_sent_is_not_ours() -> None:
    """Another prompt, or the same one sent long before, is no evidence."""
    other = {"model": "a", "input": {"prompt": "y"}}
    assert matched([doubted(1)], [listed("a", other), listed("b", after_s=-1_000)]) == {}


def test_an_order_that_names_its_take_goes_to_it() -> None:
    """Where a provider carries our id, that decides, whatever was sent."""
    takes = [doubted(1), doubted(2)]
    found = matched(takes, [listed("a", take="tk_2"), listed("b")])
    assert found == {"tk_1": "b", "tk_2": "a"}


async def test_person_decides_where_the_list_does_not_reach(tmp_path: Path) -> None:
    """Nothing moves by itself and the money stays set aside; `never ordered` orders it, once."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            provider = cs.house.hosted["replicate"]
            provider.lists_for_s = 0.5
            sim.faults(next=[{"route": "create", "faults": {"fail_before_accept": "500"}}])
            take = await generated(cs, "a lighthouse")
            assert take.status is TakeStatus.IN_DOUBT
            assert take.held_on
            assert f"callsheet takes reconcile {take.id}" in explained(take, {})
            assert "ordered" in story(take, {})
            await asyncio.sleep(1)
            assert sim.orders() == []
            never = Verdict.NEVER_ORDERED
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
            provider = cs.house.hosted["replicate"]
            provider.lists_for_s = 0.5
            sim.faults(next=[{"route": "list", "faults": {"fail": "500"}, "count": 3}])
            take = await generated(cs, "a lighthouse [[sim: reset_after_accept]]")
            if take.status is TakeStatus.IN_DOUBT:
                await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, Verdict.ASK, "a test")
                take = await settled(cs, take.id)
            assert take.status is TakeStatus.SUCCEEDED
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)
