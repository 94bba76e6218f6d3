"""A small HTTP proxy that knows CONNECT and nothing else."""

import asyncio
import contextlib
from dataclasses import dataclass, field


@dataclass
class ConnectProxy:
    """Lets who knows its `password` (if it has one) through, unless it answers something else.

    `hosts` are names that it alone knows. `asked` keeps the places that it was asked for, `heads`
    what it was told.
    """

    password: bytes | None = None
    answer: bytes | None = None
    hosts: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            place = head.split(b" ", 2)[1].decode()
            self.asked.append(place)
            if self.answer is not None:
                writer.write(self.answer)
                return
            if self.password is not None and self.password not in head:
                writer.write(b"HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = place.rpartition(":")
            reached = self.hosts.get(host, host)
            far_reader, far_writer = await asyncio.open_connection(reached, int(port))
            try:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
            finally:
                far_writer.transport.abort()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()
