"""Sealing secrets: each under a key of its own, and that one under the master key.

Envelope encryption with AES-256-GCM (NIST SP 800-38D), random 96-bit nonces and a fresh data key
for every secret, so that no pair of key and nonce ever comes twice. The key that seals data keys is
derived from the master key by HKDF-SHA256 (RFC 5869). What is sealed is bound to where it is kept:
moved to another place it does not open.
"""

import os
from dataclasses import dataclass
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
    """Seals and opens. `master` is the master key, of any length."""

    master: bytes

    def seal(self, secret: str, place: str) -> bytes:
        """Seal a secret for a place: version, sealed data key, sealed secret."""
        data_key = os.urandom(_KEY_BYTES)
        wrapped = _encrypt(self._wrapping_key(), data_key, place)
        return _VERSION + wrapped + _encrypt(data_key, secret.encode(), place)

    def open(self, sealed: bytes, place: str) -> str:
        """Open what was sealed for a place. Raises SealBrokenError."""
        body = sealed.removeprefix(_VERSION)
        try:
            data_key = _decrypt(self._wrapping_key(), body[:_WRAPPED_BYTES], place)
            return _decrypt(data_key, body[_WRAPPED_BYTES:], place).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(place) from error

    def _wrapping_key(self) -> bytes:
        derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
        return derivation.derive(self.master)


def _encrypt(key: bytes, content: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def _decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
