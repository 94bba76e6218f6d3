"""Providers that answer exactly what a test says, written from the protocol alone."""

import asyncio
import base64
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import pytest

from callsheet.net.transport import SocketTransport
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.wiring.providers import adapters
from tests.contracts.providers import Bench, Caller, wired
from tests.sim.simulated import picture, quick

PATIENT_S: Final = 60.0  # on a machine that is busy
SECRET: Final = "sk-very/secret+key=of-the-tests"
KEYS: Final = {"vertex": f"project-of-the-tests:{SECRET}", "kling": f"access:{SECRET}"}
_TRUSTED: Final = ssl.create_default_context()  # one for all: each costs 20 ms


@dataclass
class Said:
    """One answer; `content` is JSON unless it is bytes."""

    status: int = 200
    content: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def written(self) -> bytes:
        """Write it as HTTP."""
        is_page = isinstance(self.content, bytes)
        body = self.content if is_page else json.dumps(self.content).encode()
        kind = "text/html" if is_page else "application/json"
        fields = {"Content-Type": kind, "Content-Length": str(len(body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode() + body


Writes = Callable[[asyncio.StreamWriter], Any]


@dataclass
class Service:
    """Answers every request with `says`, or lets that write to the connection; keeps heads."""

    says: Said | Callable[[str], Said] | None = None
    raw: Writes | None = None
    heads: list[str] = field(default_factory=list)
    url: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, until it is left or the service ends."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await self._answered(reader, writer):
                    """And the next one."""
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        length = re.search(r"(?im)^content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        if self.raw is not None:
            await self.raw(writer)
            return False
        said = self.says(head) if callable(self.says) else self.says
        assert said is not None
        writer.write(said.written())
        await writer.drain()
        return True

    async def end(self) -> None:
        """Leave every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def answering(
    says: Said | Callable[[str], Said] | None = None, raw: Writes | None = None
) -> AsyncIterator[Service]:
    """Serve on a free port."""
    service = Service(says, raw)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
        await service.end()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def asking(
    name: str, url: str, key: ProviderKey | None = None, settles_s: float = PATIENT_S
) -> AsyncIterator[Bench]:
    """Wire a provider's adapter to an address, with the connections that it really has."""
    transport = SocketTransport(_TRUSTED, max_connections=4)
    async with httpx2.AsyncClient(base_url=url, transport=transport, trust_env=False) as http:
        provider = wired(adapters()[name], http, settles_s)
        key = key or ProviderKey(KEYS.get(name, SECRET))
        yield Bench(name, provider, http, quick(), Caller(url="http://127.0.0.1:9"), key)


async def failure(bench: Bench) -> ProviderError:
    """Order, and give the error."""
    with pytest.raises(ProviderError) as caught:
        await bench.provider.submit(await bench.order())
    return caught.value


def candidate(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Word an answer of Gemini's with one candidate."""
    content = {"role": "model", "parts": list(parts)}
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 1_120}
    told = {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}
    return {**told, "usageMetadata": counts, "responseId": "always-the-same"}


def shot(colour: int, **more: Any) -> dict[str, Any]:
    """Word a part that holds a picture."""
    data = base64.b64encode(picture(8 + colour, 8)).decode()
    return {"inlineData": {"mimeType": "image/png", "data": data}, **more}
