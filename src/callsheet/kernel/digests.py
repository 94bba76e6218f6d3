"""SHA-256 digests: the name of every asset and of every set of inputs."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NewType

Sha256 = NewType("Sha256", str)  # 64 lower-case hexadecimal digits

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
