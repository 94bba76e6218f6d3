"""What `gateway.py` measures against and with: a provider that answers at once, and its clients.

    python benchmarks/_gateway.py provider PORT
    python benchmarks/_gateway.py clients JSON

The provider speaks OpenAI's images over connections that are kept, and answers each order with a
picture of 512 pixels that no other order gets; `GET /count` tells how many there were. The clients
ask, each as soon as it was answered, for some seconds. Both are bare protocols, so that what they
take of the machine is small.
"""

import asyncio
import base64
import io
import json
import os
import statistics
import struct
import sys
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

_END = b"\r\n\r\n"
_NOISE = 45_000  # bytes, so that a picture is as large as those that models make at that size
_HEAD = 33  # bytes of a PNG's signature and first chunk


def _chunk(kind: bytes, data: bytes) -> bytes:
    summed = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + summed


@dataclass
class Pictures:
    """Pictures of which each is another file."""

    base: bytes = b""
    noise: bytes = b""
    orders: int = 0

    def __post_init__(self) -> None:
        """Draw the one that all are made of."""
        into = io.BytesIO()
        Image.linear_gradient("L").resize((512, 512)).convert("RGB").save(into, "PNG")
        self.base = into.getvalue()
        self.noise = base64.b64encode(os.urandom(_NOISE))

    def answer(self) -> bytes:
        """Word the answer to one more order."""
        self.orders += 1
        mark = _chunk(b"tEXt", b"number\0%d " % self.orders + self.noise)
        picture = base64.b64encode(self.base[:_HEAD] + mark + self.base[_HEAD:])
        usage = {
            "input_tokens": 12,
            "output_tokens": 1_767,
            "total_tokens": 1_779,
            "input_tokens_details": {"text_tokens": 12, "image_tokens": 0},
        }
        told = {"created": 1, "output_format": "png", "usage": usage}
        text = json.dumps({**told, "data": [{"b64_json": "@"}]}).encode()
        return text.replace(b"@", picture)


@dataclass
class Line(asyncio.Protocol):
    """One connection to the provider."""

    pictures: Pictures
    read: bytes = b""
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self.read += data
        while _END in self.read:
            head, _, rest = self.read.partition(_END)
            lines = head.lower().split(b"\r\n")
            sizes = [line[15:] for line in lines if line.startswith(b"content-length:")]
            size = int(sizes[0]) if sizes else 0
            if len(rest) < size:
                return
            self.read = rest[size:]
            counting = lines[0].startswith(b"get /count")
            body = b"%d" % self.pictures.orders if counting else self.pictures.answer()
            said = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d" + _END
            assert self.transport is not None
            self.transport.write(said % len(body) + body)


async def provide(port: int) -> None:
    """Serve until killed."""
    pictures = Pictures()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(pictures), "127.0.0.1", port)
    await server.serve_forever()


@dataclass
class Clients:
    """So many clients of a gateway, spread over its ports, for some seconds."""

    ports: list[int]
    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    clients: int
    seconds: float
    times: list[float] = field(default_factory=list)
    failed: int = 0

    async def run(self) -> dict[str, Any]:
        """Ask; what came of it."""
        began = time.perf_counter()
        until = began + self.seconds
        await asyncio.gather(*(self._client(number, until) for number in range(self.clients)))
        took = time.perf_counter() - began
        times = sorted(self.times) or [0.0]
        return {
            "answers": len(self.times),
            "failed": self.failed,
            "per_s": len(self.times) / took,
            "median_ms": statistics.median(times) * 1_000,
            "p99_ms": times[int(len(times) * 0.99) - 1] * 1_000,
        }

    async def _client(self, number: int, until: float) -> None:
        port = self.ports[number % len(self.ports)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        told = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        asked = 0
        while time.perf_counter() < until:
            asked += 1
            words = f"a mug, {number}.{asked} of {os.getpid()}"
            body = json.dumps(self.body).replace("@prompt", words).encode()
            head = f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{told}"
            sizes = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            began = time.perf_counter()
            writer.write(f"{head}{sizes}".encode() + body)
            good = await _answered(reader)
            self.failed += not good
            if good:
                self.times.append(time.perf_counter() - began)
        writer.close()


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read one answer, whole; whether it holds what was asked for."""
    head = (await reader.readuntil(_END)).lower()
    sizes = [line[15:] for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(sizes[0]))
    made = b'"status":"succeeded"' in body or b'"b64_json"' in body
    return head.split(b" ", 2)[1] == b"200" and made


def main() -> None:
    """Be the provider, or its clients."""
    if sys.argv[1] == "provider":
        asyncio.run(provide(int(sys.argv[2])))
    else:
        print(json.dumps(asyncio.run(Clients(**json.loads(sys.argv[2])).run())))


if __name__ == "__main__":
    main()
