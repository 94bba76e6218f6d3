"""One drawing process as the studio holds it: started when needed, killed when in doubt."""

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, cast

from callsheet.kernel.logs import event
from callsheet.media.lockdown import Lockdown, Network
from callsheet.media.wire import Message, WireError, in_one_line, receive_message
from callsheet.ports.pictures import StudioUnavailableError

_LOG = logging.getLogger("callsheet.media")
DRAWING = "callsheet.media.process"
MEASURING = "callsheet.media.measuring.process"
COMPOSITING = "callsheet.media.compositing.process"
CREDENTIALS = "callsheet.media.credentials.process"
_TAKE_FILES = frozenset({MEASURING, CREDENTIALS})
# numpy's BLAS starts threads when it is loaded, which a locked-down process may not
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
_PROBE = "callsheet.media.lockdown"
_START_SECONDS = 60.0
_LAST_WORDS_SECONDS = 1.0
_READ_AHEAD = 1 << 20
_MAX_SAID = 4_096  # characters of one event
_MAX_SAID_BY_PROCESS = 65_536  # bytes that are logged of what one process prints


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a drawing process is started with; each is a bound."""

    picture_seconds: int
    memory_bytes: int
    max_pixels: int
    max_side: int
    meters: tuple[str, ...] = ()  # modules of checks that measure something of their own


class JobLostError(StudioUnavailableError):
    """The drawing process ended before it answered; another try gets a fresh one."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"the drawing process did not finish {kind!r}: {reason}; try again")


class JobTimeoutError(StudioUnavailableError):
    """The drawing process took longer than the job may take, and was killed."""

    def __init__(self, kind: str, seconds: float) -> None:
        super().__init__(f"{kind!r} took longer than {seconds:g} s in the drawing process")
        self.seconds = seconds


class _Jobs:
    """The way of jobs to a process: a pipe that a thread of its own writes to.

    From the event loop a large job would go a few kilobytes at a time, as the process reads it, and
    wait for a turn of the loop with each of them. The thread hands it to the kernel whole.
    """

    def __init__(self) -> None:
        self.read_end, write_end = os.pipe()
        self._pipe = os.fdopen(write_end, "wb", buffering=0)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="studio-jobs")

    async def send(self, pieces: list[bytes], file: int | None = None) -> None:
        """Write a job. Raises BrokenPipeError once the process has ended."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, pieces, file)

    def _write(self, pieces: list[bytes], _file: int | None) -> None:
        left = memoryview(b"".join(pieces))
        while left:
            left = left[self._pipe.write(left) :]

    def close(self) -> None:
        """Close it, as soon as nothing is being written; the process has been killed."""
        self._thread.submit(self._let_go)
        self._thread.shutdown(wait=False)

    def _let_go(self) -> None:
        self._pipe.close()


class _JobsWithFiles(_Jobs):
    """The way of jobs that come with an open file each: a socket, which can hand one over."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self.read_end = theirs.detach()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="measuring-jobs")

    def _write(self, pieces: list[bytes], file: int | None) -> None:
        content = b"".join(pieces)
        sent = socket.send_fds(self._socket, [content], [] if file is None else [file])
        self._socket.sendall(content[sent:])

    def _let_go(self) -> None:
        self._socket.close()


class Worker:
    """A process that does one job at a time. Its caller sees to it that there is one at a time.

    `module` is what it runs: `DRAWING` or `COMPOSITING`, or `MEASURING` or `CREDENTIALS`, which are
    handed files.
    """

    def __init__(self, settings: WorkerSettings, module: str = DRAWING) -> None:
        self._settings, self._module = settings, module
        self._process: Process | None = None
        self._jobs: _Jobs | None = None
        self._listening: asyncio.Task[None] | None = None
        self.lockdown: Lockdown | None = None

    async def start(self) -> None:
        """Start the process now, so that its first job need not wait. Raises JobLostError."""
        try:
            await self._running()
        except (OSError, EOFError, TimeoutError) as error:
            await self._discard()
            raise JobLostError("start", "it did not start") from error

    async def ask(self, job: Message, seconds: float, file: int | None = None) -> Message:
        """Have a job done. Raises JobTimeoutError or JobLostError, after which all is fresh again.

        `file` is a descriptor that goes with it. Cancelling it kills the process: its answer would
        otherwise meet the next job.
        """
        kind = str(job.fields["kind"])
        pieces = job.pieces()
        try:
            process, jobs = await self._running()
            async with asyncio.timeout(seconds):
                await jobs.send(pieces, file)
                return _told(kind, await _answer(process))
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
            await self._hear_out()
        self._close_jobs()

    async def _running(self) -> tuple[Process, _Jobs]:
        if self._process is not None and self._jobs is not None and _runs(self._process):
            return self._process, self._jobs
        await self._discard()
        settings = json.dumps({**asdict(self._settings), "parent": os.getpid()})
        # -I and an empty environment: no path from outside, and none of our secrets inside. A
        # session of its own, so that Ctrl-C at a terminal is ours to answer.
        self._jobs = _JobsWithFiles() if self._module in _TAKE_FILES else _Jobs()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-m", self._module, settings),
                stdin=self._jobs.read_end,
                stdout=PIPE,
                stderr=PIPE,  # not our own: nobody else writes lines into our log
                env=_ENVIRONMENT,
                limit=_READ_AHEAD,
                start_new_session=True,
            )
        finally:
            os.close(self._jobs.read_end)  # the process has its own
        self._listening = asyncio.create_task(_listen(self._process))
        async with asyncio.timeout(_START_SECONDS):
            greeting = await _answer(self._process)
        self.lockdown = _locks(greeting.fields["lockdown"])
        return self._process, self._jobs

    async def _discard(self, patience_s: float = 0.0) -> int | None:
        """Kill the process, drain what it still said, and see it off; answer its status.

        One that closed its pipes is about to end; a little patience then tells how it ended.
        """
        process, self._process = self._process, None
        if process is None:
            self._close_jobs()
            return None
        try:
            if patience_s:
                await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            pass
        finally:
            _kill(process)
            self._close_jobs()
        with contextlib.suppress(OSError):
            await cast("asyncio.StreamReader", process.stdout).read()
        status = await process.wait()
        await self._hear_out()
        return status

    async def _hear_out(self) -> None:
        """Log the last that a process printed, which has ended."""
        if self._listening is not None:
            await asyncio.wait({self._listening}, timeout=_LAST_WORDS_SECONDS)
            self._listening = None

    def _close_jobs(self) -> None:
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None


async def probe(memory_bytes: int) -> Lockdown:
    """Ask which locks a drawing process would have, by locking one down that draws nothing.

    Raises StudioUnavailableError.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", _PROBE, str(memory_bytes)), stdout=PIPE, stderr=PIPE, env={}
    )
    said = b""
    try:
        async with asyncio.timeout(_START_SECONDS):
            told, said = await process.communicate()
        return _locks(json.loads(told))
    except (TimeoutError, ValueError, KeyError) as error:
        _log_said("probe", said.decode(errors="replace"))
        raise StudioUnavailableError(
            "no process could be locked down to see which locks hold"
        ) from error
    finally:
        _kill(process)


def _locks(fields: dict[str, Any]) -> Lockdown:
    return Lockdown(fields["landlock"], Network(fields["network"]), fields["filtered"])


async def _listen(process: Process) -> None:
    """Log what a process prints until it ends; beyond a limit it is read and forgotten."""
    printed = cast("asyncio.StreamReader", process.stderr)
    room = _MAX_SAID_BY_PROCESS
    while part := await printed.read(_MAX_SAID):
        if room > 0:
            _log_said("process", part.decode(errors="replace"))
        room -= len(part)


def _told(kind: str, answer: Message) -> Message:
    """Log what a decoder printed, and pass on its answer without it."""
    if "said" in answer.fields:
        _log_said(kind, answer.fields.pop("said"))
    return answer


def _log_said(kind: str, said: object) -> None:
    _LOG.warning("studio.said", extra=event(kind=kind, said=in_one_line(said, _MAX_SAID)))


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
