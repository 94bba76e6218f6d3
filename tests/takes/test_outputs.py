"""What takes made: written once with the end of its take, and by nobody whose claim has passed."""

from tests.support.rooms import NOW, a_job, a_take, opened

from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import sha256_of
from callsheet.takes.model import Outcome, TakeStatus
from callsheet.takes.outputs import OutputRole, add_outputs, outputs_of
from callsheet.takes.store import TakeStore

FIRST, SECOND, THIRD = (sha256_of(name) for name in (b"1", b"2", b"3"))


async def test_a_take_has_all_that_it_made(database_url: str) -> None:
    """In the order in which it came, the first as what the take stands for; twice is once."""
    job, store = a_job(), TakeStore()
    takes = [a_take(job, row, status=TakeStatus.ADOPTING, epoch=4) for row in (1, 2, 3)]
    outcomes = [
        Outcome(takes[0].id, 4, asset=FIRST, further=(SECOND, THIRD)),
        Outcome(takes[1].id, 3, asset=FIRST, further=(SECOND,)),  # somebody claimed it since
        Outcome(takes[2].id, 4, error={"code": "x"}),
    ]
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await JobStore().add(connection, job)
            await store.add(connection, takes)
            for _ in range(2):
                await store.finish(connection, outcomes, NOW)
                await add_outputs(connection, outcomes)
            found = await outputs_of(connection, [take.id for take in takes])
            ended = await store.of_any_workspace(connection, takes[0].id)
        assert ended.asset == FIRST
        assert {
            take: [(each.position, each.asset, each.role) for each in outputs]
            for take, outputs in found.items()
        } == {
            takes[0].id: [
                (1, FIRST, OutputRole.MAIN),
                (2, SECOND, OutputRole.FURTHER),
                (3, THIRD, OutputRole.FURTHER),
            ]
        }
