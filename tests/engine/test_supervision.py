"""Loops are kept running, their failures are told, and what cannot be kept running ends it all."""

import asyncio
import logging

import pytest

from callsheet.engine.supervision import MOST_FAILURES, LoopBrokenError, Supervisor

REST_S = 0.01


class Flaky:
    """A loop that fails some times, and then runs."""

    def __init__(self, failures: int) -> None:
        self.left, self.begun = failures, 0
        self.runs = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        if self.left:
            self.left -= 1
            raise KeyError("secret")
        self.runs.set()
        await asyncio.sleep(1_000)


async def stopped(task: asyncio.Task[None]) -> None:
    """Stop a loop."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_failed_loop_is_told_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    """Its failure is critical in the log with its traceback, counted, and shown while it rests."""
    counted: list[str] = []
    loops, flaky = Supervisor(counted.append, REST_S), Flaky(2)
    task = loops.start("poller", flaky)
    async with asyncio.timeout(10):
        await flaky.runs.wait()

    assert (flaky.begun, counted) == (3, ["poller", "poller"])
    failed = [each for each in caplog.records if each.message == "loop.failed"]
    assert [each.levelno for each in failed] == [logging.CRITICAL] * 2
    assert all(each.exc_info for each in failed)
    assert loops.down() == {"poller": "failed with KeyError, 2 of 5 times"}
    await stopped(task)
    assert loops.down() == {}


async def test_loop_that_ends_by_itself_has_failed() -> None:
    """Returning, or being cancelled by what it waits for, is no way to end without a word."""
    ends = 0
    runs = asyncio.Event()

    async def loop() -> None:
        nonlocal ends
        ends += 1
        if ends == 1:
            return
        if ends == 2:
            inner = asyncio.ensure_future(asyncio.sleep(1_000))
            inner.cancel()
            await inner
        runs.set()
        await asyncio.sleep(1_000)

    loops = Supervisor(rest_s=REST_S)
    task = loops.start("ender", loop)
    async with asyncio.timeout(10):
        await runs.wait()
    assert loops.down() == {"ender": "failed with LoopEndedError, 2 of 5 times"}
    await stopped(task)


async def test_loop_that_fails_again_and_again_breaks_the_process_off() -> None:
    """The guarded block is left with the loop's name, and without what the error said."""
    loops, flaky = Supervisor(rest_s=REST_S), Flaky(1_000)
    put_away = False

    async def guarded() -> None:
        nonlocal put_away
        async with asyncio.timeout(10), loops.guarding():
            try:
                await asyncio.sleep(1_000)
            finally:
                await asyncio.sleep(0.05)  # what is put away at the end is not broken off
                put_away = True

    task = loops.start("poller", flaky)
    with pytest.raises(LoopBrokenError, match="'poller' failed 5 times") as caught:
        await guarded()
    assert put_away
    assert "secret" not in str(caught.value)
    assert "KeyError" in str(caught.value)
    await stopped(task)


async def test_failures_end_no_process_that_ends_already() -> None:
    """While things are put away, a loop that fails for it breaks nothing off."""
    loops, flaky = Supervisor(rest_s=0.001), Flaky(MOST_FAILURES)
    async with loops.guarding():
        loops.let_go()
        task = loops.start("poller", flaky)
        async with asyncio.timeout(10):
            await flaky.runs.wait()
    await stopped(task)


async def test_guard_leaves_other_cancellations_alone() -> None:
    """Somebody who cancels the guarded task is not answered with a broken loop."""
    loops = Supervisor()

    async def guarded() -> None:
        async with loops.guarding():
            await asyncio.sleep(1_000)

    task = asyncio.create_task(guarded())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_loop_may_be_started_again_by_its_name() -> None:
    """Stopped and started at once, the new one is watched as the old one was."""
    loops, flaky = Supervisor(rest_s=REST_S), Flaky(1)
    old = loops.start("poller", Flaky(0))
    await asyncio.sleep(0)
    old.cancel()
    new = loops.start("poller", flaky)
    async with asyncio.timeout(10):
        await flaky.runs.wait()
    assert old.done()
    assert "poller" in loops.down()
    await stopped(new)
