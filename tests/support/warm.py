"""Processes that start warm: forked from one that has imported callsheet, but done nothing yet.

Importing costs more CPU than most tests do with what they start. Everything else is as if the
command had been typed: a process of its own, with a folder, an environment and files of its own,
that takes signals and is killed. What measures starts or memory starts cold, as benchmarks do, and
so does what has settings for the interpreter itself.
"""

import atexit
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.preloaded"])
COMMAND = "callsheet.main:main"
CALLSHEET = str(Path(sys.executable).with_name("callsheet"))
IN_A_TEST = "PYTEST_VERSION" in os.environ


class Process(Protocol):
    """A process as `subprocess.Popen` shows one."""

    @property
    def pid(self) -> int:
        """Tell its number."""

    def poll(self) -> int | None:
        """Tell its exit status, if it has ended: negative if a signal ended it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""

    def send_signal(self, number: int) -> None:
        """Send it a signal."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it at once."""


class WarmProcess:
    """A forked process."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        out: Path,
        errors: Path | None = None,
        typed: Path = Path(os.devnull),
        entry: str = COMMAND,
    ) -> None:
        self.arguments = arguments
        self._process = _FORKS.Process(
            target=_become,
            args=(entry, list(arguments), folder, dict(environment), typed, out, errors or out),
            daemon=True,  # ends with the tests
        )
        self._process.start()
        self.pid: int = self._process.pid or 0

    def poll(self) -> int | None:
        """Tell its exit status, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired(list(self.arguments), timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    out: Path,
    cold: bool = False,
) -> Process:
    """Start a command; what it prints is added to a file."""
    if IN_A_TEST and not cold:
        return WarmProcess(arguments, folder=folder, environment=environment, out=out)
    with out.open("ab") as log:
        return subprocess.Popen(
            [CALLSHEET, *arguments], cwd=folder, env=environment, stdout=log, stderr=log
        )


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    typed: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does. Raises subprocess.TimeoutExpired."""
    if not IN_A_TEST:
        return subprocess.run(
            [CALLSHEET, *arguments],
            cwd=folder,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    with tempfile.TemporaryDirectory() as name:
        typing, out, errors = (Path(name) / stream for stream in ("in", "out", "err"))
        typing.write_text(typed)
        process = WarmProcess(
            arguments, folder=folder, environment=environment, out=out, errors=errors, typed=typing
        )
        try:
            status = process.wait(timeout_s)
        finally:
            process.kill()
        return subprocess.CompletedProcess(
            list(arguments), status, out.read_text(), errors.read_text()
        )


def _become(
    entry: str,
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    typed: Path,
    out: Path,
    errors: Path,
) -> None:
    """Turn this fork into the command: its streams, folder, environment and exit status."""
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for stream, path, flags in (
        (0, typed, os.O_RDONLY),
        (1, out, appending),
        (2, errors, appending),
    ):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, stream)
        os.close(opened)
    # multiprocessing closed the first, and the others know things of the files they were opened on
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    os.chdir(folder)
    sys.argv = [entry.partition(":")[0], *arguments]
    module, _, function = entry.partition(":")
    main: Callable[[], None] = getattr(importlib.import_module(module), function)
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a fork's end does not
