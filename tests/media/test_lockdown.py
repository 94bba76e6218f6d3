"""Locks, tried from inside: each script runs in a process of its own and reports what it could."""

import json
import os
import signal
import socket
import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from tests.media.processes import children_of, gone, until

from callsheet.media.lockdown import Lockdown, Network

ATTEMPTS = """
import json, os, socket, sys
from callsheet.media import lockdown
from dataclasses import asdict

locks = lockdown.lock_down(1 << 30)
report = {"locks": asdict(locks)}

def attempt(name, work):
    try:
        work()
        report[name] = "done"
    except (OSError, MemoryError) as error:
        report[name] = type(error).__name__

def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"secret", ("127.0.0.1", int(sys.argv[1])))

attempt("read", lambda: open("/etc/passwd").read())
attempt("list", lambda: os.listdir("/"))
attempt("write", lambda: open(sys.argv[2], "w").write("x"))
attempt("remove", lambda: os.remove(sys.argv[3]))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5))
attempt("send", send)
attempt("allocate", lambda: bytearray(4 << 30))
attempt("execute", lambda: os.execv("/bin/true", ["true"]))
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("read package", lambda: open(lockdown.__file__).read())
attempt("open many", lambda: [os.dup(1) for _ in range(100)])
print(json.dumps(report))
"""


def run_script(script: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *arguments], capture_output=True, check=True, text=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Try everything in one locked-down process, with a server to be reached and a file to lose."""
    folder = tmp_path_factory.mktemp("outside")
    precious = folder / "precious"
    precious.write_text("kept")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        found = run_script(ATTEMPTS, port, str(folder / "written"), str(precious))
        server.settimeout(0)
        try:
            server.accept()
            found["reached"] = True
        except BlockingIOError:
            found["reached"] = False
    found["kept"] = precious.exists()
    found["left"] = (folder / "written").exists()
    return found


def need(report: dict[str, Any], *, landlock: int = 0) -> None:
    if report["locks"]["landlock"] < landlock:
        pytest.skip(f"this kernel has no Landlock {landlock}")


def test_limits_hold_everywhere(report: dict[str, Any]) -> None:
    """Memory and descriptors are bounded on any kernel."""
    assert report["allocate"] == "MemoryError"
    assert report["open many"] == "OSError"


def test_packages_stay_readable(report: dict[str, Any]) -> None:
    """What Python may still have to load can be read."""
    assert report["read package"] == "done"


def test_other_files_cannot_be_touched(report: dict[str, Any]) -> None:
    """No file outside can be read, listed, written, removed or run."""
    need(report, landlock=1)
    for name in ("read", "list", "write", "remove", "execute"):
        assert report[name] == "PermissionError", name
    assert report["kept"]
    assert not report["left"]


def test_network_cannot_be_reached(report: dict[str, Any]) -> None:
    """A server that listens next door gets no connection."""
    if report["locks"]["network"] == "open":
        pytest.skip("this kernel and container let no network be cut")
    assert report["connect"] in {"PermissionError", "OSError"}
    assert not report["reached"]
    if report["locks"]["network"] == "cut":
        assert report["send"] == "OSError"


def test_processes_outside_cannot_be_signalled(report: dict[str, Any]) -> None:
    """Not even the parent can be sent a signal."""
    need(report, landlock=6)
    assert report["signal"] == "PermissionError"


def test_missing_locks_are_told_in_words() -> None:
    """A report names what a kernel does not give, and is silent where all is in force."""
    assert Lockdown(7, Network.CUT).missing == ()
    assert Lockdown(4, Network.NO_TCP).missing == ()
    assert len(Lockdown(0, Network.OPEN).missing) == 2
    assert str(Lockdown(7, Network.CUT)) == "limits, Landlock 7, network cut"
    assert "permissions alone" in str(Lockdown(0, Network.CUT))


APART = """
import ctypes, json, os, signal, socket, sys, time
from callsheet.media.apart import run_apart

def forge():
    os.write(1, b"forged")
    return [b"never"]

def spin_past_the_alarm():
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        pass

WORKS = {
    "answer": lambda: [b"a" * 200_000, b"b"],
    "spin": lambda: [b"" for _ in iter(int, 1)],
    "spin past the alarm": spin_past_the_alarm,
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
        report[name] = len(run_apart(work, 1))
    except Exception as error:
        report[name] = type(error).__name__
print(json.dumps(report))
"""


def test_work_apart_can_do_nothing_but_answer() -> None:
    """Forked work answers, or ends by its bounds, and its caller goes on to the next."""
    assert run_script(APART) == {
        "answer": 200_001,
        "spin": "ApartTimeoutError",
        "spin past the alarm": "ApartTimeoutError",
        "sleep": "ApartTimeoutError",
        "crash": "ApartKilledError",
        "raise": "ApartFailedError",
        "read": "ApartFailedError",
        "socket": "ApartFailedError",
        "pipe": "ApartFailedError",
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
