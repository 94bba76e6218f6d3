"""`callsheet worker`: a process that works until it is told to stop."""

from callsheet.wiring import Callsheet
from callsheet.worker.ending import end_soon
from callsheet.worker.health import telling_health


async def work_until_stopped(cs: Callsheet) -> None:
    """Run works until the process is told to stop. Raises WorkerRunningError, LoopBrokenError."""
    with cs.shutdown.on_signals():
        async with telling_health(cs), cs.working(then=end_soon):
            await cs.shutdown.asked.wait()
