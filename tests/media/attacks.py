"""What a decoder would try that a hostile file has taken over; run as a script, it reports in JSON.

Each attack is made in the place of a decoder, below a process that is locked down.
"""

import ctypes
import json
import mmap
import os
import platform
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callsheet.media.apart import ApartError, run_apart
from callsheet.media.lockdown import lock_down

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH = 16
PR_SET_DUMPABLE = 4
NEW_USER = 0x1000_0000
X32_GETPID = 0x4000_0000 | 39
IO_URING_SETUP = 425
BPF = 321 if platform.machine() == "x86_64" else 280
ABOVE = os.getpid()
PRECIOUS = ctypes.create_string_buffer(b"precious")


class Piece(ctypes.Structure):
    """A piece of memory: ``struct iovec``."""

    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


def done(result: int) -> None:
    """Raise what a function of C says by its answer."""
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def write_above() -> None:
    """Put other bytes in the place of the precious ones, in the process above."""
    forged = ctypes.create_string_buffer(b"FORGED!!")
    ours = Piece(ctypes.addressof(forged), 8)
    theirs = Piece(ctypes.addressof(PRECIOUS), 8)
    done(LIBC.process_vm_writev(ABOVE, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0))


def attach() -> None:
    """Become the debugger of the process above."""
    done(LIBC.ptrace(PTRACE_ATTACH, ABOVE, None, None))


def bomb() -> None:
    """Fork, and fork again."""
    while True:
        os.fork()


def attacks(victim: str) -> dict[str, Callable[[], Any]]:
    """Name all that is tried; `victim` is a file outside."""
    return {
        "write into the process above": write_above,
        "attach to it": attach,
        "kill it": lambda: os.kill(ABOVE, signal.SIGTERM),
        "signal it by descriptor": lambda: os.pidfd_open(ABOVE),
        "stop its group": lambda: os.kill(0, signal.SIGSTOP),
        "change its limits": lambda: done(LIBC.prlimit(ABOVE, 0, bytes(16), None)),
        "fork": os.fork,
        "bomb": bomb,
        "leave the group": os.setsid,
        "execute": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - it is an attack
        "chmod": lambda: Path(victim).chmod(0o600),
        "chown": lambda: os.chown(victim, 1, 1),
        "change times": lambda: os.utime(victim, (1, 1)),
        "set attributes": lambda: os.setxattr(victim, "user.a", b"b"),
        "truncate": lambda: os.truncate(victim, 0),
        "rename": lambda: Path(victim).rename(victim + "2"),
        "unlink": lambda: Path(victim).unlink(),
        "link": lambda: os.link(victim, victim + "2"),
        "make a folder": lambda: Path(victim + "2").mkdir(),
        "open": lambda: os.open(victim, os.O_RDONLY),
        "open for writing": lambda: os.open(victim, os.O_WRONLY | os.O_CREAT),
        "open a socket": socket.socket,
        "make a pair": socket.socketpair,
        "make a pipe": os.pipe,
        "make a file of memory": lambda: os.memfd_create("a"),
        "watch files": lambda: done(LIBC.inotify_init1(0)),
        "mount": lambda: done(LIBC.mount(b"none", b"/", b"tmpfs", 0, None)),
        "take a namespace": lambda: done(LIBC.unshare(NEW_USER)),
        "set up a ring": lambda: done(LIBC.syscall(IO_URING_SETUP, 8, bytes(120))),
        "load a program": lambda: done(LIBC.syscall(BPF, 0, None, 0)),
        "call as x32": lambda: done(LIBC.syscall(X32_GETPID)),
        "show its memory": lambda: done(LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)),
        "ignore the clock": lambda: signal.signal(signal.SIGXCPU, signal.SIG_IGN),
        "lift its own limits": lambda: done(LIBC.prlimit(0, 0, bytes(16), None)),
        "run new code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    }


def tried(attack: Callable[[], Any]) -> Callable[[], list[bytes]]:
    """Make of an attack the work of a decoder, which says how it went."""

    def work() -> list[bytes]:
        try:
            attack()
        except OSError:
            return [b"refused"]
        return [b"done"]

    return work


def main() -> None:
    """Lock down as a drawing process does, try everything or what is named, and report."""
    victim, *names = sys.argv[1:]
    filtered = lock_down(2 << 30).filtered
    report: dict[str, Any] = {"filtered": filtered}
    for name, attack in attacks(victim).items():
        if names and name not in names:
            continue
        try:
            report[name] = run_apart(tried(attack), 5, filtered=filtered).answer.decode()
        except ApartError as error:
            report[name] = f"{error} {error.said.decode()}".strip()
    report["precious"] = PRECIOUS.value.decode()
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
