"""The studio's processes: they share work, die, come back, and never outlive their parent."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import uvloop
from tests.media.processes import gone, studio_processes, until
from tests.media.samples import as_file, painted

from callsheet.media.studio import ProcessStudio, StudioClosedError
from callsheet.media.workers import JobLostError
from callsheet.ports.pictures import PictureFacts, StudioUnavailableError, UnreadablePictureError

PICTURE = as_file(painted(1, (64, 48)), "PNG")


class Studios:
    """Makes studios, and closes them when a test ends, well or badly."""

    def __init__(self) -> None:
        self.made: list[ProcessStudio] = []

    def __call__(self, workers: int, **settings: Any) -> ProcessStudio:
        self.made.append(ProcessStudio(workers, **settings))
        return self.made[-1]


@pytest.fixture
async def studios() -> AsyncIterator[Studios]:
    """Make studios of any kind."""
    studios = Studios()
    yield studios
    for studio in studios.made:
        await studio.close()


async def processes_of(studio: ProcessStudio, count: int) -> list[int]:
    """Give the studio so many jobs at once that all its processes start; list them."""
    await asyncio.gather(*(studio.examine(PICTURE) for _ in range(count)))
    return studio_processes()


async def begun(studio: ProcessStudio) -> asyncio.Task[PictureFacts]:
    """Begin a job, and come back when it has been handed to a process."""
    job = asyncio.create_task(studio.examine(PICTURE))
    for _ in range(10):
        await asyncio.sleep(0)
    return job


async def test_processes_start_with_the_first_job_and_say_their_locks(studios: Studios) -> None:
    """Nothing runs before there is work; then the locks in force are known."""
    studio = studios(2)
    assert studio_processes() == []
    before = studio.lockdown

    await studio.examine(PICTURE)
    await studio.examine(PICTURE)

    assert len(studio_processes()) == 1  # one was always free
    assert before is None
    assert studio.lockdown is not None


async def test_two_jobs_run_at_the_same_time(studios: Studios) -> None:
    """While one process is held up in a job, the other does the next, and later both are done."""
    studio = studios(2)
    first, second = await processes_of(studio, 2)
    os.kill(first, signal.SIGSTOP)

    jobs = {await begun(studio), await begun(studio)}
    done, waiting = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)

    os.kill(first, signal.SIGCONT)
    facts = await asyncio.gather(*jobs)
    assert facts[0] == facts[1]
    assert studio_processes() == [first, second]


async def test_no_more_processes_than_asked_for(studios: Studios) -> None:
    """Many jobs at once queue up before few processes and all get done."""
    studio = studios(2)
    facts = await asyncio.gather(*(studio.examine(PICTURE) for _ in range(12)))
    assert len(set(facts)) == 1
    assert len(studio_processes()) == 2


async def test_process_killed_in_a_job_fails_the_job_alone(studios: Studios) -> None:
    """The job is lost with its process, and the next job gets a fresh one."""
    studio = studios(1)
    (process,) = await processes_of(studio, 1)
    os.kill(process, signal.SIGSTOP)
    job = await begun(studio)
    os.kill(process, signal.SIGKILL)

    with pytest.raises(JobLostError, match="status -9"):
        await job
    assert (await studio.examine(PICTURE)).width == 64
    assert studio_processes() != [process]


async def test_process_that_died_between_jobs_is_replaced_unnoticed(studios: Studios) -> None:
    """A process that ended while it had nothing to do costs no job."""
    studio = studios(1)
    (process,) = await processes_of(studio, 1)
    os.kill(process, signal.SIGKILL)
    until(partial(gone, process))

    assert (await studio.examine(PICTURE)).width == 64


async def test_job_beyond_its_time_is_ended_with_its_process(studios: Studios) -> None:
    """A process that does not answer in time is killed, and the next job gets a fresh one."""
    studio = studios(1, picture_seconds=1, grace_seconds=0.0)
    (process,) = await processes_of(studio, 1)
    os.kill(process, signal.SIGSTOP)

    with pytest.raises(UnreadablePictureError, match="took longer than 1 s"):
        await studio.examine(PICTURE)

    assert gone(process)
    assert (await studio.examine(PICTURE)).width == 64


async def test_cancelled_job_does_not_answer_the_next(studios: Studios) -> None:
    """After a caller has gone away, the next caller gets the answer to its own job."""
    studio = studios(1)
    (process,) = await processes_of(studio, 1)
    os.kill(process, signal.SIGSTOP)
    job = await begun(studio)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    other = as_file(painted(2, (32, 32)), "PNG")
    assert (await studio.examine(other)).width == 32
    assert gone(process)


async def test_job_cancelled_while_it_waits_takes_no_process_along(studios: Studios) -> None:
    """Giving up in the queue harms nobody who is being served."""
    studio = studios(1)
    (process,) = await processes_of(studio, 1)
    os.kill(process, signal.SIGSTOP)
    served, waiting = await begun(studio), await begun(studio)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    os.kill(process, signal.SIGCONT)

    assert (await served).width == 64
    assert studio_processes() == [process]


async def test_closing_ends_processes_and_fails_what_is_left(studios: Studios) -> None:
    """No process outlives the studio; jobs under way, waiting and to come fail."""
    studio = studios(1)
    (process,) = await processes_of(studio, 1)
    os.kill(process, signal.SIGSTOP)
    served, waiting = await begun(studio), await begun(studio)

    await studio.close()

    assert gone(process)
    with pytest.raises(StudioUnavailableError):
        await served
    with pytest.raises(StudioClosedError):
        await waiting
    with pytest.raises(StudioClosedError):
        await studio.examine(PICTURE)


PARENT = """
import asyncio, os, signal, sys
from callsheet.media.studio import ProcessStudio
from tests.media.processes import studio_processes

async def main():
    studio = ProcessStudio(2)
    picture = sys.stdin.buffer.read()
    await asyncio.gather(studio.examine(picture), studio.examine(picture))
    one, other = studio_processes()
    os.kill(one, signal.SIGSTOP)
    print(one, other, flush=True)
    await asyncio.gather(studio.examine(picture), asyncio.sleep(600))

asyncio.run(main())
"""


def test_processes_die_with_a_parent_that_is_killed() -> None:
    """After SIGKILL to the parent neither an idle nor a held-up process is left."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(PICTURE)
        parent.stdin.close()
        children = [int(word) for word in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.kill()
    for child in children:
        until(partial(gone, child))


def test_studio_works_on_uvloop() -> None:
    """The event loop that serves the web starts, loses and replaces processes as well."""

    async def through_a_loss() -> int:
        studio = ProcessStudio(1)
        try:
            (process,) = await processes_of(studio, 1)
            os.kill(process, signal.SIGSTOP)
            job = await begun(studio)
            os.kill(process, signal.SIGKILL)
            with pytest.raises(JobLostError):
                await job
            return (await studio.examine(PICTURE)).width
        finally:  # uvloop does not close before its processes have ended
            await studio.close()

    assert uvloop.run(through_a_loss()) == 64


async def test_what_a_decoder_prints_is_logged_with_its_job(
    studios: Studios, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Libtiff complains on its standard error: that is an event of ours, and no line by itself."""
    damaged = bytearray(as_file(painted(1), "TIFF", compression="tiff_lzw"))
    damaged[500:520] = bytes(20)
    await studios(1).shown(bytes(damaged), 192, "somebody")
    (said,) = [record for record in caplog.records if record.message == "studio.said"]
    fields = said.__dict__["fields"]
    assert fields["kind"] == "thumbnails"
    assert "LZWDecode" in fields["said"]
    assert fields["said"].isprintable()
    assert capfd.readouterr().err == ""


async def test_what_a_process_prints_is_logged_on_one_line(
    studios: Studios, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its last words come as an event of ours, escaped, and nothing comes on our standard error."""
    with pytest.raises(StudioUnavailableError):
        await studios(1, memory_bytes="much").examine(PICTURE)
    said = [record for record in caplog.records if record.message == "studio.said"]
    assert said
    for record in said:
        fields = record.__dict__["fields"]
        assert fields["kind"] == "process"
        assert fields["said"].isprintable()
    assert "Error" in "".join(record.__dict__["fields"]["said"] for record in said)
    assert capfd.readouterr().err == ""
