"""Work in a forked process: it answers or ends, and so does all that it started."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from tests.media.processes import children_of, gone, until


def run_script(script: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, check=True, text=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


APART = """
import contextlib, ctypes, json, os, socket, time
from callsheet.media.apart import run_apart

def forge():
    os.write(1, b"forged")
    return [b"never"]

def close_and_spin():
    for descriptor in range(99):
        with contextlib.suppress(OSError):
            os.close(descriptor)
    while True:
        pass

WORKS = {
    "answer": lambda: [b"a" * 200_000, b"b"],
    "spin": lambda: [b"" for _ in iter(int, 1)],
    "close and spin": close_and_spin,
    "sleep": lambda: time.sleep(600),
    "crash": lambda: ctypes.string_at(0),
    "raise": lambda: 1 / 0,
    "read": lambda: [open("/etc/hostname", "rb").read()],
    "socket": lambda: [socket.socket() and b""],
    "pipe": lambda: [os.pipe() and b""],
    "forge": forge,
    "exit early": lambda: os._exit(0),
}
report = {}
for name, work in WORKS.items():
    try:
        report[name] = len(run_apart(work, 1).answer)
    except Exception as error:
        report[name] = type(error).__name__
print(json.dumps(report))
"""


def test_work_apart_can_do_nothing_but_answer() -> None:
    """Forked work answers, or ends by its bounds, and its caller goes on to the next."""
    assert run_script(APART) == {
        "answer": 200_001,
        "spin": "ApartTimeoutError",
        "close and spin": "ApartTimeoutError",
        "sleep": "ApartTimeoutError",
        "crash": "ApartKilledError",
        "raise": "ApartFailedError",
        "read": "ApartFailedError",
        "socket": "ApartKilledError",
        "pipe": "ApartKilledError",
        "forge": "ApartFailedError",
        "exit early": 0,
    }


LONG_WORK = """
import time
from callsheet.media.apart import run_apart
run_apart(lambda: time.sleep(600), 600)
"""


def test_work_apart_dies_with_its_parent() -> None:
    """A forked process does not outlive the one that waits for it."""
    with subprocess.Popen([sys.executable, "-I", "-c", LONG_WORK]) as parent:
        until(lambda: len(children_of(parent.pid)) == 1)
        (child,) = children_of(parent.pid)
        os.kill(parent.pid, signal.SIGKILL)
    until(partial(gone, child))


FAMILY = """
import json, os, time
from callsheet.media.apart import ApartError, run_apart

def family(closing):
    def work():
        try:
            child = os.fork()
        except OSError:
            return [b""]
        if child == 0:
            if closing:
                os.closerange(0, 99)
            time.sleep(600)
        os.write(2, str(child).encode())
        return [b""]
    return work

report = {}
for name, closing in (("keeps the pipes", False), ("closes the pipes", True)):
    try:
        report[name] = ["answered", run_apart(family(closing), 1, filtered=False).said.decode()]
    except ApartError as error:
        report[name] = [type(error).__name__, error.said.decode()]
print(json.dumps(report))
"""


def test_whole_family_of_work_apart_ends_with_it() -> None:
    """Without a filter, what a decoder has forked ends when it does, or at its limit."""
    if os.getuid() != 0:
        pytest.skip("where it is not root, it cannot fork: RLIMIT_NPROC")
    report = run_script(FAMILY)
    assert report["keeps the pipes"][0] == "ApartTimeoutError"
    assert report["closes the pipes"][0] == "answered"
    for _, child in report.values():
        until(partial(gone, int(child)))


SAYING = r"""
import json, os
from callsheet.media.apart import ApartError, run_apart
from callsheet.media.wire import in_one_line

FORGED = b'x\n{"severity":"INFO","message":"all is well"}\r\x1b[2J\xff'

def say(much):
    def work():
        os.write(2, FORGED * much)
        return [b"answer"]
    return work

def say_and_fail():
    os.write(2, FORGED)
    raise RuntimeError("line\nline")

few = run_apart(say(1), 5)
much = run_apart(say(10_000), 5)
try:
    run_apart(say_and_fail, 5)
except ApartError as error:
    failed = error.said
print(json.dumps({
    "answers": [few.answer.decode(), much.answer.decode()],
    "said": in_one_line(few.said.decode(errors="replace"), 4096),
    "much": len(much.said),
    "failed": failed.decode(errors="replace"),
}))
"""


def test_what_work_apart_prints_is_bounded_and_cannot_forge_a_line() -> None:
    """It comes beside the answer, cut off, and is spelled in one line without controls."""
    report = run_script(SAYING)
    assert report["answers"] == ["answer", "answer"]
    assert report["said"].isprintable()
    assert report["said"].startswith('x\\n{"severity"')
    assert report["much"] == 4096
    assert "RuntimeError" in report["failed"]
