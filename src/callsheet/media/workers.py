"""One drawing process as the studio holds it: started when needed, killed when in doubt."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict, dataclass
from typing import cast

from callsheet.media.lockdown import Lockdown, Network
from callsheet.media.wire import Message, WireError, receive_message
from callsheet.ports.pictures import StudioUnavailableError

_MODULE = "callsheet.media.process"
_START_SECONDS = 60.0
_LAST_WORDS_SECONDS = 1.0
_READ_AHEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a drawing process is started with; each is a bound."""

    picture_seconds: int
    memory_bytes: int
    max_pixels: int
    max_side: int
    clips: bool = False  # it looks at clips, and draws nothing


class JobLostError(StudioUnavailableError):
    """The drawing process ended before it answered; another try gets a fresh one."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"the drawing process did not finish {kind!r}: {reason}; try again")


class JobTimeoutError(StudioUnavailableError):
    """The drawing process took longer than the job may take, and was killed."""

    def __init__(self, kind: str, seconds: float) -> None:
        super().__init__(f"{kind!r} took longer than {seconds:g} s in the drawing process")
        self.seconds = seconds


class Worker:
    """A process that does one job at a time. Its caller sees to it that there is one at a time."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._process: Process | None = None
        self.lockdown: Lockdown | None = None

    async def ask(self, job: Message, seconds: float) -> Message:
        """Have a job done. Raises JobTimeoutError or JobLostError, after which all is fresh again.

        Cancelling it kills the process: its answer would otherwise meet the next job.
        """
        kind = str(job.fields["kind"])
        pieces = job.pieces()
        try:
            process = await self._running()
            async with asyncio.timeout(seconds):
                return await _exchange(process, pieces)
        except TimeoutError as error:
            await self._discard()
            raise JobTimeoutError(kind, seconds) from error
        except (OSError, EOFError) as error:
            status = await self._discard(patience_s=_LAST_WORDS_SECONDS)
            raise JobLostError(kind, f"it ended with status {status}") from error
        except WireError as error:
            await self._discard()
            raise JobLostError(kind, str(error)) from error
        except BaseException:
            await self._discard()
            raise

    async def stop(self) -> None:
        """Kill the process; a job that it is doing fails."""
        if self._process is not None and self._process.returncode is None:
            _kill(self._process)
            await self._process.wait()

    async def _running(self) -> Process:
        if self._process is not None and _runs(self._process):
            return self._process
        await self._discard()
        settings = json.dumps({**asdict(self._settings), "parent": os.getpid()})
        # -I and an empty environment: no path from outside, and none of our secrets inside. A
        # session of its own, so that Ctrl-C at a terminal is ours to answer.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-m", _MODULE, settings),
            stdin=PIPE,
            stdout=PIPE,
            env={},
            limit=_READ_AHEAD,
            start_new_session=True,
        )
        async with asyncio.timeout(_START_SECONDS):
            greeting = await _answer(self._process)
        locks = greeting.fields["lockdown"]
        self.lockdown = Lockdown(locks["landlock"], Network(locks["network"]))
        return self._process

    async def _discard(self, patience_s: float = 0.0) -> int | None:
        """Kill the process, drain what it still said, and see it off; answer its status.

        One that closed its pipes is about to end; a little patience then tells how it ended.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            if patience_s:
                await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            pass
        finally:
            _kill(process)
        cast("asyncio.StreamWriter", process.stdin).close()
        with contextlib.suppress(OSError):
            await cast("asyncio.StreamReader", process.stdout).read()
        return await process.wait()


async def _exchange(process: Process, pieces: list[bytes]) -> Message:
    jobs = cast("asyncio.StreamWriter", process.stdin)
    jobs.writelines(pieces)
    await jobs.drain()
    return await _answer(process)


async def _answer(process: Process) -> Message:
    return await receive_message(cast("asyncio.StreamReader", process.stdout))


def _runs(process: Process) -> bool:
    """Ask the kernel, which knows of an end before the event loop hears of it."""
    if process.returncode is not None:
        return False
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
