"""Folders and files that nobody else may read: made so, and made so again where they were not."""

import contextlib
import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Final

from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.logs import event

_LOG = logging.getLogger("callsheet.files")
_FOLDER: Final = 0o700
_FILE: Final = 0o600


class UnusableFolderError(InvalidInputError):
    """A folder of ours cannot be made, is no folder, or cannot be written to."""

    code: ClassVar[str] = "unusable_folder"

    def __init__(self, setting: str, path: Path, reason: str) -> None:
        place = shown(path.absolute())
        message = f"{setting}: the folder {place} cannot be used: {reason}"
        super().__init__(message, [FieldError(setting, reason, place)])


def private_folder(path: Path, setting: str) -> None:
    """Make a folder for ourselves alone, or see that one is. Raises UnusableFolderError."""
    made_folder(path, setting)
    if _is_for_all(path):
        _warn_if_open(path, _mode(path), "it is not a folder for callsheet alone")
    else:
        _tightened(path, _FOLDER)


def made_folder(path: Path, setting: str) -> None:
    """Make a folder, and those above it, for ourselves alone; one that is there stays as it is.

    Raises UnusableFolderError unless files can be made in it.
    """
    try:
        for each in reversed([path.absolute(), *path.absolute().parents]):
            if not each.exists():
                each.mkdir(_FOLDER)
                each.chmod(_FOLDER)  # whatever the umask
    except FileExistsError:
        pass  # another process was quicker, or it is a file
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnusableFolderError(setting, path, reason) from error
    if not path.is_dir():
        raise UnusableFolderError(setting, path, "a file is in its place")
    if not os.access(path, os.W_OK | os.X_OK):
        raise UnusableFolderError(setting, path, "nothing can be written there")


def private_file(path: Path) -> None:
    """Make an empty file that only we may read, unless it is there; then see that only we may."""
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _FILE)
    except OSError:  # it is there; or whoever opens it finds out why it cannot be
        tighten([path])
        return
    try:
        os.fchmod(made, _FILE)  # whatever the umask
    finally:
        os.close(made)


def tighten(paths: Iterable[Path]) -> None:
    """Let only ourselves read these files, where they are there."""
    for path in paths:
        if path.is_file():
            # A database takes its journal away when it likes: also between these two lines.
            with contextlib.suppress(FileNotFoundError):
                _tightened(path, _FILE)


def _tightened(path: Path, mode: int) -> None:
    before = _mode(path)
    if not before & ~mode:
        return
    if path.stat().st_uid != os.geteuid():  # root could, and the owner would wonder
        _warn_if_open(path, before, "it belongs to another user")
        return
    try:
        path.chmod(before & mode)
    except OSError as error:  # on a disk that cannot be written to
        _warn_if_open(path, before, error.strerror or type(error).__name__)
    else:
        said = event(path=str(path), was=f"{before:03o}", now=f"{before & mode:03o}")
        _LOG.info("files.tightened", extra=said)


def _warn_if_open(path: Path, mode: int, reason: str) -> None:
    """Say that everybody may read something; that a group may is its operator's choice."""
    if mode & stat.S_IRWXO:
        _LOG.warning("files.open", extra=event(path=str(path), mode=f"{mode:03o}", reason=reason))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & 0o777


def _is_for_all(path: Path) -> bool:
    """Tell whether a folder is one that others must get into, such as /tmp or our home."""
    place = path.resolve()
    shared = (Path("/"), Path.cwd(), Path(os.path.expanduser("~")).resolve())  # noqa: PTH111  # without a home it stays as it is
    return place in shared or bool(place.stat().st_mode & stat.S_ISVTX)
