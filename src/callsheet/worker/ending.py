"""Ending: a process that was told to stop does so, whatever its threads still wait for."""

import logging
import os
import threading
from typing import Final

from callsheet.kernel.logs import event

_LOG = logging.getLogger("callsheet.worker")
_ENDING_S: Final = 20.0


def end_soon(seconds: float = _ENDING_S) -> None:
    """Break the process off if it has not ended by itself within some seconds.

    While its database is away the engine's threads try again for ever, nothing can cancel them, and
    Python waits for them at its end. Others take up what it leaves, as after any crash.
    """
    timer = threading.Timer(seconds, _break_off, [seconds])
    timer.daemon = True
    timer.start()


def _break_off(seconds: float) -> None:
    _LOG.warning("process.broken_off", extra=event(seconds=seconds))
    logging.shutdown()
    os._exit(1)
