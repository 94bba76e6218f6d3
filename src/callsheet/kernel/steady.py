"""A clock that nobody can set."""

import time


def steady_s() -> float:
    """Tell seconds since the machine was started, times in which it slept included.

    Nobody can set this clock, and it goes on while a machine is suspended: how old something is
    can be told by it, within one machine.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)
