"""One process for one piece of work: forked, bounded, and gone with all that happened in it.

A file that takes over its decoder owns a process that has no file to open, no socket to make, no
process to touch and nobody to talk to but two pipes: one for its answer, one for what it prints.
The next file gets another process.
"""

import contextlib
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, Never

from callsheet.kernel.errors import CallsheetError
from callsheet.media.filtering import FILE
from callsheet.media.lockdown import confine, die_with_parent, limit

_STDERR = 2
_MAX_DESCRIPTORS = 4_096
_MAX_ANSWER = 128 << 20
_MAX_SAID = 4_096
_READ_AT_ONCE = 1 << 18
_END_S: Final = 0.000_5  # between looks at a process that has closed its pipes: it is about to end


class ApartError(CallsheetError):
    """The work came to no answer; `said` is what its process printed, cut off.

    It is bytes of a stranger's making: spell it with `wire.in_one_line` before it goes anywhere.
    """

    code: ClassVar[str] = "apart"

    def __init__(self, message: str, said: bytes) -> None:
        super().__init__(message)
        self.said = said


class ApartTimeoutError(ApartError):
    """The work took longer than it may."""

    code: ClassVar[str] = "apart_timeout"

    def __init__(self, seconds: int, said: bytes) -> None:
        super().__init__(f"took longer than {seconds} s", said)


class ApartKilledError(ApartError):
    """The work made the kernel kill its process: a decoder went astray."""

    code: ClassVar[str] = "apart_killed"

    def __init__(self, signal_number: int, said: bytes) -> None:
        super().__init__(f"broke its process ({signal.Signals(signal_number).name})", said)


class ApartFailedError(ApartError):
    """The work raised an error of its own."""

    code: ClassVar[str] = "apart_failed"

    def __init__(self, status: int, said: bytes) -> None:
        super().__init__(f"met a fault (status {status})", said)


@dataclass(frozen=True, slots=True)
class Apart:
    """What a piece of work answered, and what its process printed beside."""

    answer: bytes
    said: bytes


def run_apart(
    work: Callable[[], list[bytes]],
    seconds: int,
    *,
    filtered: bool = True,
    file: int | None = None,
) -> Apart:
    """Do `work` in a forked process and answer its bytes, joined.

    `file` is a descriptor that `work` finds as `filtering.FILE`, and may read at places it names.

    `seconds` bounds both its computing and its waiting; at the end of either, whatever it has
    started ends with it. Without `filtered` it goes without a filter of system calls, for kernels
    that have none. Call it from a process of one thread that has imported all that `work` needs.
    Raises ApartTimeoutError, ApartKilledError or ApartFailedError.
    """
    deadline = time.monotonic() + seconds
    parent = os.getpid()
    answer_end, answering = os.pipe()
    said_end, saying = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_exit(work, (answering, saying), seconds, parent, filtered=filtered, file=file)
    os.close(answering)
    os.close(saying)
    answer, said, in_time = _heard(answer_end, said_end, deadline)
    status = _ended(child, deadline if in_time else 0)
    if not in_time or status is None or -status == signal.SIGXCPU:
        raise ApartTimeoutError(seconds, said)
    if status < 0:
        raise ApartKilledError(-status, said)
    if status:
        raise ApartFailedError(status, said)
    return Apart(answer, said)


def _heard(answer_end: int, said_end: int, deadline: float) -> tuple[bytes, bytes, bool]:
    """Read both pipes to their ends, and close them; say whether that was in time.

    An answer that goes beyond its limit meets a closed pipe. What is printed beyond its own is read
    and forgotten: it is nothing to fail for.
    """
    answer, said = bytearray(), bytearray()
    waiting = select.poll()
    left = {answer_end, said_end}
    for pipe in left:
        waiting.register(pipe, select.POLLIN)
    try:
        while left:
            ready = waiting.poll(max(0.0, deadline - time.monotonic()) * 1_000)
            if not ready:
                return bytes(answer), bytes(said), False
            for pipe, _ in ready:
                part = os.read(pipe, _READ_AT_ONCE)
                if pipe == said_end:
                    said += part[: _MAX_SAID - len(said)]
                else:
                    answer += part
                if not part or len(answer) > _MAX_ANSWER:
                    waiting.unregister(pipe)
                    left.remove(pipe)
                    os.close(pipe)
    finally:
        for pipe in left:
            os.close(pipe)
    return bytes(answer), bytes(said), True


def _ended(child: int, deadline: float) -> int | None:
    """See a process off, with all of its group; its exit code, or None if it had to be killed."""
    wanted = os.WEXITED | os.WNOHANG | os.WNOWAIT  # unburied, its number is nobody else's
    while (over := os.waitid(os.P_PID, child, wanted)) is None and time.monotonic() < deadline:
        time.sleep(_END_S)
    for whom in (-child, child):
        with contextlib.suppress(ProcessLookupError):
            os.kill(whom, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if over is None else status


def _work_and_exit(
    work: Callable[[], list[bytes]],
    pipes: tuple[int, int],
    seconds: int,
    parent: int,
    *,
    filtered: bool,
    file: int | None,
) -> Never:
    """Do the work within bounds, and never return into the caller's code."""
    status = 1
    try:
        os.setpgid(0, 0)  # whatever it starts can be ended with it
        answering, saying = pipes
        os.dup2(saying, _STDERR)
        kept = {_STDERR, answering}
        if file is not None:
            kept.add(os.dup2(file, FILE))
        _keep_only(kept)
        # At the hard limit the kernel kills without a word; a second below it says why.
        limit(resource.RLIMIT_CPU, seconds, slack=1)
        die_with_parent(parent)
        confine(filtered=filtered, has_file=file is not None)
        for piece in work():
            _write(answering, piece)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, this process ends here
        _write(_STDERR, traceback.format_exc().encode())
    finally:
        os._exit(status)


def _keep_only(kept: set[int]) -> None:
    """Close every other descriptor: above all the pipes to the studio, which could be forged."""
    start = 0
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, _MAX_DESCRIPTORS)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
