"""Where a master key is kept without anybody's help: a setting, a file, the data folder."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from callsheet.kernel.private_files import private_folder, tighten
from callsheet.ports.master_key import MOST_BYTES, MasterKeyRefusedError, key_of

_BYTES: Final = 32
_FILE: Final = "master.key"


@dataclass(frozen=True, slots=True)
class GivenKey:
    """Implements ports.master_key.MasterKeySource: the setting `name` holds the key itself."""

    name: str
    text: str = field(repr=False)

    async def read(self) -> bytes:
        """Answer it. Raises MasterKeyRefusedError."""
        return key_of(self.text.encode(errors="surrogateescape"), self.name)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Implements ports.master_key.MasterKeySource: a file that the operator put there."""

    path: Path

    async def read(self) -> bytes:
        """Read it. Raises MasterKeyRefusedError."""
        return await asyncio.to_thread(_read_privately, self.path)


@dataclass(frozen=True, slots=True)
class OwnKeyFile:
    """Implements ports.master_key.MasterKeySource: made in the data folder at the first start."""

    data_dir: Path

    async def read(self) -> bytes:
        """Read it, or make it. Raises MasterKeyRefusedError, UnusableFolderError."""
        return await asyncio.to_thread(self._found)

    def _found(self) -> bytes:
        path = self.data_dir.absolute() / _FILE
        if not path.exists():
            private_folder(self.data_dir, "CALLSHEET_DATA_DIR")
            _make(path)
        return _read_privately(path)


def _read_privately(path: Path) -> bytes:
    content = _read(path)
    tighten([path])
    return content


def _read(path: Path) -> bytes:
    address = f"file://{path}"
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        advice = "give this process a file with the key there, and the right to read it"
        reason = error.strerror or type(error).__name__
        raise MasterKeyRefusedError(address, reason, advice) from error
    return key_of(content, address)


def _make(path: Path) -> None:
    """Write a new secret whole under another name and link it: a twin never reads half of one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    with draft.open("w") as file:
        file.write(os.urandom(_BYTES).hex())
        file.flush()
        os.fsync(file.fileno())  # what it seals must not outlive it
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # a twin was faster; its secret is the secret
    finally:
        draft.unlink()
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """Bring a new name in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
