"""Tolerances of a check, read from a table of a profile; errors name the key."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NotTolerated(Exception):  # noqa: N818  # it is turned into an error that knows the line
    """A key of a profile is wrong; `reason` says how."""

    key: str
    reason: str


def read_tolerances(kind: type[T], table: Mapping[str, Any]) -> T:
    """Read a table of a profile. Raises NotTolerated for the first key that is wrong."""
    hints = get_type_hints(kind)
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    read: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise NotTolerated(key, f"there is no such key; there are {', '.join(known) or 'none'}")
        read[key] = _value(hints[key], value, known[key].metadata, key)
    return kind(**read)


def _value(kind: Any, value: Any, bounds: Mapping[str, Any], key: str) -> Any:
    optional = type(None) in get_args(kind)
    if optional:
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not value:
            raise NotTolerated(key, f"it must be a list, not {value!r}")
        return tuple(_value(get_args(kind)[0], each, bounds, key) for each in value)
    if kind is bool or kind is str:
        if type(value) is not kind:
            raise NotTolerated(key, f"it must be {_NAMES[kind]}, not {value!r}")
        return _chosen(value, bounds, key)
    if type(value) not in {int, float} or (kind is int and type(value) is not int):
        raise NotTolerated(key, f"it must be {_NAMES[kind]}, not {value!r}")
    least, most = bounds.get("least", 0.0), bounds.get("most", float("inf"))
    if not least <= value <= most:
        raise NotTolerated(key, f"it must be {least:g} to {most:g}, not {value!r}")
    return kind(value)


_NAMES = {bool: "true or false", str: "a text", int: "a whole number", float: "a number"}


def _chosen(value: Any, bounds: Mapping[str, Any], key: str) -> Any:
    choices = bounds.get("choices") or ()
    if choices and value not in choices:
        raise NotTolerated(key, f"it must be one of {', '.join(choices)}, not {value!r}")
    return value
