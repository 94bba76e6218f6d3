"""Wires where the master key comes from: the shelf that a setting's form names."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote

from callsheet.accounts.secret import GivenKey, KeyFile, OwnKeyFile
from callsheet.google.secret_manager import SCHEME, Access, SecretManager
from callsheet.ports.master_key import (
    MasterKeyRefusedError,
    MasterKeys,
    MasterKeySource,
    is_address,
)
from callsheet.settings import Settings

_FILE: Final = "file://"


async def master_keys(settings: Settings) -> MasterKeys:
    """Read the key in force, and the one before it if one is named.

    Raises MasterKeyRefusedError, MasterKeyUnavailableError.
    """
    current = settings.master_key.get_secret_value().strip()
    former = settings.former_master_key.get_secret_value().strip()
    return MasterKeys(
        await _source(settings, "CALLSHEET_MASTER_KEY", current).read(),
        await _source(settings, "CALLSHEET_FORMER_MASTER_KEY", former).read() if former else None,
    )


def _source(settings: Settings, name: str, text: str) -> MasterKeySource:
    if not text:
        return OwnKeyFile(settings.data_dir)
    if text.startswith(SCHEME):
        access = Access(
            settings.google_credentials, settings.google_metadata, settings.google_secrets_url
        )
        return SecretManager(text, access)
    if text.startswith(_FILE):
        return _file(text)
    if is_address(text):  # taken for the key itself, it would be one that everybody can guess
        scheme = text.partition("://")[0]
        reason = f"{scheme}:// is no place that keys come from"
        raise MasterKeyRefusedError(name, reason, f"write {_FILE}/PATH or {SCHEME}projects/...")
    if text.startswith("/") and _is_file(text):  # likewise
        raise MasterKeyRefusedError(name, "it is a file's path, bare", f"write {_FILE}{text}")
    return GivenKey(name, text)


def _file(text: str) -> KeyFile:
    path = Path(unquote(text.removeprefix(_FILE)))
    if not path.is_absolute() or "\0" in str(path):
        raise MasterKeyRefusedError(text, "it names no file", f"write {_FILE}/ABSOLUTE/PATH")
    return KeyFile(path)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name: a key that begins with a slash
        return False
