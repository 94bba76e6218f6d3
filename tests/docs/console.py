"""Reads the `console` blocks of a page, and types their commands into a real shell."""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INTERRUPT: Final = "^C"
_PATIENCE_S: Final = 200.0  # a command imports everything, on a machine that may be busy


@dataclass(frozen=True)
class Step:
    """One command as a reader types it, and the lines that the page shows below it."""

    command: str
    shown: tuple[str, ...]

    @property
    def interrupted(self) -> bool:
        """Tell whether the reader presses Ctrl-C."""
        return _INTERRUPT in self.shown

    def fits(self, printed: str) -> bool:
        """Tell whether the output is what the page shows; `...` stands for anything."""
        wanted = "\n".join(line for line in self.shown if line != _INTERRUPT)
        # blanks at line ends and around the whole are no business of a reader
        pattern = re.escape(wanted.strip()).replace(re.escape("..."), ".*")
        plain = "\n".join(line.rstrip() for line in printed.strip().splitlines())
        return re.fullmatch(pattern, plain, re.DOTALL) is not None


def steps(page: str) -> Iterator[Step]:
    """Read every command of a page: `$ ` begins one, `> ` goes on with it."""
    for block in _BLOCK.findall(page):
        command, shown = "", list[str]()
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield Step(command, tuple(shown))
                command, shown = line[2:], []
            elif line.startswith("> ") and not shown:
                command += "\n" + line[2:]
            else:
                shown.append(line)
        yield Step(command, tuple(shown))


class Shell:
    """A bash in a folder, which remembers variables from one command to the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the shell with all that it has started."""
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.communicate()

    def type(self, command: str, interrupt_when: Callable[[], bool] | None = None) -> str:
        """Type a command; answers all that it prints. Presses Ctrl-C when that becomes true."""
        assert self._bash.stdin is not None
        mark = f"end-{os.urandom(8).hex()}"
        # the status survives the mark, so that `echo $?` is about the reader's own command
        self._bash.stdin.write(f"{command}\n(exit_is=$?; echo {mark}; exit $exit_is)\n".encode())
        if interrupt_when is not None:
            _wait_until(interrupt_when)
            os.kill(self._child(), signal.SIGINT)
        return self._read_until(mark)

    def _child(self) -> int:
        children = Path(f"/proc/{self._bash.pid}/task/{self._bash.pid}/children")
        return int(children.read_text().split()[-1])

    def _read_until(self, mark: str) -> str:
        assert self._bash.stdout is not None
        printed, until = b"", time.monotonic() + _PATIENCE_S
        while f"{mark}\n".encode() not in printed:
            ready, _, _ = select.select([self._bash.stdout], [], [], until - time.monotonic())
            piece = self._bash.stdout.read(65_536) if ready else b""
            assert piece, f"no end after: {printed.decode(errors='replace')[-2000:]}"
            printed += piece
        return printed.decode(errors="replace").replace(f"{mark}\n", "")


def _wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < until, "waited too long for the moment to press Ctrl-C"
        time.sleep(0.05)
