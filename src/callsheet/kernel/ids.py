"""Ids: typed so that a shot is never taken for a take, ordered in time where it helps an index."""

import os
import re
import time
from typing import NewType

WorkspaceId = NewType("WorkspaceId", str)
JobId = NewType("JobId", str)
ShotId = NewType("ShotId", str)
TakeId = NewType("TakeId", str)

LOCAL_WORKSPACE = WorkspaceId("local")
ID_PATTERN = re.compile(r"[a-z]{2,4}_[0-9a-z]{20}")

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_RANDOM_BITS = 52
_LENGTH = 20


def new_id(prefix: str) -> str:
    """Make an id such as ``job_01hv…``: 48 bits of milliseconds, then 52 random bits.

    Ids made later sort later (to the millisecond), which keeps index inserts at the right edge.
    """
    stamp = time.time_ns() // 1_000_000 & ((1 << 48) - 1)
    number = stamp << _RANDOM_BITS | int.from_bytes(os.urandom(7)) >> (56 - _RANDOM_BITS)
    digits = [_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5)]
    return f"{prefix}_{''.join(digits)}"


def is_id(text: str, prefix: str) -> bool:
    """Tell whether `text` has the shape of one of our ids with this prefix."""
    return text.startswith(f"{prefix}_") and ID_PATTERN.fullmatch(text) is not None
