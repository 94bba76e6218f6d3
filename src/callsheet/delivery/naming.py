"""Names of files that leave, from a template: `{scene}_{variant}_v{version}.{ext}`.

What stands between two underscores is left out when every field in it is empty, so that one
template serves pictures and texts, which have no size. A name says the same on every system: in
packages it is ASCII; where a letter had to go, a short digest of the whole value keeps names apart.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from callsheet.assets.model import extension_of
from callsheet.intake.names import safe_name
from callsheet.jobs.model import Job
from callsheet.kernel.errors import FieldError, InvalidInputError, shown

Told = Mapping[str, Any]  # a part of a state document
DEFAULT: Final = "{project}_{scene}{shot}_{variant}_v{version}_{w}x{h}.{ext}"
FIELDS: Final = (
    "project",
    "job",
    "date",
    "scene",
    "shot",
    "row",
    "variant",
    "version",
    "w",
    "h",
    "model",
    "take",
    "sha",
    "ext",
)
MOST_CHARS: Final = 100  # of one file name, and of a folder's
MOST_TEMPLATE_CHARS: Final = 300
_FIELD: Final = re.compile(r"\{([^{}:]+)(?::0?(\d))?\}")
_EXTENSION: Final = ".{ext}"
_DIGEST_CHARS: Final = 6
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._+,@()=-]+")
_DASHES: Final = re.compile(r"-{2,}")
# letters that Unicode does not take apart
_SPELT: Final = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{RIGHT SINGLE QUOTATION MARK}": "",
        "'": "",
    }
)


class InvalidTemplateError(InvalidInputError):
    """A template for names cannot be read, or names a field that there is not."""

    code = "invalid_template"

    def __init__(self, template: str, reason: str) -> None:
        message = f"names: {reason}"
        super().__init__(message, [FieldError("names", reason, shown(template))])


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a template; numbers are filled up with zeros to `digits`."""

    name: str
    digits: int = 0

    def of(self, values: Mapping[str, str]) -> str:
        text = values.get(self.name, "")
        return (
            text.zfill(self.digits) if self.digits and text.isascii() and text.isdigit() else text
        )


Part = tuple[str | _Field, ...]  # what stands between two underscores


@dataclass(frozen=True, slots=True)
class NameTemplate:
    """A template that was read: folders and the file's name, each in its parts."""

    text: str
    segments: tuple[tuple[Part, ...], ...]

    @classmethod
    def parse(cls, text: str, columns: Collection[str] = ()) -> "NameTemplate":
        """Read a template whose fields are those known here, or `columns` of a sheet.

        Raises InvalidTemplateError.
        """
        text = text.strip()
        if not text or len(text) > MOST_TEMPLATE_CHARS:
            reason = f"write 1 to {MOST_TEMPLATE_CHARS} characters, such as {DEFAULT}"
            raise InvalidTemplateError(text, reason)
        stem = text.removesuffix(_EXTENSION)
        known = {name.casefold(): name for name in (*columns, *FIELDS)}
        segments = tuple(_parts(text, segment, known) for segment in stem.split("/"))
        if not all(any(part for part in parts) for parts in segments):
            raise InvalidTemplateError(text, "a folder or the file has no name between slashes")
        return cls(text, segments)

    def name(self, values: Mapping[str, str], extension: str) -> str:
        """Write the name of one file, in letters of any script; see `ascii_name`."""
        return "/".join(self._written(values, extension, ascii_only=False))

    def ascii_name(self, values: Mapping[str, str], extension: str) -> str:
        """Write the name of one file in ASCII."""
        return "/".join(self._written(values, extension, ascii_only=True))

    def _written(self, values: Mapping[str, str], extension: str, *, ascii_only: bool) -> list[str]:
        clean = ascii_of if ascii_only else _visible
        used = {each.name for parts in self.segments for part in parts for each in _fields(part)}
        values = {name: clean(values.get(name, "")) for name in used}
        names = [_joined(parts, values, clean) for parts in self.segments]
        ending = f".{extension}"
        folders = [_clipped(name, MOST_CHARS) for name in names[:-1]]
        return [*folders, _clipped(names[-1], MOST_CHARS - len(ending)) + ending]


def values_of(job: Job, row: Told, variant: Told, cells: Mapping[str, str]) -> dict[str, str]:
    """Give the fields of a template their values, from a row of a state document and its variant.

    A sheet's own column never hides a field of ours.
    """
    return {
        **cells,
        "project": job.name or job.id,
        "job": job.id,
        "date": f"{job.times.created_at:%Y-%m-%d}",
        "scene": str(row["scene_id"]),
        "shot": f"sh{row['row']:03}",
        "row": str(row["row"]),
        "variant": str(variant["variant"]),
        "version": str(variant["attempt"]),
        "w": str(variant["width"] or ""),
        "h": str(variant["height"] or ""),
        "model": str(variant["model"]),
        "take": str(variant["take"]),
        "sha": str(variant["sha256"])[:8],
        "ext": extension_of(variant["mediaType"]),
    }


def _parts(template: str, text: str, known: Mapping[str, str]) -> tuple[Part, ...]:
    parts: list[list[str | _Field]] = [[]]
    place = 0
    for match in (*_FIELD.finditer(text), None):
        literal = text[place : match.start() if match else len(text)]
        if "{" in literal or "}" in literal:
            raise InvalidTemplateError(template, "a brace is not closed; write fields as {scene}")
        first, *others = literal.split("_")
        parts[-1] += [first] if first else []
        parts += [[other] if other else [] for other in others]
        if match:
            parts[-1].append(_field(template, match, known))
            place = match.end()
    return tuple(map(tuple, parts))


def _field(template: str, match: re.Match[str], known: Mapping[str, str]) -> _Field:
    name = known.get(match[1].strip().casefold())
    if name is None:
        there = ", ".join(sorted(set(known.values()), key=str.casefold))
        reason = f"there is no field {shown(match[1])!r}; there are {there}"
        raise InvalidTemplateError(template, reason)
    return _Field(name, int(match[2] or 0))


def _fields(part: Part) -> list[_Field]:
    return [each for each in part if isinstance(each, _Field)]


def _joined(parts: tuple[Part, ...], values: Mapping[str, str], clean: Callable[[str], str]) -> str:
    written = []
    for part in parts:
        fields = _fields(part)
        if fields and not any(each.of(values) for each in fields):
            continue
        written.append(
            "".join(each.of(values) if isinstance(each, _Field) else clean(each) for each in part)
        )
    return "_".join(written)


def _visible(text: str) -> str:
    return safe_name(text) if text.strip() else ""


def ascii_of(text: str) -> str:
    """Spell a text in ASCII that is safe in file names; "" for an empty one.

    What loses letters on the way gets a digest of the whole, so that two texts that differ in
    them stay two names.
    """
    visible = _visible(text)
    apart = unicodedata.normalize("NFKD", visible.translate(_SPELT))
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    lost = not bare.isascii()
    plain = _PLAIN.sub("-", bare.encode("ascii", "ignore").decode())
    spelt = _DASHES.sub("-", plain).strip(" -.")
    if not lost:
        return spelt
    digest = sha256(visible.encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{spelt}-{digest}" if spelt else digest


def _clipped(name: str, most: int) -> str:
    return safe_name(name[:most].rstrip(" .-") or "unnamed")


@dataclass(slots=True)
class Names:
    """Names that were given, and those that several files ask for; letters' case makes no name."""

    collisions: dict[str, list[str]] = field(default_factory=dict)
    _given: dict[str, str] = field(default_factory=dict)

    def give(self, name: str, to: str) -> None:
        """Give a name to something that `to` describes."""
        folded = name.casefold()
        first = self._given.setdefault(folded, to)
        if first is not to:
            self.collisions.setdefault(name, [first]).append(to)
