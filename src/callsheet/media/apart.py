"""One process for one piece of work: forked, bounded, and gone with all that happened in it.

A file that takes over its decoder owns a process that has no file to open, no socket to make and
nobody to talk to but the pipe that its answer goes through; the next file gets another process.
"""

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import ClassVar, Never

from callsheet.kernel.errors import CallsheetError
from callsheet.media.lockdown import die_with_parent, limit

_STDERR = 2
_MAX_DESCRIPTORS = 4_096
_MAX_ANSWER = 128 << 20
_TOO_SLOW = frozenset({signal.SIGALRM, signal.SIGXCPU})


class ApartTimeoutError(CallsheetError):
    """The work took longer than it may."""

    code: ClassVar[str] = "apart_timeout"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"took longer than {seconds} s")


class ApartKilledError(CallsheetError):
    """The work made the kernel kill its process: a decoder went astray."""

    code: ClassVar[str] = "apart_killed"

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"broke its process ({signal.Signals(signal_number).name})")


class ApartFailedError(CallsheetError):
    """The work raised an error of its own; the process wrote it to its standard error."""

    code: ClassVar[str] = "apart_failed"

    def __init__(self, status: int) -> None:
        super().__init__(f"met a fault (status {status})")


def run_apart(work: Callable[[], list[bytes]], seconds: int) -> bytes:
    """Do `work` in a forked process and answer its bytes, joined.

    `seconds` bounds both its computing and its waiting. Call it from a process of one thread that
    has imported all that `work` needs. Raises ApartTimeoutError,
    ApartKilledError or ApartFailedError.
    """
    parent = os.getpid()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_exit(work, write_end, seconds, parent)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answer = pipe.read(_MAX_ANSWER)
    # What goes beyond the limit meets a closed pipe, and its process ends by it.
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if -status in _TOO_SLOW:
        raise ApartTimeoutError(seconds)
    if status < 0:
        raise ApartKilledError(-status)
    if status:
        raise ApartFailedError(status)
    return answer


def _work_and_exit(
    work: Callable[[], list[bytes]], write_end: int, seconds: int, parent: int
) -> Never:
    """Do the work within bounds, and never return into the caller's code."""
    status = 1
    try:
        die_with_parent(parent)
        _keep_only({_STDERR, write_end})
        limit(resource.RLIMIT_NOFILE, 0)  # no new descriptor of any kind: no file, no socket
        limit(resource.RLIMIT_NPROC, 0)
        # At the hard limit the kernel kills without a word; a second below it says why.
        limit(resource.RLIMIT_CPU, seconds, slack=1)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # whatever the caller made of it
        signal.alarm(seconds)
        for piece in work():
            _write(write_end, piece)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, this process ends here
        traceback.print_exc()
        sys.stderr.flush()
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
