"""All checks there are: the modules of this folder's folders, each with its `CHECK`."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any, Final

from callsheet import checks
from callsheet.ports.checks import Check

# What is said first: the ten that every buyer asks for, in their order.
_FIRST: Final = (
    *("resolution", "codec", "bitrate", "frame_rate", "duration"),
    *("audio_sync", "colour", "container", "size", "metadata"),
)


@cache
def all_checks() -> tuple[Check[Any], ...]:
    """Load every check; the ten first, the others by name."""
    found: list[Check[Any]] = [import_module(name).CHECK for name in _modules()]
    places = {name: place for place, name in enumerate(_FIRST)}
    return tuple(sorted(found, key=lambda each: (places.get(each.name, len(places)), each.name)))


def meter_modules() -> tuple[str, ...]:
    """Name the modules of checks that measure something of their own, for the inspector."""
    return tuple(name for name in _modules() if import_module(name).CHECK.meter is not None)


def _modules() -> list[str]:
    found = []
    for folder in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}."):
        if folder.ispkg:
            package = import_module(folder.name)
            inside = pkgutil.iter_modules(package.__path__, f"{folder.name}.")
            found += [each.name for each in inside if not each.ispkg]
    return sorted(found)
