"""What a batch asks of its technical gate: whether, under which profile, and how many retakes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.quality.profiles import built_in

SETTING: Final = "quality"  # of a job, and of the body that asks for one; a sheet's column, too
ON: Final = "on"
OFF: Final = "off"
DEFAULT_PROFILE: Final = "takes"
MOST_RETAKES: Final = 5
MOST_PROFILE_CHARS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Technical:
    """How the takes of a job are examined, and how often one that fails is made again.

    `toml` is the text of a profile that is a file of its author's own; "" for one that comes with
    callsheet.
    """

    profile: str = DEFAULT_PROFILE
    retakes: int = 1
    toml: str = ""


def settings_of_quality(
    asked: Mapping[str, Any], *, live: bool, by_default: bool
) -> dict[str, Any]:
    """Word what a job keeps: how its takes are examined, or nothing where they are not.

    `asked` is what its author said: technical, profile, retakes, toml. Live jobs are examined
    unless `by_default` says otherwise, dry runs only where it was asked for. Raises
    InvalidInputError that names the field.
    """
    wanted = asked.get("technical") or (ON if live and by_default else OFF)
    if wanted not in (ON, OFF):
        raise _wrong("technical", wanted, f"write {ON} or {OFF}")
    profile, toml = asked.get("profile") or DEFAULT_PROFILE, asked.get("toml", "")
    if not toml and profile not in built_in():
        raise _wrong("profile", profile, f"there are {', '.join(built_in())}")
    if len(toml) > MOST_PROFILE_CHARS:  # it goes with the job wherever that is read
        raise _wrong("profile", profile, f"it may have {MOST_PROFILE_CHARS:,} characters")
    retakes = asked.get("retakes")
    retakes = Technical().retakes if retakes is None else retakes
    if type(retakes) is not int or not 0 <= retakes <= MOST_RETAKES:
        raise _wrong("retakes", retakes, f"write a number from 0 to {MOST_RETAKES}")
    return {SETTING: asdict(Technical(profile, retakes, toml))} if wanted == ON else {}


def technical_of(settings: Mapping[str, Any]) -> Technical | None:
    """Read back how a job's takes are examined; None if they are not."""
    kept = settings.get(SETTING)
    return Technical(**kept) if kept else None


def row_is_examined(cells: Mapping[str, str]) -> bool:
    """Tell whether takes of a row are examined, by its own columns: all are but those that say off.

    Any other word there is the team's own business.
    """
    words = (text for title, text in cells.items() if title.strip().casefold() == SETTING)
    return all(word.strip().casefold() != OFF for word in words)


def _wrong(name: str, value: Any, message: str) -> InvalidInputError:
    fault = FieldError(f"{SETTING}.{name}", message, shown(str(value)))
    return InvalidInputError(f"{fault.field}: {message}, not {fault.value!r}", [fault])
