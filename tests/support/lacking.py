"""`callsheet` as on an old kernel, or in a container that forbids what locks are made of."""

import ctypes
import errno

from callsheet.main import main as callsheet
from callsheet.media.seccomp import ALLOW, Argument, Rule, install, program, refuse

_NO_NEW_PRIVS, _SET_SECCOMP = 38, 22
LOCKS = {
    "Landlock": Rule((444, 444), refuse(errno.ENOSYS)),
    "user namespaces": Rule((272, 97), refuse()),
    "seccomp": Rule((157, 167), refuse(errno.EINVAL), (Argument(0, _SET_SECCOMP),)),
}


def lack(*locks: str) -> None:
    """Take these from this process and all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    assert install(libc, program([LOCKS[name] for name in locks], ALLOW))


def main() -> None:
    """Run the command line where none of the locks is given."""
    lack(*LOCKS)
    callsheet()
