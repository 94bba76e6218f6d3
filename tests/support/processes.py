"""Real callsheet processes for tests: started, asked, stopped and killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.databases import unused_port
from tests.support import warm
from tests.support.plain import NO_TLS
from tests.support.templates import lay_sqlite
from tests.support.warm import Process

PATIENCE_S = 60.0
_SELDOM_S = 0.25  # a look costs the server as much as a small picture
# for jobs that must last until something is done to them
ONE_AT_A_TIME = {"CALLSHEET_WORKERS": "1"}


@dataclass
class Place:
    """A data folder and the settings that processes in it share."""

    folder: Path
    database_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    cold: bool = False  # its processes import everything themselves
    empty: bool = False  # its first process makes the database, too

    def environment(self) -> dict[str, str]:
        """Give the environment of a process here."""
        return {
            **os.environ,
            "CALLSHEET_DATA_DIR": str(self.folder / "data"),
            "CALLSHEET_DATABASE_URL": self.database_url,
            "CALLSHEET_MAX_ROWS": "100000",
            "CALLSHEET_QA_TECHNICAL": "off",  # but where that is what is tested: it takes its time
            **self.settings,
        }

    def run(
        self, *arguments: str, timeout_s: float = 100, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        self._lay_database()
        return warm.run(
            arguments,
            folder=self.folder,
            environment=self.environment(),
            timeout_s=timeout_s,
            typed=typed,
        )

    def start(self, *arguments: str) -> Process:
        """Start a command; its output goes to a file in the folder."""
        self._lay_database()
        return warm.start(
            arguments,
            folder=self.folder,
            environment=self.environment(),
            out=self.folder / f"{arguments[0]}.log",
            cold=self.cold,
        )

    def _lay_database(self) -> None:
        """Spare the first process here the making of a SQLite database."""
        url = self.database_url or f"sqlite:///{self.folder}/data/callsheet.db"
        file = Path(url.partition("sqlite:///")[2])
        there = file.exists() or file.parent.is_file()
        if warm.IN_A_TEST and not self.empty and file.name and not there:
            lay_sqlite(file)
        self.empty = True  # a database that is lost later on is lost

    def log(self, command: str) -> str:
        """Read what a started command has printed."""
        return (self.folder / f"{command}.log").read_text(errors="replace")


@dataclass
class Server:
    """A running web server and a client for it."""

    place: Place
    process: Process
    port: int
    http: httpx2.Client

    def state(self, job: str, rows: int = 1) -> dict[str, Any]:
        """Read a job's state."""
        answer = self.http.get(f"/batch/{job}", params={"rows": rows})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def wait_for(
        self,
        job: str,
        statuses: Sequence[str],
        timeout_s: float = PATIENCE_S,
        every_s: float = 0.05,
    ) -> Any:
        """Wait until a job has one of some states and is delivered; looks ever less often."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            state = self.state(job, rows=0)
            if state["status"] in statuses and state["stage"] in ("done", *_REST[state["status"]]):
                return self.state(job)
            time.sleep(every_s)
            every_s = min(every_s * 1.2, _SELDOM_S)
        raise AssertionError(f"{job} is {self.state(job, rows=0)}")

    def submit(self, rows: int, model: str = "local/dot", **more: Any) -> str:
        """Send a batch of numbered prompts; answers its id."""
        items = [{"prompt": f"frame {row}", "model": model, **more} for row in range(rows)]
        answer = self.http.post("/batch/images", json={"items": items})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["batchId"])

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait()
        self.http.close()


_REST: Mapping[str, tuple[str, ...]] = {
    "waiting": ("intake", "quote", "render", "qa_tech", "qa_semantic", "deliver"),
    "running": ("intake", "quote", "render", "qa_tech", "qa_semantic", "deliver"),
    "failed": ("intake", "quote", "render", "qa_tech", "qa_semantic", "deliver"),
    "queued": (),
    "succeeded": (),
    "partial": (),
    "cancelled": (),
}


def serve(place: Place, command: str = "up", port: int = 0) -> Server:
    """Start a server and wait until it answers."""
    port = port or unused_port()
    process = place.start(command, "--port", str(port))
    http = httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False, verify=NO_TLS
    )
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"{command} ended: {place.log(command)[-2000:]}")
        try:
            if http.get("/healthz").status_code == 200:
                return Server(place, process, port, http)
        except httpx2.TransportError:
            time.sleep(0.03)
    raise AssertionError(f"{command} does not answer: {place.log(command)[-2000:]}")


@contextmanager
def serving(place: Place, command: str = "up", port: int = 0) -> Iterator[Server]:
    """Serve for a block; asked to stop at its end."""
    server = serve(place, command, port)
    try:
        yield server
    finally:
        stop(server.process)
        server.http.close()


def until(true: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait until something holds; looks ever less often."""
    end, pause_s = time.monotonic() + timeout_s, 0.02
    while not true():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.2, _SELDOM_S)


def stop(process: Process, timeout_s: float = 20) -> int:
    """Ask a process to stop and wait until it has."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    return process.wait(timeout_s)


def wait_until_stopped(pid: int) -> None:
    """Wait until a process stands still."""
    until = time.monotonic() + 40
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until
        time.sleep(0.05)
