"""What a locked-down process is started with: its command line, as there is no secret in it."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Bounds of a process; `meters` names modules of checks that measure something of their own."""

    parent: int
    picture_seconds: int
    memory_bytes: int
    max_pixels: int
    max_side: int
    meters: tuple[str, ...] = ()


def settings_in(text: str) -> Settings:
    """Read them from a command line."""
    fields = json.loads(text)
    return Settings(**{**fields, "meters": tuple(fields["meters"])})
