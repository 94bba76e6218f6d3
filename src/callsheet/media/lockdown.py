"""Taking a process's rights away for good, so that a hostile file gains nothing by owning it.

Three layers, each without privileges and without packages:

- resource limits: memory, no file of any size written, few descriptors, no core dumps;
- Landlock (Linux 5.13 and later): of all files only Python and its packages, and those read-only;
  from 6.7 on no TCP either, from 6.12 on no signals to the processes outside;
- a network namespace of its own, empty, where the kernel and the container allow one.

What the kernel lacks is left out and reported: see `Lockdown.missing`.
"""

import ctypes
import os
import resource
import signal
import struct
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import callsheet

_MAX_FILES = 64

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000

# One number on every architecture, as all system calls since Linux 5.1.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_READ_FILE_AND_DIR = 1 << 2 | 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each version of Landlock knows
_FILE_RIGHTS_NOW = 16
_TCP_SINCE = 4
_BIND_AND_CONNECT = 0b11
_SCOPES_SINCE = 6
_UNIX_SOCKETS_AND_SIGNALS = 0b11


class Network(StrEnum):
    """What a locked-down process can reach."""

    CUT = "cut"  # it has a network of its own with nothing in it
    NO_TCP = "no_tcp"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Lockdown:
    """Which locks are in force: the version of Landlock (0 for none) and the reach of network."""

    landlock: int
    network: Network

    @property
    def missing(self) -> tuple[str, ...]:
        """Say in words which locks this kernel or container does not give; empty if all hold."""
        found = []
        if not self.landlock:
            found.append("no Landlock: files are protected by their permissions alone")
        if self.network is Network.OPEN:
            found.append("the network is not cut: allow user namespaces, or use Linux 6.7")
        return tuple(found)

    def __str__(self) -> str:
        """Say which locks hold, for people who read ``/health``."""
        files = f"Landlock {self.landlock}" if self.landlock else "no Landlock"
        return "; ".join((f"limits, {files}, network {self.network}", *self.missing))


def lock_down(memory_bytes: int) -> Lockdown:
    """Take this process's rights away, and those of every process it forks. Cannot be undone.

    Call it with one thread running, and with everything imported that will be needed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    limit(resource.RLIMIT_AS, memory_bytes)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, _MAX_FILES)
    cut = _network_cut(libc)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    landlock = _landlocked(libc, _readable_folders())
    if cut:
        return Lockdown(landlock, Network.CUT)
    return Lockdown(landlock, Network.NO_TCP if landlock >= _TCP_SINCE else Network.OPEN)


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


def _readable_folders() -> list[Path]:
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return [*map(Path, sorted(folders)), Path(callsheet.__file__).parent]


def _network_cut(libc: ctypes.CDLL) -> bool:
    """Move into an empty network. Plain users need a user namespace for it, root may not."""
    return any(
        libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    )


def _landlocked(libc: ctypes.CDLL, folders: Sequence[Path]) -> int:
    """Forbid all files but `folders` (read-only); answer the version in force, 0 for none."""
    version: int = libc.syscall(
        _LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION
    )
    if version < 1:
        return 0
    attributes = _ruleset_attributes(version)
    ruleset = libc.syscall(
        _LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0
    )
    if ruleset < 0:
        return 0
    try:
        for folder in folders:
            _allow_reading(libc, ruleset, folder)
        return version if libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _ruleset_attributes(version: int) -> bytes:
    """Spell ``struct landlock_ruleset_attr`` at the length that this version knows."""
    files = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS_NOW)) - 1
    if version < _TCP_SINCE:
        return struct.pack("=Q", files)
    if version < _SCOPES_SINCE:
        return struct.pack("=QQ", files, _BIND_AND_CONNECT)
    return struct.pack("=QQQ", files, _BIND_AND_CONNECT, _UNIX_SOCKETS_AND_SIGNALS)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a folder that is not there needs no rule
    try:
        rule = struct.pack("=Qi", _READ_FILE_AND_DIR, descriptor)
        if libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0):
            raise OSError(ctypes.get_errno(), f"Landlock takes no rule for {folder}")
    finally:
        os.close(descriptor)
