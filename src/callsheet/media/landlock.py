"""Landlock (Linux 5.13 and later): which files, and which processes outside, can be reached."""

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

TCP_SINCE: Final = 4  # versions of Landlock, from here on
SIGNALS_SINCE: Final = 6

# One number on every architecture, as all system calls since Linux 5.1.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_READ_FILE_AND_DIR = 1 << 2 | 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each version knows
_FILE_RIGHTS_NOW = 16
_BIND_AND_CONNECT = 0b11
_UNIX_SOCKETS_AND_SIGNALS = 0b11


def restrict(libc: ctypes.CDLL, folders: Sequence[Path]) -> int:
    """Forbid all files but `folders` (read-only); answer the version in force, 0 for none.

    From then on the process cannot attach to, or signal, one that is not under this layer: neither
    those outside, nor the one that forked it. No version knows a right to change the mode, owner or
    times of a file that can be named; see `filtering` for that.
    """
    version: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    if version < 1:
        return 0
    attributes = _ruleset_attributes(version)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return 0
    try:
        for folder in folders:
            _allow_reading(libc, ruleset, folder)
        return version if libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _ruleset_attributes(version: int) -> bytes:
    """Spell ``struct landlock_ruleset_attr`` at the length that this version knows."""
    files = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS_NOW)) - 1
    if version < TCP_SINCE:
        return struct.pack("=Q", files)
    if version < SIGNALS_SINCE:
        return struct.pack("=QQ", files, _BIND_AND_CONNECT)
    return struct.pack("=QQQ", files, _BIND_AND_CONNECT, _UNIX_SOCKETS_AND_SIGNALS)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a folder that is not there needs no rule
    try:
        rule = struct.pack("=Qi", _READ_FILE_AND_DIR, descriptor)
        if libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0):
            raise OSError(ctypes.get_errno(), f"Landlock takes no rule for {folder}")
    finally:
        os.close(descriptor)
