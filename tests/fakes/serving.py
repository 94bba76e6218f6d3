"""A provider's server and its order log: every order it accepts is on disk before it answers."""

import asyncio
import io
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from PIL import Image


class Fault(StrEnum):
    """What befalls the next order: `before` it is accepted, `after`, or instead of that."""

    NONE = "none"
    LOST_BEFORE = "lost before"
    LOST_AFTER = "lost after"
    SLOW_AFTER = "slow after"
    FAILED_BEFORE = "500 before"
    FAILED_AFTER = "502 after"
    BUSY_BEFORE = "429 before"
    TIMEOUT_BEFORE = "408 before"
    CONFLICT_BEFORE = "409 before"
    EARLY_BEFORE = "425 before"
    # what follows breaks what takes.md says that a provider keeps to
    BUSY_AFTER = "429 after"
    TIMEOUT_AFTER = "408 after"
    CONFLICT_AFTER = "409 after"
    EARLY_AFTER = "425 after"

    @property
    def status(self) -> int:
        """The HTTP status that is answered; 0 where the connection is cut, or all is well."""
        number = self.partition(" ")[0]
        return int(number) if number.isdecimal() else 0

    @property
    def accepts(self) -> bool:
        """Whether the order is accepted."""
        return not self.endswith("before")


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What is answered; a status of 0 cuts the connection instead."""

    status: int = 200
    told: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0

    def written(self) -> bytes:
        """Word it as HTTP."""
        kind = "image/png" if self.content is not None else "application/json"
        body = self.content if self.content is not None else json.dumps(self.told).encode()
        headers = {"content-type": kind, "content-length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} said", *(f"{each}: {headers[each]}" for each in headers)]
        return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


@dataclass
class Order:
    """An order that was accepted: what its log keeps, and what only the server knows."""

    id: str
    wish: str
    asked: Any
    at: float
    calls: str = ""
    cancelled: bool = False


CUT = Answer(status=0)


class Fake:
    """One provider. Tests set `faults`, one for each order to come, and read the log."""

    setting: ClassVar[str]
    model: ClassVar[str]
    work_s = 0.3
    settles_s = 3

    def __init__(self, log: Path) -> None:
        self.log, self.base = log, ""
        self.faults: list[Fault] = []
        self.orders: list[Order] = []
        self.loop = asyncio.new_event_loop()
        self.late: set[asyncio.Task[None]] = set()

    def logged(self) -> list[dict[str, Any]]:
        """Read every order that was ever accepted."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def settings(self) -> dict[str, str]:
        """Give the settings with which callsheet takes it for the provider."""
        prefix = f"CALLSHEET_PROVIDER_{self.setting}"
        return {
            f"{prefix}_BASE_URL": self.base,
            f"{prefix}_KEY": "key-of-the-tests",
            f"{prefix}_SETTLES_S": str(self.settles_s),
        }

    def answered(self, request: Request) -> Answer:
        """Answer what is no order."""
        raise NotImplementedError

    def is_order(self, request: Request) -> bool:
        """Tell whether a request is an order."""
        raise NotImplementedError

    def worded(self, request: Request) -> Order:
        """Read an order, with an id for it."""
        raise NotImplementedError

    def accepted(self, order: Order) -> Answer:
        """Answer an order that was accepted."""
        raise NotImplementedError

    def order(self, request: Request) -> Answer:
        """Take an order in, unless its fault comes before."""
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        order = self.worded(request)
        if fault.accepts:
            self.accept(order)
        if fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER):
            return CUT
        if fault.status:
            return Answer(fault.status, {"error": {"message": "Try later."}, "detail": "later"})
        answer = self.accepted(order)
        if fault is Fault.SLOW_AFTER:
            return Answer(answer.status, answer.told, answer.content, answer.headers, 2.5)
        return answer

    def accept(self, order: Order) -> None:
        """Write an order down for good, and begin with it."""
        line = json.dumps({"id": order.id, "wish": order.wish, "at": order.at})
        with self.log.open("a") as log:
            log.write(f"{line}\n")
            log.flush()
            os.fsync(log.fileno())
        self.orders.append(order)

    def done(self, order: Order) -> bool:
        """Tell whether it is made."""
        return time.time() > order.at + self.work_s

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            request = await _read(reader)
            if request.path.startswith("/out/"):
                answer = Answer(content=picture())
            elif self.is_order(request):
                answer = self.order(request)
            else:
                answer = self.answered(request)
            await asyncio.sleep(answer.after_s)
            if answer.status:
                writer.write(answer.written())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    split = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(split.query).items()}
    return Request(method, split.path, query, headers, body)


def picture() -> bytes:
    """Draw what every order is answered with."""
    into = io.BytesIO()
    Image.new("RGB", (256, 256), "teal").save(into, "PNG")
    return into.getvalue()


@contextmanager
def served(fake: Fake) -> Iterator[Fake]:
    """Serve a fake in a thread of its own for a block."""
    up = threading.Event()

    async def run() -> None:
        server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
        fake.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        up.set()
        async with server:
            await server.serve_forever()

    def work() -> None:
        asyncio.set_event_loop(fake.loop)
        serving = fake.loop.create_task(run())
        stop.append(lambda: fake.loop.call_soon_threadsafe(serving.cancel))
        try:
            fake.loop.run_until_complete(serving)
        except asyncio.CancelledError:
            left = asyncio.all_tasks(fake.loop)
            for task in left:
                task.cancel()
            fake.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        finally:
            fake.loop.close()

    stop: list[Any] = []
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield fake
    finally:
        stop[0]()
        thread.join(10)
