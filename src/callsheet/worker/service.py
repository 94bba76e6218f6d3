"""`callsheet worker`: a process that works until it is told to stop."""

import asyncio
import signal

from callsheet.wiring import Callsheet
from callsheet.worker.ending import end_soon


async def work_until_stopped(cs: Callsheet) -> None:
    """Run works until SIGTERM or SIGINT. Raises WorkerRunningError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    async with cs.working():
        await stop.wait()
        end_soon()
