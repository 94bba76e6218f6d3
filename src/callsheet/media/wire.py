"""Messages between the studio and its processes: a size, a JSON header, then raw bytes.

    4 bytes    size of the header, big-endian
    header     JSON: {"sizes": [n, m, ...], ...fields}
    n, m, ...  bytes that belong to it: pictures

Never pickle: what comes back was touched by decoders that read hostile files.
"""

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from callsheet.kernel.errors import CallsheetError

if TYPE_CHECKING:  # a drawing process has no use for it
    import asyncio

_SIZE = struct.Struct("!I")
_MAX_HEADER = 4 << 20
_MAX_CONTENT = 512 << 20
REASON_CHARS = 400  # of why a picture cannot be read, in a decoder's words


class WireError(CallsheetError):
    """A message between the studio and its process is out of form."""

    code: ClassVar[str] = "studio_wire"

    def __init__(self, reason: str) -> None:
        super().__init__(f"a message to or from the drawing process {reason}")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: JSON fields, and the raw bytes that go with them."""

    fields: dict[str, Any]
    blobs: Sequence[bytes] = ()

    def pieces(self) -> list[bytes]:
        """Spell it for the pipe, without copying the blobs. Raises WireError if it is too large."""
        header = json.dumps({**self.fields, "sizes": [len(blob) for blob in self.blobs]}).encode()
        if len(header) > _MAX_HEADER:
            raise WireError(f"has {len(header):,} bytes of text, at most {_MAX_HEADER:,} fit")
        content = sum(map(len, self.blobs))
        if content > _MAX_CONTENT:
            raise WireError(f"has {content:,} bytes of pictures, at most {_MAX_CONTENT:,} fit")
        return [_SIZE.pack(len(header)), header, *self.blobs]


def read_message(read: Callable[[int], bytes]) -> Message | None:
    """Read one message from a blocking pipe; None where it ends between messages."""
    prefix = read(_SIZE.size)
    if not prefix:
        return None
    fields, sizes = _header(read(_header_size(prefix)))
    blobs = [read(size) for size in sizes]
    if [len(blob) for blob in blobs] != sizes:
        raise WireError("breaks off")
    return Message(fields, blobs)


async def receive_message(reader: "asyncio.StreamReader") -> Message:
    """Read one message from a process. Raises WireError, or IncompleteReadError at its end."""
    size = _header_size(await reader.readexactly(_SIZE.size))
    fields, sizes = _header(await reader.readexactly(size))
    return Message(fields, [await reader.readexactly(size) for size in sizes])


def in_one_line(said: object, most: int) -> str:
    """Spell up to `most` characters that a stranger may have written so that they stay in line."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in str(said)[:most])


def _header_size(prefix: bytes) -> int:
    if len(prefix) < _SIZE.size:
        raise WireError("breaks off")
    size: int = _SIZE.unpack(prefix)[0]
    if size > _MAX_HEADER:
        raise WireError(f"announces {size:,} bytes of text, at most {_MAX_HEADER:,} are read")
    return size


def _header(text: bytes) -> tuple[dict[str, Any], list[int]]:
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise WireError("has a header that is not JSON") from error
    sizes = fields.pop("sizes", None) if isinstance(fields, dict) else None
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise WireError("has a header without sizes")
    if sum(sizes) > _MAX_CONTENT:
        raise WireError(f"announces {sum(sizes):,} bytes, at most {_MAX_CONTENT:,} are read")
    return fields, sizes
