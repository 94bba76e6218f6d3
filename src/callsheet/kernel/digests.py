"""Digests: SHA-256 names every asset and set of inputs; CRC-32C is what some services add."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NewType

Sha256 = NewType("Sha256", str)  # 64 lower-case hexadecimal digits

_CASTAGNOLI: Final = 0x82F63B78  # the polynomial of RFC 3720, its bits reversed
_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_of(content: bytes) -> Sha256:
    """Digest bytes."""
    return Sha256(hashlib.sha256(content).hexdigest())


def is_sha256(text: str) -> bool:
    """Tell whether `text` is a digest in the form we write it."""
    return _SHA256.fullmatch(text) is not None


def canonical_json(value: Any) -> bytes:
    """Serialise to one spelling: sorted keys, no spaces, UTF-8; equal values, equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_of(inputs: Mapping[str, Any]) -> Sha256:
    """Digest a JSON object by its canonical spelling."""
    return sha256_of(canonical_json(inputs))


def crc32c_of(content: bytes) -> int:
    """Sum bytes up as RFC 3720 says; meant for small content: a megabyte takes a second."""
    rest = 0xFFFFFFFF
    for byte in content:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (_CASTAGNOLI if rest & 1 else 0)
    return rest ^ 0xFFFFFFFF
