"""The manifest as people edit it: entities and their fields, operations, conflicts.

A field is changed by an operation that names the manifest's revision on which its author saw it.
Revisions count operations. Two people who change different fields do not meet; who changes a field
that somebody else has changed since sees both values, unless the two edits of a text go together.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from callsheet.intake.errors import FieldRefusedError
from callsheet.intake.fields import cleaned_text, read_prompt
from callsheet.intake.limits import Limits
from callsheet.jobs.merging import merged_text
from callsheet.jobs.ordering import is_order_key
from callsheet.kernel.errors import FieldError, InvalidInputError, shown

LIMITS: Final = Limits()
MOST_SHOTS: Final = 2_000  # of a job whose manifest is edited; a larger one is a sheet
MOST_AT_ONCE: Final = 500  # operations
LONGEST_SHOT_S: Final = 3_600.0
MOST_UPSTREAM: Final = 20


class Kind(StrEnum):
    """What a field belongs to."""

    JOB = "job"
    SCENE = "scene"
    SHOT = "shot"


@dataclass(frozen=True, slots=True)
class Entity:
    """What a field belongs to: the job, a scene by its id, or a shot by its row."""

    kind: Kind
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def parse(cls, text: str) -> "Entity":
        """Read `job`, `scene:S-001` or `shot:3`. Raises InvalidInputError."""
        kind, _, name = text.partition(":")
        named = 0 < len(name) <= LIMITS.max_scene_id_chars and cleaned_text(name).text == name
        row = name.isascii() and name.isdigit() and not name.startswith("0") and len(name) < 10  # noqa: PLR2004  # digits
        fits = {Kind.JOB: not name, Kind.SCENE: named, Kind.SHOT: row}
        if kind not in fits or not fits[Kind(kind)]:
            raise _refused("entity", "write job, scene:ID or shot:ROW", text)
        return cls(Kind(kind), name)


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wants: a field of an entity set to a value, seen at a revision."""

    op_id: str
    entity: Entity
    field: str
    base_revision: int
    value: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """An edit as it was accepted: the `revision` that it made, by whom and when.

    `value` is what the field had then: what was asked for, or that merged with what others did.
    `sequence` is its place in the job's journal.
    """

    revision: int
    edit: Edit
    before: Any
    value: Any
    by: str
    at: datetime
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is to be made, at a revision: fields of the job, of its scenes and of its shots."""

    revision: int
    fields: Mapping[Entity, Mapping[str, Any]]

    def document(self) -> dict[str, Any]:
        """Write it as JSON; scenes by id, shots by row."""
        told: dict[str, Any] = {"revision": self.revision, "job": {}, "scenes": {}, "shots": {}}
        for entity, fields in self.fields.items():
            place = {Kind.SCENE: "scenes", Kind.SHOT: "shots"}.get(entity.kind)
            if place is None:
                told["job"] = dict(fields)
            else:
                told[place][entity.id] = dict(fields)
        return told

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Manifest":
        """Read what `document` wrote."""
        fields = {
            Entity(Kind.JOB): document["job"],
            **{Entity(Kind.SCENE, name): told for name, told in document["scenes"].items()},
            **{Entity(Kind.SHOT, row): told for row, told in document["shots"].items()},
        }
        return cls(int(document["revision"]), fields)

    def with_operations(self, operations: Sequence[Operation]) -> "Manifest":
        """Apply later operations, in order."""
        fields = {entity: dict(told) for entity, told in self.fields.items()}
        revision = self.revision
        for operation in operations:
            entity = operation.edit.entity
            told = fields.setdefault(entity, dict(NEW_SCENE))
            told[operation.edit.field] = operation.value
            revision = operation.revision
        return Manifest(revision, fields)

    def changes_to(self, other: "Manifest") -> list[tuple[Entity, str, Any]]:
        """List the fields to set so that this becomes another: what it does not have is removed."""
        wanted = {**{entity: {"removed": True} for entity in self.fields}, **other.fields}
        return [
            (entity, field, value)
            for entity, fields in wanted.items()
            for field, value in fields.items()
            if self.fields.get(entity, {}).get(field) != value
        ]


NEW_SCENE: Final[Mapping[str, Any]] = {"title": "", "order_key": None, "removed": False}


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold: `read` answers a value as it is kept, or raises FieldRefusedError."""

    read: Callable[[Any], Any]
    is_text: bool = False


def _refused(field: str, message: str, value: Any) -> InvalidInputError:
    return InvalidInputError(f"{field}: {message}", [FieldError(field, message, shown(value))])


def _text(most: int, *, blank: bool = False) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise ValueError(f"text of at most {most} characters")
        text = cleaned_text(value).text
        if not text and not blank:
            raise ValueError("text that can be seen")
        return text

    return read


def _prompt(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")  # noqa: TRY004  # all that is wrong is told alike
    return read_prompt(value, LIMITS).text


def _key(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and is_order_key(value)):
        raise ValueError("an order key: letters and digits, the last not 0")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004  # all that is wrong is told alike
    return value


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return read


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 < value <= LONGEST_SHOT_S:
        raise ValueError(f"seconds above 0 and up to {LONGEST_SHOT_S:g}, or null")
    return float(value)


def _rows(value: Any) -> list[int]:
    if not isinstance(value, list) or len(value) > MOST_UPSTREAM or len({*value}) < len(value):
        raise ValueError(f"a list of at most {MOST_UPSTREAM} rows, each once")
    read = _whole(1, 10**9)
    return [read(each) for each in value]


FIELDS: Final[Mapping[Kind, Mapping[str, Field]]] = {
    Kind.JOB: {"name": Field(_text(LIMITS.max_name_chars, blank=True), is_text=True)},
    Kind.SCENE: {
        "title": Field(_text(LIMITS.max_name_chars, blank=True), is_text=True),
        "order_key": Field(_key),
        "removed": Field(_flag),
    },
    Kind.SHOT: {
        "scene_id": Field(_text(LIMITS.max_scene_id_chars)),
        "prompt": Field(_prompt, is_text=True),
        "model": Field(_text(LIMITS.max_model_chars)),
        "width": Field(_whole(LIMITS.min_side, LIMITS.max_side)),
        "height": Field(_whole(LIMITS.min_side, LIMITS.max_side)),
        "duration_s": Field(_seconds),
        "order_key": Field(_key),
        "depends_on": Field(_rows),
        "removed": Field(_flag),
    },
}


def read_value(edit: Edit) -> Any:
    """Check an edit's value and answer it as it is kept. Raises InvalidInputError."""
    known = FIELDS[edit.entity.kind]
    if edit.field not in known:
        raise _refused("field", f"a {edit.entity.kind} has {', '.join(known)}", edit.field)
    try:
        return known[edit.field].read(edit.value)
    except (ValueError, FieldRefusedError) as error:
        name = f"{edit.entity}.{edit.field}"
        raise _refused(name, str(error), edit.value) from error


def together(edit: Edit, value: Any, base: Any, current: Any) -> Any | None:
    """Bring an edit and what others did since into one value; None if they conflict."""
    if value == current:
        return current
    if not FIELDS[edit.entity.kind][edit.field].is_text or not isinstance(base, str):
        return None
    return merged_text(base, value, current)


def check_dependencies(manifest: Manifest) -> None:
    """Raise InvalidInputError unless shots depend on shots that there are, and in no circle."""
    needs = {
        int(entity.id): list(fields["depends_on"])
        for entity, fields in manifest.fields.items()
        if entity.kind is Kind.SHOT
    }
    for row, upstream in needs.items():
        for each in upstream:
            if each not in needs:
                raise _refused(f"shot:{row}.depends_on", f"there is no shot {each}", each)
    settled: set[int] = set()
    while ready := [row for row, upstream in needs.items() if settled.issuperset(upstream)]:
        settled.update(ready)
        needs = {row: upstream for row, upstream in needs.items() if row not in settled}
    if needs:
        row = min(needs)
        raise _refused(f"shot:{row}.depends_on", "shots would wait for each other", needs[row])
