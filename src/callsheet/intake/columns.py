"""Which column of a sheet means what: known names, a team's own columns, and likely slips.

A column that nobody knows is the team's own and is carried through. One that looks like a slip of
a known name is refused: a batch that silently ignores `varients` makes the wrong number of takes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callsheet.intake.composites import COMPOSITE_FIELDS, composite_columns, composite_field
from callsheet.intake.errors import ProblemCode
from callsheet.intake.inputs import INPUTS, input_field
from callsheet.intake.problems import Problems
from callsheet.kernel.errors import shown

EXTRA = "extra"  # what a mapping says of a column that is the team's own
FIELDS = (
    "scene_id",
    "prompt",
    "references",
    "variants",
    "model",
    "size",
    "reference_mode",
    INPUTS,
)
_ALIASES = {
    **{field.replace("_", ""): field for field in FIELDS},
    "refpackpublicurls": "references",
    "refs": "references",
    "referenceurls": "references",
    "refurl": "references",
    "input": INPUTS,
}
_SEPARATORS = re.compile(r"[\s_-]+")
_SHORT_NAME = 5  # one slip in so short a name already makes another word
_SLIPS = 2


@dataclass(frozen=True, slots=True)
class Matched:
    """Positions of the known fields and of the team's own columns.

    `unclaimed` are those of the latter that no mapping says are the team's own.
    """

    fields: dict[str, int]
    extra: dict[str, int]
    unclaimed: tuple[str, ...] = ()


def field_named(title: str) -> str | None:
    """Find the field a column's title means; case, spaces, `_` and `-` make no difference.

    That of one that addresses an input is `inputs.<name>`.
    """
    return _ALIASES.get(_key(title)) or input_field(title)


def any_field_named(title: str) -> str | None:
    """Find the field that a name means, one of composites too."""
    return field_named(title) or composite_field(title)


def match_columns(
    columns: Sequence[str], mapping: Mapping[str, str], problems: Problems
) -> Matched:
    """Tell what each column means. `mapping` (column -> field, or "extra") goes before names."""
    wanted = _wanted(columns, mapping, problems)
    free = [title for title in columns if _key(title) not in wanted]
    composites = composite_columns(free, wanted.values())
    matched = Matched({}, {})
    unknown = []
    for at, title in enumerate(columns):
        field = wanted.get(_key(title)) or composites.get(title) or field_named(title)
        if field is None:
            unknown.append(title)
        if field is None or field == EXTRA:
            matched.extra[title] = at
        elif field in matched.fields:
            first = columns[matched.fields[field]]
            message = f"columns {shown(first)!r} and {shown(title)!r} both mean {field}; keep one"
            problems.add(ProblemCode.DUPLICATE_COLUMN, _place(title), message, title)
        else:
            matched.fields[field] = at
    _refuse_slips(unknown, problems, every="prompt" not in matched.fields)
    if "prompt" not in matched.fields and not unknown:
        message = "there is no column named prompt; add it, or map one of yours to it"
        problems.add(ProblemCode.MISSING_PROMPT, _place("prompt"), message)
    return replace(matched, unclaimed=tuple(unknown))


def _wanted(
    columns: Sequence[str], mapping: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Read the mapping, and refuse what it names in vain."""
    there = {_key(title) for title in columns}
    wanted = {}
    for title, meant in mapping.items():
        field = EXTRA if meant.strip().lower() == EXTRA else any_field_named(meant)
        if _key(title) not in there:
            message = f"the mapping names a column that is not there; there are {_listed(columns)}"
            problems.add(ProblemCode.UNKNOWN_COLUMN, "mapping", message, title)
        elif field is None:
            fields = _listed((*FIELDS, *COMPOSITE_FIELDS, EXTRA))
            message = f"{shown(meant)!r} is no field; use one of {fields}"
            problems.add(ProblemCode.UNKNOWN_COLUMN, "mapping", message, meant)
        else:
            wanted[_key(title)] = field
    return wanted


def _refuse_slips(unknown: Sequence[str], problems: Problems, *, every: bool) -> None:
    """Refuse unknown columns that look like slips; all of them when there is no prompt."""
    for title in unknown:
        likely = likely_field(title)
        if likely is not None:
            message = (
                f"column {shown(title)!r} is not known; {likely!r} was probably meant: rename it, "
                f'or map it to "{EXTRA}" if it is your own'
            )
        elif every:
            message = (
                f"column {shown(title)!r} is not known, and there is no column named prompt: "
                "name that one so, or map one of yours to it"
            )
        else:
            continue
        problems.add(ProblemCode.UNKNOWN_COLUMN, _place(title), message, title)


def likely_field(title: str) -> str | None:
    """Name the field that a title is a slip of, if it looks like one."""
    key = _key(title)
    scored = [(_slips(key, alias), field) for alias, field in _ALIASES.items()]
    close = [(slips, field) for slips, field in scored if slips is not None]
    return min(close)[1] if close else None


def _slips(written: str, alias: str) -> int | None:
    """Count the slips between two names; None if they are too many for it to be a slip."""
    allowed = 1 if len(alias) <= _SHORT_NAME else _SLIPS
    if abs(len(written) - len(alias)) > allowed:
        return None
    if sorted(written) == sorted(alias):
        return 1
    distance = _distance(written, alias)
    return distance if distance <= allowed else None


def _distance(one: str, other: str) -> int:
    """Levenshtein distance: letters added, left out or replaced."""
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, start=1):
        before, row[0] = row[0], count
        for at, against in enumerate(other, start=1):
            before, row[at] = (
                row[at],
                min(row[at] + 1, row[at - 1] + 1, before + (letter != against)),
            )
    return row[-1]


def _key(title: str) -> str:
    return _SEPARATORS.sub("", title).casefold()


def _place(title: str) -> str:
    return f"column {shown(title)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(shown(name)) for name in names[:30])
