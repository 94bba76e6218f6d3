"""A TCP server on loopback that answers with exactly the bytes a test gives it."""

import asyncio
import contextlib
import os
import queue
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def said(text: bytes) -> Answer:
    """Answer every request with the same bytes, then close."""

    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


def body(content: bytes, headers: str = "Content-Type: image/png") -> Answer:
    """Answer 200 with this content and an honest length."""
    head = f"HTTP/1.1 200 OK\r\n{headers}\r\nContent-Length: {len(content)}\r\n\r\n"
    return said(head.encode() + content)


def redirect(location: str, status: int = 302) -> Answer:
    """Answer with a redirect."""
    return said(
        f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    )


def any_loopback() -> str:
    """Pick one of the sixteen million loopback addresses, so that fixed ports do not collide."""
    high, middle, low = os.urandom(3)
    return f"127.{high % 254 + 1}.{middle}.{low % 254 + 1}"


class RawServer:
    """Counts connections and keeps requests; each connection gets one answer."""

    def __init__(
        self,
        answer: Answer,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._answer, self._tls = answer, tls
        self._tasks: set[asyncio.Task[None]] = set()
        self.host, self.port = host, port
        self.connections = 0
        self.requests: list[bytes] = []

    @property
    def place(self) -> str:
        """``host:port``, as the allow list wants it."""
        return f"{self.host}:{self.port}"

    def url(self, path: str = "/picture.png") -> str:
        """Name a page of this server."""
        return f"http://{self.place}{path}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                request = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(request)
                await self._answer(request, writer)
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.contextmanager
def flooding(answer: Answer) -> Iterator[str]:
    """Serve from a thread of its own, so that what is measured here is ours alone; its place."""
    started: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = (
        queue.SimpleQueue()
    )

    async def serve() -> None:
        ended = asyncio.Event()
        async with RawServer(answer) as server:
            started.put((asyncio.get_running_loop(), ended, server.place))
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    loop, ended, place = started.get(timeout=10)
    try:
        yield place
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)


@contextlib.asynccontextmanager
async def watching() -> AsyncIterator[list[float]]:
    """Note how long the loop lets a task wait that asks for nothing but its turn, in seconds."""
    stalls = [0.0]

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            stalls.append(time.perf_counter() - before)

    task = asyncio.create_task(watch())
    try:
        yield stalls
        await asyncio.sleep(0.02)  # a stall is noted when it is over
    finally:
        task.cancel()
