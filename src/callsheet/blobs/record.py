"""One object as one file: its content, then a trailer with its type, etag and time.

One file means one rename, so that content and facts can never come apart, any file system will
do, and a plain copy of the folder is a backup.
"""

import errno
import fcntl
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

from callsheet.ports.blobs import BlobInfo

FILE_MODE = 0o640

_TRAILER = struct.Struct(">16sqB8s")  # etag, nanoseconds, length of the type before it, magic
_MAGIC = b"CSBLOB1\n"
_LONGEST_TYPE = 255


class Draft:
    """A file being written that is not an object yet. Blocking; used by one caller at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / os.urandom(16).hex()
        self._size = 0
        self._fd = -1

    def open(self) -> None:
        """Make the file. Apart from making the draft, so that a cancelled caller can discard it."""
        self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        fcntl.flock(self._fd, fcntl.LOCK_EX)  # tells a sweep that somebody is at it

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self._size += len(content)
        self._append(content)

    def seal(self, key: str, content_type: str) -> BlobInfo:
        """Add the facts and wait until the disk has all of it."""
        etag, modified_ns = os.urandom(16), time.time_ns()
        kind = content_type.encode()
        self._append(kind + _TRAILER.pack(etag, modified_ns, len(kind), _MAGIC))
        os.fsync(self._fd)
        return BlobInfo(key, self._size, etag.hex(), content_type, _moment(modified_ns))

    def discard(self) -> None:
        """Drop the draft's own name; an object made of it stays."""
        if self._fd >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1

    def _append(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._fd, rest) :]


class Reader:
    """Reads one version of an object, whatever becomes of its name meanwhile. Blocking."""

    def __init__(self, key: str, path: Path) -> None:
        self._key, self._path = key, path
        self._fd = -1

    def open(self) -> BlobInfo:
        """Open the version that is there now. Raises FileNotFoundError."""
        self._fd = os.open(self._path, os.O_RDONLY)
        return _read_info(self._fd, self._key, self._path)

    def read(self, start: int, length: int) -> bytes:
        """Read `length` bytes from `start`, which are within the content."""
        parts: list[bytes] = []
        while length > 0:
            part = os.pread(self._fd, length, start)
            if not part:
                raise OSError(errno.EIO, "became shorter while it was read", str(self._path))
            parts.append(part)
            start, length = start + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Let the file go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read_info(fd: int, key: str, path: Path) -> BlobInfo:
    size = os.fstat(fd).st_size
    tail = os.pread(fd, _LONGEST_TYPE + _TRAILER.size, max(0, size - _LONGEST_TYPE - _TRAILER.size))
    if len(tail) < _TRAILER.size or not tail.endswith(_MAGIC):
        raise OSError(errno.EIO, "damaged, or not written by this store", str(path))
    etag, modified_ns, kind_size, _ = _TRAILER.unpack(tail[-_TRAILER.size :])
    kind = tail[-_TRAILER.size - kind_size : -_TRAILER.size]
    content_size = size - _TRAILER.size - kind_size
    return BlobInfo(key, content_size, etag.hex(), kind.decode(), _moment(modified_ns))


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
