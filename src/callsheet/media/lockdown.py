"""Taking a process's rights away for good, so that a hostile file gains nothing by owning it.

Layers that stand apart, each without privileges and without packages:

- resource limits: memory, no file of any size written, few descriptors, no core dumps;
- no capabilities, and a memory that no other process may look into;
- a network namespace of its own, empty, where the kernel and the container allow one;
- Landlock: of all files only Python and its packages, and those read-only; from Linux 6.7 on no TCP
  either, from 6.12 on no signals to the processes outside (see `landlock`);
- a seccomp filter: of all system calls only those that are needed (see `filtering`).

What the kernel lacks is left out and reported: see `Lockdown.missing`.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
import sysconfig
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import callsheet
from callsheet.media import landlock
from callsheet.media.filtering import filter_decoding, filter_drawing

_MAX_FILES = 64

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_CAPABILITIES_V3 = 0x2008_0522


class Network(StrEnum):
    """What a locked-down process can reach."""

    CUT = "cut"  # it has a network of its own with nothing in it
    NO_TCP = "no_tcp"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Lockdown:
    """Which locks are in force.

    `landlock` is its version, 0 for none; `filtered` is whether system calls are.
    """

    landlock: int
    network: Network
    filtered: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """Say in words which locks this kernel or container does not give; empty if all hold."""
        found = []
        if not self.landlock:
            found.append("no Landlock: files are protected by their permissions alone")
        if self.network is Network.OPEN:
            found.append("the network is not cut: allow user namespaces, or use Linux 6.7")
        if not self.filtered:
            found.append("no seccomp: any system call can be made")
        return tuple(found)

    def __str__(self) -> str:
        """Say which locks hold, for people who read ``/health``."""
        files = f"Landlock {self.landlock}" if self.landlock else "no Landlock"
        calls = "system calls filtered" if self.filtered else "system calls open"
        return "; ".join((f"limits, {files}, network {self.network}, {calls}", *self.missing))


def lock_down(memory_bytes: int, *, takes_files: bool = False) -> Lockdown:
    """Take this process's rights away, and those of every process it forks. Cannot be undone.

    Call it with one thread running, and with everything imported that will be needed. With
    `takes_files` it can be handed descriptors over a socket that it has already.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    limit(resource.RLIMIT_AS, memory_bytes)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, _MAX_FILES)
    cut = _network_cut(libc)
    hide(libc)
    _give_up_new_privileges(libc)
    version = landlock.restrict(libc, _readable_folders())
    filtered = filter_drawing(libc, takes_files=takes_files)
    if cut:
        return Lockdown(version, Network.CUT, filtered)
    network = Network.NO_TCP if version >= landlock.TCP_SINCE else Network.OPEN
    return Lockdown(version, network, filtered)


def confine(*, filtered: bool, has_file: bool = False) -> None:
    """Take from a forked process what the one above it still has. Cannot be undone.

    It cannot touch the process above, nor anything but its memory and the pipes that it has; what
    the kernel lacks is left out. With `filtered` its system calls must be filtered: raises OSError
    where they cannot be. With `has_file` it can read descriptor `filtering.FILE`.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    limit(resource.RLIMIT_NPROC, 0)
    _give_up_new_privileges(libc)
    landlock.restrict(libc, ())
    limit(resource.RLIMIT_NOFILE, 0)  # no new descriptor of any kind: no file, no socket
    if filtered and not filter_decoding(libc, has_file=has_file):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def hide(libc: ctypes.CDLL) -> None:
    """Give up all capabilities, and let no process attach to this one or read its memory.

    What it forks is as hidden. Raises OSError.
    """
    header = struct.pack("=Ii", _CAPABILITIES_V3, 0)
    if libc.capset(header, bytes(24)) or libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "capabilities or dumps cannot be given up")


def limit(kind: int, most: int, slack: int = 0) -> None:
    """Lower a resource limit, the hard one `slack` above the soft; what is lower already stays."""
    _, hard = resource.getrlimit(kind)
    unlimited = hard == resource.RLIM_INFINITY
    lower = most + slack if unlimited else min(most + slack, hard)
    resource.setrlimit(kind, (min(most, lower), lower))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that comes about.

    `parent` is the parent's process id as it was known before: it may have died already. Gaining
    or losing rights makes the kernel forget this wish, so call it after `lock_down`.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _give_up_new_privileges(libc: ctypes.CDLL) -> None:
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")


def _readable_folders() -> list[Path]:
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return [*map(Path, sorted(folders)), Path(callsheet.__file__).parent]


def _network_cut(libc: ctypes.CDLL) -> bool:
    """Move into an empty network. Plain users need a user namespace for it, root may not."""
    return any(
        libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    )


if __name__ == "__main__":  # asked which locks there are, without a process that draws
    sys.stdout.write(json.dumps(asdict(lock_down(int(sys.argv[1])))))
