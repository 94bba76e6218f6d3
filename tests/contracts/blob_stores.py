"""Object stores for tests: how to open one anywhere, and servers to open them on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from callsheet.blobs.buckets import Patience
from callsheet.blobs.cloud import CloudStore
from callsheet.blobs.content import ContentStore
from callsheet.blobs.disk import DiskStore

SECRET = b"a secret for the tests of links!"
BUCKET = "callsheet-tests"
HASTE = Patience(connect_s=2.0, silence_s=0.6, retries=1, retry_s=5.0)


@dataclass(frozen=True)
class StoreSpec:
    """How to open a store, here or in another process."""

    kind: str
    url: str
    options: dict[str, str] = field(default_factory=dict)

    def open(self, patience: Patience | None = None) -> ContentStore:
        """Open it."""
        if self.kind == "disk":
            return DiskStore(Path(self.url.removeprefix("file://")), SECRET)
        return CloudStore(self.url, SECRET, self.options, patience=patience)

    def as_dict(self) -> dict[str, object]:
        """Write it down for another process."""
        return asdict(self)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application from a thread on a free port."""
    config = uvicorn.Config(app, log_level="error", ws="none", lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)


def closed_port() -> int:
    """Name a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
