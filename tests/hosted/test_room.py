"""The memory budget: bounded, in order, and given back by whoever leaves, however they leave."""

import asyncio
import random
from contextlib import suppress

from callsheet.orders.memory_budget import MemoryBudget


async def test_what_fits_is_let_in_together_and_the_rest_waits() -> None:
    room = MemoryBudget(100)
    let_in: list[str] = []
    go = asyncio.Event()

    async def hold(name: str, size: int) -> None:
        async with room.held(size):
            let_in.append(name)
            await go.wait()

    tasks = [asyncio.create_task(hold(*each)) for each in (("a", 60), ("b", 40), ("c", 1))]
    await asyncio.sleep(0)
    assert let_in == ["a", "b"]
    go.set()
    await asyncio.gather(*tasks)
    assert let_in == ["a", "b", "c"]


async def test_a_large_one_is_not_overtaken_for_ever() -> None:
    room = MemoryBudget(100)
    order: list[int] = []

    async def hold(size: int) -> None:
        async with room.held(size):
            order.append(size)
            await asyncio.sleep(0)

    await asyncio.gather(*(hold(size) for size in (50, 90, 10, 10)))
    assert order == [50, 90, 10, 10]


async def test_what_is_larger_than_all_room_has_it_alone() -> None:
    room = MemoryBudget(100)
    async with asyncio.timeout(1), room.held(1_000):
        small = asyncio.create_task(_enter(room, 1))
        await asyncio.sleep(0)
        assert not small.done()
    await small


async def test_one_that_stops_waiting_lets_the_smaller_ones_behind_it_in() -> None:
    room = MemoryBudget(100)
    async with room.held(50):
        large = asyncio.create_task(_enter(room, 90))
        small = asyncio.create_task(_enter(room, 10))
        await asyncio.sleep(0)
        large.cancel()
        async with asyncio.timeout(1):
            await small
    async with asyncio.timeout(1), room.held(100):
        pass


async def test_one_that_is_cancelled_in_the_moment_of_its_turn_gives_it_back() -> None:
    room = MemoryBudget(100)
    async with room.held(100):
        waiting = asyncio.create_task(_enter(room, 100))
        await asyncio.sleep(0)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1), room.held(100):
        pass


async def test_however_tasks_come_and_go_no_more_is_held_than_there_is() -> None:
    chance = random.Random(7)  # noqa: S311  # repeatable, no secret
    room, held = MemoryBudget(100), 0

    async def hold(size: int) -> None:
        nonlocal held
        async with room.held(size):
            held += size
            try:
                assert held <= 100
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                held -= size

    tasks = [asyncio.create_task(hold(chance.randrange(1, 101))) for _ in range(300)]
    while not all(task.done() for task in tasks):
        chance.choice(tasks).cancel()
        await asyncio.sleep(0)
    assert held == 0
    assert not [task for task in tasks if not task.cancelled() and task.exception()]
    async with asyncio.timeout(1), room.held(100):
        pass


async def _enter(room: MemoryBudget, size: int) -> None:
    async with room.held(size):
        pass
