"""Making a file of what is to be measured, wherever it is: processes are handed files, not bytes.

A file of memory has no name, and is gone when the last who has it open lets go.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from callsheet.ports.measuring import OpenFile, UnreadableMediaError
from callsheet.ports.pictures import Glimpse

_AT_ONCE: Final = 1 << 30


@contextmanager
def as_file(content: bytes | Glimpse | OpenFile) -> Iterator[tuple[OpenFile, bool]]:
    """Answer an open file of `content`, and whether only parts of it are known."""
    if isinstance(content, OpenFile):
        yield content, False
        return
    if isinstance(content, bytes):
        content = Glimpse(len(content), [(0, content)])
    descriptor = os.memfd_create("media", os.MFD_CLOEXEC)
    try:
        os.truncate(descriptor, content.size)  # what lies between the parts reads as zeros
        for start, part in content.parts:
            _write(descriptor, part, start)
        yield OpenFile.of(descriptor), sum(len(part) for _, part in content.parts) < content.size
    finally:
        os.close(descriptor)


@contextmanager
def opened_file(path: Path) -> Iterator[OpenFile]:
    """Open a file on disk for measuring. Raises UnreadableMediaError, with the system's reason."""
    try:
        # a pipe or a device would let us wait for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UnreadableMediaError(f"it cannot be opened ({error.strerror})") from error
    try:
        if not _is_plain(descriptor):
            raise UnreadableMediaError("it is no plain file")
        yield OpenFile.of(descriptor)
    finally:
        os.close(descriptor)


def _is_plain(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _write(descriptor: int, content: bytes, start: int) -> None:
    left = memoryview(content)
    while left:
        done = os.pwrite(descriptor, left[:_AT_ONCE], start)
        left, start = left[done:], start + done
