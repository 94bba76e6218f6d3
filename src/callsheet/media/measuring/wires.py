"""What is measured, as messages between processes: numbers as bytes, facts as JSON.

A message comes from a process that read a hostile file: whatever is out of form is refused.
"""

import math
import types
from array import array
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from callsheet.media.wire import Message, WireError, in_one_line
from callsheet.ports.measuring import Sound, Trace

_MOST: Final = 16_384  # things in a list
_MOST_CHARS: Final = 4_096
_FLOATS: Final = "f"
T = TypeVar("T")


def told(value: Any) -> Any:
    """Make of facts what JSON has: fractions become "30000/1001"."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: told(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple | list | array):
        return [told(each) for each in value]
    return value


def heard(kind: type[T], value: Any) -> T:
    """Make facts of what JSON had. Raises WireError for what they cannot be."""
    made: T = _heard(kind, value)
    return made


def _heard(kind: Any, value: Any) -> Any:
    if get_origin(kind) in {Union, types.UnionType}:
        if value is None:
            return None  # every union here is of something or nothing
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), value)
    if is_dataclass(kind):
        return _facts(kind, value)
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    """Read a number, a text or a choice."""
    if kind is Fraction:
        return _fraction(value)
    if kind is float and type(value) in {int, float} and math.isfinite(value):
        return float(value)
    if issubclass(kind, StrEnum) and value in list(kind):
        return kind(value)
    if kind is str and type(value) is str and len(value) <= _MOST_CHARS:
        return in_one_line(value, _MOST_CHARS)
    if kind in {int, bool} and type(value) is kind:
        return value
    raise WireError("tells facts that are out of form")


def _tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise WireError("tells a list that is out of form")
    if len(kinds) == 2 and kinds[1] is ...:  # noqa: PLR2004  # of any length
        return tuple(_heard(kinds[0], each) for each in value)
    if len(kinds) != len(value):
        raise WireError("tells a list of another length")
    return tuple(_heard(kind, each) for kind, each in zip(kinds, value, strict=True))


def _facts(kind: Any, value: Any) -> Any:
    hints = get_type_hints(kind)
    if not isinstance(value, Mapping) or set(value) != set(hints):
        raise WireError("tells other facts than were asked for")
    return kind(**{name: _heard(hint, value[name]) for name, hint in hints.items()})


def _fraction(value: Any) -> Fraction:
    try:
        over, under = str(value).split("/")
        return Fraction(int(over), int(under))
    except (ValueError, ZeroDivisionError) as error:
        raise WireError("tells a fraction that is none") from error


def trace_message(trace: Trace) -> Message:
    """Spell a trace."""
    names = list(trace.columns)
    said = {"columns": names, "errors": trace.errors, "first_error_s": trace.first_error_s}
    blobs = [array("d", trace.times).tobytes()]
    blobs += [array(_FLOATS, trace.columns[name]).tobytes() for name in names]
    return Message(said, blobs)


def trace_in(message: Message) -> Trace:
    """Read a trace. Raises WireError."""
    try:
        names, errors = message.fields["columns"], message.fields["errors"]
        first = message.fields["first_error_s"]
        times, *columns = message.blobs
        read = {name: _numbers(_FLOATS, each) for name, each in zip(names, columns, strict=True)}
        trace = Trace(
            _numbers("d", times), read, int(errors), None if first is None else float(first)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WireError("tells a trace that is out of form") from error
    ordered = all(math.isfinite(time) for time in trace.times)
    if not ordered or any(len(column) != len(trace) for column in trace.columns.values()):
        raise WireError("tells a trace that is out of form")
    return trace


_LISTS: Final = ("levels", "onsets", "clipped")


def sound_message(sound: Sound) -> Message:
    """Spell what was measured of sound."""
    said = {each.name: getattr(sound, each.name) for each in fields(sound)}
    lists = [array(_FLOATS if name == "levels" else "d", said.pop(name)) for name in _LISTS]
    return Message(said, [each.tobytes() for each in lists])


def sound_in(message: Message) -> Sound:
    """Read what was measured of sound. Raises WireError."""
    hints = get_type_hints(Sound)
    plain = {name: hint for name, hint in hints.items() if name not in _LISTS}
    try:
        levels, onsets, clipped = message.blobs
        said: dict[str, Any] = {
            name: _heard(hint, message.fields[name]) for name, hint in plain.items()
        }
        said["levels"] = _numbers(_FLOATS, levels)
        return Sound(**said, onsets=_numbers("d", onsets), clipped=_numbers("d", clipped))
    except (KeyError, ValueError) as error:
        raise WireError("tells of sound out of form") from error


def _numbers(code: Literal["d", "f"], content: bytes) -> "array[float]":
    """Read numbers. Raises ValueError for bytes that are cut off."""
    numbers: array[float] = array(code)
    numbers.frombytes(content)
    return numbers
