"""Waits until nobody uses a test cluster any more, then stops it and removes its folder.

    postgres_keeper.py HOME COMMAND...

Every process that uses the cluster holds a shared lock on HOME/holders. The kernel drops the lock
when a process ends, however it ends, so this one gets its exclusive lock exactly when the last
user is gone, also after `kill -9`. COMMAND stops the server at once.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

# A user may have been killed while starting the server; by then it has written its process id.
_START_S: Final = 0.2


def keep(home: Path, stop: list[str]) -> None:
    """Wait for the last holder, then clean up; also when asked to end before that."""
    try:
        with (home / "holders").open() as holders:
            fcntl.flock(holders, fcntl.LOCK_EX)
    finally:
        time.sleep(_START_S)
        if (home / "data" / "postmaster.pid").exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(stop, check=False, timeout=30, cwd="/")
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # whoever started us must neither wait for us nor be our parent
    os.setsid()  # Ctrl-C in the terminal is for the tests
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    keep(Path(sys.argv[1]), sys.argv[2:])
