"""What people may say of a take, and cancelling it: an answer in every state."""

from pathlib import Path

import pytest
from tests.hosted.test_kept_answers import answered, at_rest, held, parcels, put, read

from callsheet.jobs.model import JobStatus
from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.orders.resolutions import Resolution
from callsheet.takes.model import OUT, WAITING, TakeStatus

S = TakeStatus
REFUSED: dict[TakeStatus, dict[Resolution, str]] = {
    S.QUOTED: dict.fromkeys(Resolution, "nothing_ordered"),
    S.HELD: dict.fromkeys(Resolution, "nothing_ordered"),
    S.ORDERED: dict.fromkeys(Resolution, "order_under_way"),
    # OpenAI's orders may arrive within ten minutes; test_reconciling.py waits until they cannot
    S.IN_DOUBT: {Resolution.NEVER_ORDERED: "too_early"},
    S.RUNNING: {Resolution.NEVER_ORDERED: "order_accepted"},
    S.ADOPTING: {Resolution.NEVER_ORDERED: "order_accepted"},
    S.SUCCEEDED: dict.fromkeys(Resolution, "not_in_doubt"),
    S.FAILED: dict.fromkeys(Resolution, "not_in_doubt"),
    S.CANCELLED: dict.fromkeys(Resolution, "not_in_doubt"),
}
DONE = {Resolution.SPENT: S.FAILED}


@pytest.mark.parametrize("status", [*S])
async def test_every_verdict_is_answered_in_every_state(tmp_path: Path, status: TakeStatus) -> None:
    """It is done, or refused by a name of its own that leaves the take as it was."""
    async with at_rest(tmp_path) as cs:
        for verdict in Resolution:
            take = await answered(cs)
            for key in await parcels(cs):
                await cs.line.media.blobs.delete(key)
            take = await put(cs, take, status)
            code = REFUSED[status].get(verdict)
            if code is not None:
                with pytest.raises(ConflictError) as refused:
                    await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, verdict, "a test")
                assert refused.value.code == code
                assert await read(cs, take) == take
                continue
            await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, verdict, "a test")
            now = await read(cs, take)
            assert now.status is DONE.get(verdict, status)
            if verdict is Resolution.SPENT:
                assert now.charged == take.price
                assert await held(cs, take) == "0.000000"
            else:
                assert now.flight.due_at is not None


@pytest.mark.parametrize("status", [*S])
async def test_cancelling_is_answered_in_every_state(tmp_path: Path, status: TakeStatus) -> None:
    """What waits ends and is given back, what is out goes on to its end, what ended is refused."""
    async with at_rest(tmp_path) as cs:
        take = await put(cs, await answered(cs), status)
        await cs.control.cancel_single(LOCAL_WORKSPACE, take.job)
        now = await read(cs, take)
        async with cs.database.read() as connection:
            job = await cs.line.jobs.store.of_any_workspace(connection, take.job)
        assert job.status is JobStatus.CANCELLED
        if status in WAITING:
            assert (now.status, await held(cs, take)) == (S.CANCELLED, "0.000000")
        else:
            assert now.status is status
            assert now.flight.cancel_asked is (status in OUT)
