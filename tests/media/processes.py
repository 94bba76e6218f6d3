"""Looking at processes from outside, through /proc."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from callsheet.media.workers import DRAWING, MEASURING

_PATIENCE_SECONDS = 30


def children_of(parent: int) -> list[int]:
    """List the processes that `parent` started and that still run."""
    found = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return sorted(pid for pid in found if _state(pid)[1:] == (parent,) and not gone(pid))


def studio_processes() -> list[int]:
    """List what studios of this process run: it may have started others, for other tests."""
    return [pid for pid in children_of(os.getpid()) if _module(pid) in (DRAWING, MEASURING)]


def _module(pid: int) -> str:
    """Name the module that a process was started to run."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    return words[words.index("-m") + 1] if "-m" in words else ""


def gone(pid: int) -> bool:
    """Tell whether a process has ended, buried or not."""
    return _state(pid)[0] in "ZX"


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come about; fail if it does not."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def _state(pid: int) -> tuple[str, int]:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "X", 0
    state, parent = stat.rpartition(")")[2].split()[:2]
    return state, int(parent)
