"""Looking at processes from outside, through /proc."""

import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE_SECONDS = 30


def children_of(parent: int) -> list[int]:
    """List the studio's processes that `parent` started and that still run."""
    found = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    mine = [pid for pid in found if _state(pid)[1:] == (parent,) and not gone(pid)]
    return sorted(pid for pid in mine if not _composes(pid))


def _composes(pid: int) -> bool:
    """Tell a compositing process, which other tests of this worker keep up."""
    try:
        return b"compositing" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


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
