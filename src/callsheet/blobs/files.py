"""A folder of objects: what DiskStore does, one blocking call at a time.

root/assets/ab/abcd….blob   an object; the suffix keeps it apart from a folder of its name
root/.tmp/…                 drafts being written; locked by their writer, swept when stale
root/.locks/00 … ff         one lock for each shard of keys, shared by all processes
"""

import errno
import fcntl
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from callsheet.blobs.names import OBJECT_SUFFIX
from callsheet.blobs.record import FILE_MODE, Draft, Reader
from callsheet.ports.blobs import (
    BlobConflictError,
    BlobInfo,
    BlobNotFoundError,
    Condition,
    CreateOnly,
    IfMatch,
    StoreUnavailableError,
)

_STALE_DRAFT_S = 3600
_SHARDS = 256
_LOCK_PATIENCE_S = 10.0
_FOLDER_MODE = 0o750


class Files:
    """A folder of objects, shared by any number of processes on one host."""

    def __init__(self, root: Path, url: str) -> None:
        self._root, self._url = root, url
        self._drafts, self._locks = root / ".tmp", root / ".locks"

    def prepare(self) -> None:
        """Make the folders once, and sweep what writers left behind when they died."""
        for folder in (self._root, self._drafts, self._locks):
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        self.sweep(older_than=time.time() - _STALE_DRAFT_S)

    def sweep(self, older_than: float) -> int:
        """Remove drafts last written before `older_than` (Unix time) that nobody holds."""
        return sum(_removed_if_abandoned(path, older_than) for path in self._drafts.iterdir())

    def draft(self) -> Draft:
        """Begin a new object."""
        return Draft(self._drafts)

    def reader(self, key: str) -> Reader:
        """Begin reading an object."""
        return Reader(key, self._path(key))

    def put(self, key: str, content: bytes, content_type: str, condition: Condition) -> BlobInfo:
        """Write a whole object."""
        draft = self.draft()
        try:
            draft.open()
            draft.write(content)
            return self.place(draft, key, content_type, condition)
        finally:
            draft.discard()

    def place(self, draft: Draft, key: str, content_type: str, condition: Condition) -> BlobInfo:
        """Make an object of a written draft, if `condition` holds."""
        info = draft.seal(key, content_type)
        target = self._path(key)
        try:
            self._name(draft.path, key, target, condition)
        except FileNotFoundError:  # the first object in its folder
            self._make_folder(target.parent)
            self._name(draft.path, key, target, condition)
        _sync_folder(target.parent)
        return info

    def move(self, source: str, target: str) -> BlobInfo:
        """Give an object another key; what was there is replaced."""
        info = self.head(source)
        old, new = self._path(source), self._path(target)
        self._make_folder(new.parent)
        with self._locked(target):
            try:
                old.replace(new)
            except FileNotFoundError:
                raise self._absent(source) from None
        _sync_folder(new.parent)
        _sync_folder(old.parent)
        return replace(info, key=target)

    def open(self, reader: Reader, key: str) -> BlobInfo:
        """Open a reader on the object as it is now."""
        try:
            return reader.open()
        except FileNotFoundError:
            raise self._absent(key) from None

    def head(self, key: str) -> BlobInfo:
        """Describe an object."""
        with closing(self.reader(key)) as reader:
            return self.open(reader, key)

    def get(self, key: str) -> bytes:
        """Read an object whole."""
        with closing(self.reader(key)) as reader:
            return reader.read(0, self.open(reader, key).size)

    def check(self) -> None:
        """Write a file and read it back."""
        draft = self.draft()
        try:
            draft.open()
            draft.write(b"callsheet")
            written = draft.seal("check", "text/plain")
            with closing(Reader("check", draft.path)) as reader:
                if reader.open() != written:
                    raise OSError(errno.EIO, "reads back otherwise", str(draft.path))
        finally:
            draft.discard()

    def remove(self, key: str) -> None:
        """Remove an object, if it is there."""
        target = self._path(key)
        with self._locked(key):
            try:
                target.unlink()
            except FileNotFoundError:
                return
        _sync_folder(target.parent)

    def walk(self, prefix: str) -> Iterator[BlobInfo]:
        """Go through objects in order of key, holding the names of one folder at a time."""
        folder, slash, _ = prefix.rpartition("/")
        return self._walk_folder(folder + slash, prefix)

    def _walk_folder(self, folder: str, prefix: str) -> Iterator[BlobInfo]:
        for key in self._keys_in(folder):
            if not key.startswith(prefix):
                continue
            if key.endswith("/"):
                yield from self._walk_folder(key, prefix)
                continue
            with suppress(BlobNotFoundError):  # removed since its folder was read
                yield self.head(key)

    def _keys_in(self, folder: str) -> list[str]:
        """Name what a folder holds, in order of key: a folder's slash counts in the order."""
        keys: list[str] = []
        try:
            with os.scandir(self._root / folder) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue  # drafts and locks, or another program's
                    if entry.name.endswith(OBJECT_SUFFIX):
                        keys.append(folder + entry.name.removesuffix(OBJECT_SUFFIX))
                    elif entry.is_dir():
                        keys.append(f"{folder}{entry.name}/")
        except FileNotFoundError:
            self._check_present()
        return sorted(keys)

    def _path(self, key: str) -> Path:
        return self._root / (key + OBJECT_SUFFIX)

    def _name(self, draft: Path, key: str, target: Path, condition: Condition) -> None:
        """Let `target` be the draft. Linking creates or fails in one step, so it needs no lock."""
        if isinstance(condition, CreateOnly):
            try:
                target.hardlink_to(draft)
            except FileExistsError:
                raise BlobConflictError(key, self._etag(key)) from None
            return
        with self._locked(key):
            if isinstance(condition, IfMatch):
                found = self._etag(key)
                if found != condition.etag:
                    raise BlobConflictError(key, found)
            draft.replace(target)

    def _etag(self, key: str) -> str | None:
        try:
            return self.head(key).etag
        except BlobNotFoundError:
            return None

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Keep other writers of this key's shard out, in every process."""
        shard = zlib.crc32(key.encode()) % _SHARDS
        lock = os.open(self._locks / f"{shard:02x}", os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            self._take(lock)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)  # closing is not enough if we were forked
        finally:
            os.close(lock)

    def _take(self, lock: int) -> None:
        deadline, pause = time.monotonic() + _LOCK_PATIENCE_S, 0.0005
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    reason = f"another process has held a lock for {_LOCK_PATIENCE_S:.0f} s"
                    raise StoreUnavailableError(self._url, reason) from None
                time.sleep(pause)
                pause = min(2 * pause, 0.02)
            else:
                return

    def _make_folder(self, folder: Path) -> None:
        if folder == self._root:
            self._check_present()
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        with suppress(FileExistsError):  # another writer was quicker
            folder.mkdir(_FOLDER_MODE)
        _sync_folder(folder.parent)

    def _absent(self, key: str) -> BlobNotFoundError:
        self._check_present()
        return BlobNotFoundError(key)

    def _check_present(self) -> None:
        """Tell "no such object" from "no such disk": the second must never look like the first."""
        if not self._drafts.is_dir():
            raise StoreUnavailableError(self._url, "its folder has gone; is the disk mounted?")


def _sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk; without it a crash may forget a rename."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _removed_if_abandoned(path: Path, older_than: float) -> bool:
    """Remove a draft whose writer has let go of its lock, which the kernel sees to."""
    try:
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(fd).st_mtime >= older_than:
            return False
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(fd)
    return True
