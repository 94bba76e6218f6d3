"""Which system calls drawing and decoding need: measured, and everything else is refused.

Measured with ``strace`` over the pictures and clips of the tests, whole and damaged, on glibc 2.36.
What other versions of glibc and Python are known to ask in the same places, and what harms nobody,
is allowed too. See docs/decisions/0016-a-filter-of-our-own.md.
"""

import ctypes
import errno
import os
import signal
from typing import Final

from callsheet.media.seccomp import ALLOW, KILL, Argument, Rule, install, program, refuse

# The number of each call on x86_64 and on aarch64, from the kernel's headers.
_NUMBERS: Final[dict[str, tuple[int | None, int | None]]] = {
    "access": (21, None),
    "brk": (12, 214),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close": (3, 57),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup3": (292, 24),
    "dup2": (33, None),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fcntl": (72, 25),
    "fstat": (5, 80),
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "getrusage": (98, 165),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "lseek": (8, 62),
    "lstat": (6, None),
    "madvise": (28, 233),
    "membarrier": (324, 283),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "newfstatat": (262, 79),
    "open": (2, None),
    "openat": (257, 56),
    "pipe2": (293, 59),
    "poll": (7, None),
    "ppoll": (271, 73),
    "prctl": (157, 167),
    "pread64": (17, 67),
    "prlimit64": (302, 261),
    "read": (0, 63),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "recvmsg": (47, 212),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "set_robust_list": (273, 99),
    "setpgid": (109, 154),
    "sigaltstack": (131, 132),
    "stat": (4, None),
    "statx": (332, 291),
    "sysinfo": (99, 179),
    "tgkill": (234, 131),
    "time": (201, None),
    "uname": (63, 160),
    "wait4": (61, 260),
    "waitid": (247, 95),
    "write": (1, 64),
    "writev": (20, 66),
}

_PROT_EXEC = 4
_FORK = 0x0120_0000 | signal.SIGCHLD  # CLONE_CHILD_CLEARTID and _SETTID: what glibc's fork asks
_THREAD = 0x0001_0000
# of the flags of openat: write, create, truncate, append, and a file without a name
_OPENS_TO_CHANGE = (
    os.O_WRONLY
    | os.O_RDWR
    | os.O_CREAT
    | os.O_TRUNC
    | os.O_APPEND
    | (os.O_TMPFILE & ~os.O_DIRECTORY)
)
_TCGETS = 0x5401
_OWN_DESCRIPTORS = (1_030, 1, 2, 3)  # F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL
# Where a decoder finds the file that it was given; no higher number can be had (see `lockdown`).
FILE: Final = 60
_PRCTL_FOR_A_CHILD = (1, 22, 38)  # PR_SET_PDEATHSIG, _SECCOMP, _NO_NEW_PRIVS


def _rule(name: str, *conditions: Argument, action: int = ALLOW) -> Rule:
    return Rule(_NUMBERS[name], action, conditions)


def _rules(names: str, action: int = ALLOW) -> list[Rule]:
    return [_rule(name, action=action) for name in names.split()]


# Own memory, own time, own threads' waiting, and the end. No memory that can be run as code.
_HARMLESS: Final = [
    *_rules("brk munmap mremap madvise write writev exit exit_group futex futex_waitv"),
    _rule("mmap", Argument(2, 0, _PROT_EXEC)),
    _rule("mprotect", Argument(2, 0, _PROT_EXEC)),
    *_rules("mmap mprotect", refuse()),
    *_rules("clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time"),
    *_rules("rt_sigprocmask rt_sigreturn restart_syscall sigaltstack"),
    *_rules("getpid getppid gettid getuid geteuid getgid getegid getcwd getrandom getrusage"),
    *_rules("sched_yield sched_getaffinity set_robust_list rseq membarrier sysinfo uname"),
    *_rules("close fstat lseek"),
]

# A library may ask, and go on without: for files to load, for a thread, for what a pipe is like.
# So its picture is read all the same, and Python can say what was refused.
_MAY_ASK: Final = [
    *_rules("open openat stat lstat newfstatat statx access faccessat faccessat2", refuse()),
    *_rules("readlink readlinkat getdents64 read pread64 ioctl fcntl poll ppoll", refuse()),
    *_rules("rt_sigaction prctl prlimit64 tgkill", refuse()),
    _rule("clone", Argument(0, _THREAD, _THREAD), action=refuse(errno.EAGAIN)),
    *_rules("clone3", refuse(errno.ENOSYS)),
]

# What the process that draws needs beside: its pipes, its packages, and a child for each picture.
_DRAWING: Final = [
    *_HARMLESS,
    *_rules("read pread64 newfstatat statx getdents64 poll ppoll pipe2 wait4 waitid"),
    *_rules("rt_sigaction dup dup2 dup3 close_range setpgid"),
    *_rules("landlock_create_ruleset landlock_restrict_self"),
    _rule("openat", Argument(2, 0, _OPENS_TO_CHANGE)),
    _rule("ioctl", Argument(1, _TCGETS)),
    *(_rule("fcntl", Argument(1, command)) for command in _OWN_DESCRIPTORS),
    _rule("clone", Argument(0, _FORK)),
    *_rules("clone3", refuse(errno.ENOSYS)),
    _rule("kill", Argument(1, signal.SIGKILL)),
    *(_rule("prctl", Argument(0, option)) for option in _PRCTL_FOR_A_CHILD),
    _rule("prlimit64", Argument(0, 0)),  # of this process alone
]


# A process that is handed files takes them from the one socket that it was started with.
_TAKING_FILES: Final = [*_rules("recvmsg"), *_DRAWING]

# A decoder that was given a file reads it at places that it names: nobody else's place moves.
_DECODING_A_FILE: Final = [_rule("pread64", Argument(0, FILE)), *_HARMLESS, *_MAY_ASK]

# Spelled once, and not in each fork.
_DRAWING_PROGRAM: Final = program(_DRAWING, refuse())
_TAKING_FILES_PROGRAM: Final = program(_TAKING_FILES, refuse())
_DECODING_PROGRAM: Final = program([*_HARMLESS, *_MAY_ASK], KILL)
_DECODING_A_FILE_PROGRAM: Final = program(_DECODING_A_FILE, KILL)


def filter_drawing(libc: ctypes.CDLL, *, takes_files: bool = False) -> bool:
    """Leave this process what drawing needs, and an error for the rest; False if that is not to be.

    It may still fork, and end its children; with `takes_files` it may be handed descriptors.
    """
    return install(libc, _TAKING_FILES_PROGRAM if takes_files else _DRAWING_PROGRAM)


def filter_decoding(libc: ctypes.CDLL, *, has_file: bool = False) -> bool:
    """Leave this process what decoding needs; it dies of the rest. False if that is not to be.

    With `has_file` it may read descriptor `FILE`.
    """
    return install(libc, _DECODING_A_FILE_PROGRAM if has_file else _DECODING_PROGRAM)
