"""Running a command line: every error ends in one line and an exit status of its own."""

import io
import logging
import sys
from typing import ClassVar, Final

import typer

from callsheet.cli.output import fail
from callsheet.kernel.errors import CallsheetError, shown
from callsheet.kernel.masking import masked_url

INTERRUPTED: Final = 130
_LOG = logging.getLogger("callsheet")


class UnforeseenError(CallsheetError):
    """A defect of callsheet, or of what it stands on, ended a command."""

    code: ClassVar[str] = "unforeseen"

    def __init__(self, cause: Exception) -> None:
        said = shown(masked_url(str(cause)))
        super().__init__(
            f"{type(cause).__name__}: {said}; with CALLSHEET_LOG_LEVEL=INFO the log says where"
        )


def run_app(app: typer.Typer) -> None:
    """Run a command line; exit 0 done, 1 failed, 2 usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack letters that sheets have
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except CallsheetError as error:
        fail(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # what nobody foresaw ends in one line, too
        _tell_unforeseen(error)
        sys.exit(1)


def _tell_unforeseen(error: Exception) -> None:
    """Say where a defect is: in the log, where there is one, else in a line for people."""
    if _LOG.isEnabledFor(logging.INFO):
        _LOG.critical("process.failed", exc_info=error)
    else:
        fail(UnforeseenError(error))
