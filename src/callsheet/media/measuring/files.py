"""The file that a decoder was given, read at named places: no place is shared with anybody."""

import io
import os
from typing import Any, Final, Never

from callsheet.media.filtering import FILE

_AT_ONCE: Final = 8 << 20


class GivenFile(io.RawIOBase):
    """Descriptor `FILE` as an object that libav and Pillow can read; it has no name."""

    def __init__(self, size: int, descriptor: int = FILE) -> None:
        self._descriptor, self._size, self._at = descriptor, size, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the place at which is read next."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Tell the place at which is read next."""
        return self._at

    def readinto(self, room: Any) -> int:
        """Read into a buffer, as much as it holds."""
        content = self.read(len(room))
        room[: len(content)] = content
        return len(content)

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; the end is where the file ended when it was opened."""
        left = max(0, self._size - self._at)
        wanted = min(left if size < 0 else size, left)
        pieces = []
        while wanted:
            piece = os.pread(self._descriptor, min(wanted, _AT_ONCE), self._at)
            if not piece:
                break  # it was cut while it was read
            pieces.append(piece)
            self._at += len(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def refused(*_: object) -> Never:
    """Open nothing else, whatever a file asks for."""
    raise PermissionError("a media file may name no other file")
