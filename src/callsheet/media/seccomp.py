"""Seccomp filters: which system calls a process may make, as a small program for the kernel.

A filter is a list of rules, tried in their order; the first that matches a call decides, and what
no rule matches gets the filter's default. It cannot be taken off, and forks inherit it. Of several
filters the strictest answer counts.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

KILL: Final = 0x8000_0000
ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000

_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

# struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]; little-endian here
_NUMBER, _MACHINE, _ARGUMENTS, _ARGUMENT_SIZE = 0, 4, 16, 8
_X32: Final = 0x4000_0000  # another way to call the kernel of x86_64, with numbers of its own
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_AT_LEAST = 0x15, 0x35
_MOST: Final = 4_096  # instructions in one filter
_STEP: Final = struct.Struct("<HBBI")


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of processor: how the kernel calls it, and its column in a table of numbers."""

    audit: int
    column: int


_MACHINES: Final = {"x86_64": Machine(0xC000_003E, 0), "aarch64": Machine(0xC000_00B7, 1)}


@dataclass(frozen=True, slots=True)
class Argument:
    """A condition: the lower half of an argument has `value` where `mask` has ones."""

    place: int
    value: int
    mask: int = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of one call (by its number on each machine), if all conditions hold."""

    numbers: tuple[int | None, int | None]
    action: int = ALLOW
    conditions: tuple[Argument, ...] = ()


def refuse(number: int = errno.EPERM) -> int:
    """Make an action: the call is not done, and its caller is told this error."""
    return _ERRNO | number


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def program(rules: Sequence[Rule], default: int) -> bytes | None:
    """Spell a filter for this machine; None for one whose system calls are not known here."""
    here = _MACHINES.get(platform.machine())
    return None if here is None else assembled(rules, default, here)


def install(libc: ctypes.CDLL, code: bytes | None) -> bool:
    """Filter this process's calls from now on; answer False where machine or kernel cannot.

    The process must have given up new privileges before.
    """
    if code is None:
        return False
    header = _Program(len(code) // _STEP.size, code)
    done: int = libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(header), 0, 0)
    return done == 0


def assembled(rules: Sequence[Rule], default: int, here: Machine) -> bytes:
    """Spell a filter for one machine. Raises ValueError if the kernel would not take its length."""
    code = [
        _step(_LOAD, _MACHINE),
        _step(_JUMP_EQUAL, here.audit, over=1, otherwise=0),
        _step(_RETURN, KILL),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, _X32, over=0, otherwise=1),
        _step(_RETURN, KILL),
    ]
    for rule in rules:
        number = rule.numbers[here.column]
        if number is not None:
            code += _block(number, rule)
    code.append(_step(_RETURN, default))
    if len(code) > _MOST:
        raise ValueError("the filter is too long for the kernel")
    return b"".join(code)


def _block(number: int, rule: Rule) -> list[bytes]:
    """Spell one rule; where it does not match, the next begins with the call's number loaded."""
    if not rule.conditions:
        return [
            _step(_JUMP_EQUAL, number, over=0, otherwise=1),
            _step(_RETURN, rule.action),
        ]
    # past the rest: three instructions for each condition, the answer, and the number loaded again
    left = 3 * len(rule.conditions)
    code = [_step(_JUMP_EQUAL, number, over=0, otherwise=left + 2)]
    for condition in rule.conditions:
        left -= 3
        place = _ARGUMENTS + _ARGUMENT_SIZE * condition.place
        code += [
            _step(_LOAD, place),
            _step(_AND, condition.mask),
            _step(_JUMP_EQUAL, condition.value, over=0, otherwise=left + 1),
        ]
    return [*code, _step(_RETURN, rule.action), _step(_LOAD, _NUMBER)]


def _step(operation: int, value: int, *, over: int = 0, otherwise: int = 0) -> bytes:
    """Spell ``struct sock_filter``; jumps count the instructions that are passed over."""
    return _STEP.pack(operation, over, otherwise, value)
