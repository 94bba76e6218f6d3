"""The master key: what seals providers' keys and signs links, wherever it is kept."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol

from callsheet.kernel.errors import FieldError, InvalidInputError, UnavailableError, shown

LEAST_BYTES: Final = 16
MOST_BYTES: Final = 64 * 1024  # what Google Secret Manager keeps
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://")
_HEX: Final = re.compile(rb"([0-9a-fA-F]{2}){16,}")


class MasterKeyRefusedError(InvalidInputError):
    """The place that is named for the master key gives none; a person must act."""

    code: ClassVar[str] = "master_key_refused"

    def __init__(self, address: str, reason: str, advice: str) -> None:
        super().__init__(
            f"no master key from {shown(address)}: {reason}; {advice}",
            [FieldError("master_key", reason, shown(address))],
        )
        self.address, self.reason = address, reason


class MasterKeyUnavailableError(UnavailableError):
    """The service that keeps the master key does not answer, or its answer came damaged."""

    code: ClassVar[str] = "master_key_unavailable"

    def __init__(self, address: str, reason: str, advice: str) -> None:
        super().__init__(f"no master key from {shown(address)}: {reason}; {advice}")
        self.address, self.reason = address, reason


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master key in force, and the one before it while what it sealed is sealed anew."""

    current: bytes = field(repr=False)
    former: bytes | None = field(default=None, repr=False)


class MasterKeySource(Protocol):
    """One place that a master key can be read from."""

    async def read(self) -> bytes:
        """Read the key. Raises MasterKeyRefusedError, MasterKeyUnavailableError."""


def is_address(text: str) -> bool:
    """Tell whether a setting says where the key is, and is not the key."""
    return _ADDRESS.match(text) is not None


def key_of(content: bytes, address: str) -> bytes:
    """Read a key from what is kept; the same text is the same key in every place.

    White space around it does not count. An even number of 32 hexadecimal digits or more stands
    for its bytes. Raises MasterKeyRefusedError.
    """
    bare = content.strip()
    key = bytes.fromhex(bare.decode()) if _HEX.fullmatch(bare) else bare
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        reason = f"what is there has {len(key)} bytes, and a key {LEAST_BYTES} to {MOST_BYTES}"
        raise MasterKeyRefusedError(address, reason, "make one with: openssl rand -hex 32")
    return key
