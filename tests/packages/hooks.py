"""A customer's server, which takes webhooks or does not."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True)
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Let the reference implementation judge the signature; what was told."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Customer:
    """Answers what `answers` says, in turn; 200 after that. Keeps what came."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    location: str = ""
    hold: threading.Event = field(default_factory=threading.Event)  # set: answers at once
    got: list[Got] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.host}{path}"

    def wait(self, count: int, path: str = "/hook", timeout_s: float = 40) -> list[Got]:
        """Wait until so many requests came to a path."""
        until = time.monotonic() + timeout_s
        with self.came:
            while len(found := [each for each in self.got if each.path == path]) < count:
                assert self.came.wait(until - time.monotonic()), self.got
        return found


@contextmanager
def customer() -> Iterator[Customer]:
    """Serve on loopback."""
    here = Customer()
    here.hold.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with here.came:
                here.got.append(Got(self.path, headers, body))
                status = here.answers.pop(0) if here.answers else 200
                here.came.notify_all()
            here.hold.wait(60)
            self.send_response(status)
            if here.location:
                self.send_header("Location", here.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", here.port), Handler)
    here.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        here.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
