"""Sealing secrets: each under a key of its own, and that one under the master key.

Envelope encryption with AES-256-GCM (NIST SP 800-38D), random 96-bit nonces and a fresh data key
for every secret, so that no pair of key and nonce ever comes twice. The key that seals data keys is
derived from the master key by HKDF-SHA256 (RFC 5869). What is sealed is bound to where it is kept:
moved to another place it does not open.
"""

import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callsheet.accounts.errors import SealBrokenError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_WRAPPED_BYTES: Final = _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES
_VERSION: Final = b"\x01"
_PURPOSE: Final = b"callsheet provider keys 1"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals under the master key, which may have any length; opens under the former one, too."""

    master: bytes = field(repr=False)
    former: bytes | None = field(default=None, repr=False)

    def seal(self, secret: str, place: str) -> bytes:
        """Seal a secret for a place: version, sealed data key, sealed secret."""
        data_key = os.urandom(_KEY_BYTES)
        wrapped = _encrypt(_wrapping_key(self.master), data_key, place)
        return _VERSION + wrapped + _encrypt(data_key, secret.encode(), place)

    def open(self, sealed: bytes, place: str) -> str:
        """Open what was sealed for a place. Raises SealBrokenError."""
        for master in (self.master, self.former):
            secret = _opened(master, sealed, place) if master is not None else None
            if secret is not None:
                return secret
        raise SealBrokenError([place])

    def is_current(self, sealed: bytes, place: str) -> bool:
        """Tell whether the master key in force alone opens it."""
        return _opened(self.master, sealed, place) is not None


def _opened(master: bytes, sealed: bytes, place: str) -> str | None:
    body = sealed.removeprefix(_VERSION)
    try:
        data_key = _decrypt(_wrapping_key(master), body[:_WRAPPED_BYTES], place)
        return _decrypt(data_key, body[_WRAPPED_BYTES:], place).decode()
    except (InvalidTag, ValueError):
        return None


def _wrapping_key(master: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(master)


def _encrypt(key: bytes, content: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def _decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
