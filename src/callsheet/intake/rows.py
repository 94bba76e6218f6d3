"""From a sheet or from items of a request to one clean draft, by the same rules for both.

Everything wrong is collected and told at once (the first hundred problems): a person mends a sheet
in one go, not row by row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from callsheet.intake.columns import FIELDS, any_field_named, match_columns
from callsheet.intake.composites import COMPOSITE_FIELDS, read_composite
from callsheet.intake.errors import FieldRefusedError, ProblemCode
from callsheet.intake.fields import (
    read_label,
    read_mode,
    read_model,
    read_prompt,
    read_reference,
    read_run_mode,
    read_size,
    read_variants,
    reference_entries,
)
from callsheet.intake.inputs import INPUTS, bounded_inputs, read_inputs
from callsheet.intake.limits import Limits
from callsheet.intake.model import (
    BatchDraft,
    CompositeDraft,
    Defaults,
    InputDraft,
    ReferenceDraft,
    RowDraft,
    RunMode,
)
from callsheet.intake.problems import Notes, Problems
from callsheet.kernel.errors import shown
from callsheet.ports.pictures import ReferenceMode
from callsheet.ports.sheets import SheetRow, SheetTable

_Value = TypeVar("_Value")
_Entries = list[tuple[str, str]]  # (address or path, mode or "")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it was given. `place` names one of its fields as its author knows it."""

    number: int
    texts: Mapping[str, str]
    references: _Entries
    place: Callable[[str], str]
    extra: dict[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)  # titles of fields
    inputs: Mapping[str, Any] | None = None  # given as an object


def draft_from_table(
    table: SheetTable,
    *,
    mapping: Mapping[str, str],
    defaults: Defaults,
    limits: Limits,
    allow_paths: bool = False,
) -> BatchDraft:
    """Read a sheet's rows. `mapping` says what columns mean whose names do not.

    Raises BatchInputError with everything that is wrong.
    """
    desk = _Desk(defaults, limits, Notes(table.notes), allow_paths=allow_paths)
    matched = match_columns(table.columns, mapping, desk.problems)
    if "prompt" not in matched.fields:
        desk.problems.check()
    titles = {name: table.columns[at] for name, at in matched.fields.items()}
    raw = {
        titles[name]: at
        for name, at in matched.fields.items()
        if name in {"reference_mode", *COMPOSITE_FIELDS} or _sets_inputs(name)
    }
    kept = {**matched.extra, **raw}  # result tables show them as they were written

    def given(row: SheetRow) -> _Row:
        texts = {name: row.cells[at].strip() for name, at in matched.fields.items()}
        return _Row(
            number=row.number,
            texts=texts,
            references=reference_entries(texts.get("references", "")),
            place=lambda name: f"row {row.number}, column {shown(titles.get(name, name))}",
            extra={title: row.cells[at] for title, at in kept.items()},
            columns=titles,
        )

    draft = desk.draft(len(table.rows), map(given, table.rows), table.name, table.columns)
    known = {title: name for name, title in titles.items() if title not in raw}
    return replace(draft, unclaimed=matched.unclaimed, known_columns=known)


def draft_from_items(
    items: Iterable[Mapping[str, Any] | BaseModel],
    *,
    count: int,
    defaults: Defaults,
    limits: Limits,
    allow_paths: bool = False,
) -> BatchDraft:
    """Read the items of a request, so many; they are numbered from 1.

    Raises BatchInputError with everything that is wrong.
    """
    desk = _Desk(defaults, limits, Notes(), allow_paths=allow_paths)
    given = (_item(at, item, desk.problems) for at, item in enumerate(items))
    return desk.draft(count, given, "", ())


def _item(at: int, item: Mapping[str, Any] | BaseModel, problems: Problems) -> _Row:
    fields = item.model_dump() if isinstance(item, BaseModel) else item
    texts: dict[str, str] = {}
    references: _Entries = []
    inputs: Mapping[str, Any] | None = None
    for name, value in fields.items():
        place = f"items[{at}].{shown(name)}"
        known = any_field_named(name)
        if known is None:
            there = ", ".join((*FIELDS, *COMPOSITE_FIELDS))
            message = f"there is no field of that name; there are {there}"
            problems.add(ProblemCode.UNKNOWN_COLUMN, place, message, name)
        elif value is None:
            continue
        elif known == "product" and not isinstance(value, str):
            listed = _listed_references(value, place, problems)
            texts[known] = " ".join(source for source, _ in listed)
        elif known == "references" and not isinstance(value, str):
            references += _listed_references(value, place, problems)
        elif known == INPUTS and isinstance(value, Mapping):
            inputs = value
        elif isinstance(value, str) or (known == "variants" and type(value) is int):
            texts[known] = str(value).strip()
        else:
            message = f"a {type(value).__name__} cannot be used here; give text"
            problems.add(ProblemCode.INVALID_TYPE, place, message, value)
    references += reference_entries(texts.get("references", ""))
    return _Row(at + 1, texts, references, lambda name: f"items[{at}].{name}", inputs=inputs)


def _sets_inputs(name: str) -> bool:
    return name.partition(".")[0] == INPUTS


def _listed_references(value: Any, place: str, problems: Problems) -> _Entries:
    """Read a list of addresses, or of objects with `url` and `mode`."""
    entries: _Entries = []
    for at, each in enumerate(value if isinstance(value, list | tuple) else [value]):
        one = each.model_dump() if isinstance(each, BaseModel) else each
        if isinstance(one, str):
            entries.append((one, ""))
        elif isinstance(one, Mapping) and isinstance(one.get("url"), str):
            entries.append((one["url"], str(one.get("mode") or "")))
        else:
            message = 'a reference is an address, or {"url": …, "mode": …}'
            problems.add(ProblemCode.INVALID_TYPE, f"{place}[{at}]", message, one)
    return entries


class _Desk:
    """Checks the rows of one batch, and remembers what was wrong and which addresses were seen."""

    def __init__(
        self, defaults: Defaults, limits: Limits, notes: Notes, *, allow_paths: bool
    ) -> None:
        self.problems = Problems()
        self._defaults = defaults
        self._limits = limits
        self._notes = notes
        self._allow_paths = allow_paths
        self._known: dict[tuple[str, str, ReferenceMode], ReferenceDraft] = {}

    def draft(
        self, count: int, rows: Iterable[_Row], name: str, columns: tuple[str, ...]
    ) -> BatchDraft:
        """Check everything and make the draft. Raises BatchInputError."""
        self._refuse_count(count)
        self._check_defaults()
        title = self._defaults.name or name[: self._limits.max_name_chars]
        draft = BatchDraft(
            name=self._read("name", title, self._name, ""),
            run_mode=self._read("runMode", self._defaults.run_mode, read_run_mode, RunMode.DRY_RUN),
            global_references=self._references(
                self._defaults.global_references, self._defaults.reference_mode, "global_refs"
            ),
            rows=tuple([self._row(row) for row in rows]),
            columns=columns,
            notes=self._notes.all(),
            inputs={
                name: InputDraft(value, f"{INPUTS}.{name}")
                for name, value in self._checked_inputs(INPUTS, self._defaults.inputs).items()
            },
        )
        self.problems.check()
        return draft

    def _refuse_count(self, count: int) -> None:
        """Stop before looking at rows if they are none or too many."""
        if count > self._limits.max_rows:
            allowed = f"{self._limits.max_rows} are allowed (CALLSHEET_MAX_ROWS)"
            message = f"{count} rows, {allowed}; split the batch"
            self.problems.add(ProblemCode.TOO_MANY_ROWS, "rows", message, count)
            self.problems.check()
        if not count:
            message = "there are no rows; write at least one with a prompt"
            self.problems.add(ProblemCode.EMPTY_SHEET, "rows", message)
            self.problems.check()

    def _check_defaults(self) -> None:
        """Hold the defaults to the rules of the rows: they come from the same people."""
        given, limits = self._defaults, self._limits
        self._read("variants", str(given.variants), lambda text: read_variants(text, limits), 1)
        if given.size:
            size = "{}x{}".format(*given.size)
            self._read("size", size, lambda text: read_size(text, limits), (0, 0))
        if given.model:
            self._read("model", given.model, lambda text: read_model(text, limits), "")

    def _row(self, row: _Row) -> RowDraft:
        defaults, limits, texts = self._defaults, self._limits, row.texts
        mode = defaults.reference_mode
        if texts.get("reference_mode"):
            place = row.place("reference_mode")
            mode = self._read(place, texts["reference_mode"], read_mode, mode)

        def read(name: str, reader: Callable[[str], _Value], default: _Value) -> _Value:
            text = texts.get(name, "")
            return self._read(row.place(name), text, reader, default) if text else default

        composite = read_composite(texts, partial(self._refuse, row))
        return RowDraft(
            row=row.number,
            scene_id=read("scene_id", self._scene, "") or f"row-{row.number}",
            prompt=self._prompt(row),
            references=(
                self._pictures(row, composite)
                if composite
                else self._references(row.references, mode, row.place("references"))
            ),
            variants=read("variants", lambda text: read_variants(text, limits), defaults.variants),
            model=read("model", lambda text: read_model(text, limits), defaults.model),
            size=read("size", lambda text: read_size(text, limits), defaults.size),
            extra=row.extra,
            inputs=self._inputs(row),
            composite=composite,
        )

    def _refuse(self, row: _Row, name: str, code: ProblemCode, message: str, value: object) -> None:
        """Note what is wrong with a field of a row."""
        self.problems.add(code, row.place(name), message, value)

    def _pictures(self, row: _Row, composite: CompositeDraft) -> tuple[ReferenceDraft, ...]:
        """Read a composite's scene and then its products."""
        mode = ReferenceMode.PRODUCT
        scene = [(composite.scene, ReferenceMode.SUBJECT.value)] if composite.scene else []
        products = [(product, mode.value) for product in composite.products]
        return (
            *self._references(scene, mode, row.place("scene")),
            *self._references(products, mode, row.place("product")),
        )

    def _inputs(self, row: _Row) -> dict[str, InputDraft]:
        """Gather what a row sets of its model's own inputs, however it says so."""
        given: list[tuple[str, Mapping[str, Any]]] = []
        if row.inputs is not None:
            given.append((INPUTS, self._checked_inputs(row.place(INPUTS), row.inputs)))
        for name, text in row.texts.items():
            if name == INPUTS and text:
                given.append((name, self._checked_inputs(row.place(name), text)))
            elif _sets_inputs(name) and text:
                one = {name.partition(".")[2]: text}
                given.append((name, self._checked_inputs(row.place(name), one)))
        found: dict[str, InputDraft] = {}
        for field_name, values in given:
            for name, value in values.items():
                title = row.columns.get(field_name, f"{INPUTS}.{name}")
                if name in found:
                    message = f"{found[name].column} sets {name} in this row already; keep one"
                    place = row.place(field_name)
                    self.problems.add(ProblemCode.INVALID_INPUTS, place, message, value)
                found[name] = InputDraft(value, title)
        return found

    def _checked_inputs(self, place: str, given: Mapping[str, Any] | str) -> dict[str, Any]:
        """Check inputs; if they are refused, note that and go on without."""
        try:
            if isinstance(given, str):
                return read_inputs(given, self._limits)
            return bounded_inputs(given, self._limits)
        except FieldRefusedError as error:
            self.problems.add(error.problem, place, error.message, given)
            return {}

    def _prompt(self, row: _Row) -> str:
        place = row.place("prompt")
        text = row.texts.get("prompt", "")
        cleaned = self._read(place, text, lambda given: read_prompt(given, self._limits), None)
        if cleaned is None:
            return ""
        if cleaned.removed:
            self._notes.add(f"{place}: {cleaned.removed} invisible characters were removed")
        return cleaned.text

    def _references(
        self, entries: Sequence[tuple[str, str]], default: ReferenceMode, place: str
    ) -> tuple[ReferenceDraft, ...]:
        limit = self._limits.max_references_in_row
        if len(entries) > limit:
            message = f"{len(entries)} references, {limit} may be named here"
            self.problems.add(ProblemCode.TOO_MANY_REFERENCES, place, message)
            return ()
        drafts = (self._reference(each, default, place) for each in entries)
        return tuple([draft for draft in drafts if draft is not None])

    def _reference(
        self, entry: tuple[str, str], default: ReferenceMode, place: str
    ) -> ReferenceDraft | None:
        """Check one reference; the same one in the next row is known already."""
        known = self._known.get((*entry, default))
        if known is not None:
            return known
        source, mode = entry
        draft = self._read(
            place,
            source,
            lambda text: read_reference(
                text, mode, default, self._limits, allow_paths=self._allow_paths
            ),
            None,
        )
        if draft is not None:
            self._known[*entry, default] = draft
        return draft

    def _scene(self, text: str) -> str:
        limit = self._limits.max_scene_id_chars
        return read_label(text, ProblemCode.INVALID_SCENE_ID, limit)

    def _name(self, text: str) -> str:
        return read_label(text, ProblemCode.INVALID_NAME, self._limits.max_name_chars)

    def _read(
        self, place: str, text: str, reader: Callable[[str], _Value], default: _Value
    ) -> _Value:
        """Read one field; if it is refused, note that and go on with `default`."""
        try:
            return reader(text)
        except FieldRefusedError as error:
            self.problems.add(error.problem, place, error.message, text)
            return default
