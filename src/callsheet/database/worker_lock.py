"""One worker process per SQLite file."""

import fcntl
import os
from pathlib import Path
from typing import ClassVar

from callsheet.kernel.errors import ConflictError
from callsheet.kernel.private_files import tighten


class WorkerRunningError(ConflictError):
    """Another process works on this data folder."""

    code: ClassVar[str] = "worker_running"

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(f"process {pid or '?'} works on this data already (lock {path})")
        self.path, self.pid = path, pid


class WorkerLock:
    """An advisory lock beside the database; the kernel drops it when the process ends."""

    def __init__(self, database_file: str) -> None:
        self._path = Path(f"{database_file}.worker")
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock. Raises WorkerRunningError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        tighten([self._path])
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            os.close(file)
            raise WorkerRunningError(self._path, pid) from error
        os.truncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
