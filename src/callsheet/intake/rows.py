"""From a sheet or from items of a request to one clean draft, by the same rules for both.

Everything wrong is collected and told at once (the first hundred problems): a person mends a sheet
in one go, not row by row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from callsheet.intake.columns import match_columns
from callsheet.intake.composites import read_composite
from callsheet.intake.errors import FieldRefusedError, ProblemCode
from callsheet.intake.fields import (
    Files,
    is_sheet_error,
    read_label,
    read_mode,
    read_model,
    read_prompt,
    read_reference,
    read_run_mode,
    read_size,
    read_variants,
)
from callsheet.intake.flags import Flagged, without_flags
from callsheet.intake.given import GivenRow, given_item, sets_inputs
from callsheet.intake.inputs import INPUTS, bounded_inputs, read_inputs
from callsheet.intake.limits import Limits
from callsheet.intake.model import (
    BatchDraft,
    CompositeDraft,
    Defaults,
    InputDraft,
    ReferenceDraft,
    RefusedRow,
    RowDraft,
    RunMode,
)
from callsheet.intake.problems import Notes, Problems
from callsheet.intake.recipe import Recipe
from callsheet.intake.sheet_rows import Reading
from callsheet.kernel.errors import shown
from callsheet.ports.pictures import ReferenceMode
from callsheet.ports.sheets import Cell, SheetTable

AS_NAMED: Final = Recipe()  # columns mean what they are called
_Value = TypeVar("_Value")
_WORDY_ROWS: Final = 50


def draft_from_table(
    table: SheetTable,
    *,
    defaults: Defaults,
    limits: Limits,
    recipe: Recipe = AS_NAMED,
    files: Files | None = None,
) -> BatchDraft:
    """Read a sheet's rows. `recipe` says what columns mean whose names do not.

    Where references may be files, `files` tells why one cannot be read. Raises BatchInputError
    with everything that is wrong.
    """
    desk = _Desk(defaults, limits, Notes(table.notes), files, keep_going=recipe.keep_going)
    matched = match_columns(
        table.columns,
        recipe.map,
        desk.problems,
        prompted=bool(recipe.prompt),
        likely_prompt=_wordiest(table),
    )
    reading = Reading(table, matched, recipe, desk.problems, desk.notes)
    if not reading.has_prompts:
        desk.problems.check()
    desk.tell([*matched.notes, reading.summary])
    draft = desk.draft(len(table.rows), reading.rows(), table.name, table.columns)
    return replace(
        draft,
        unclaimed=matched.unclaimed,
        known_columns=reading.known,
        in_place=table.in_place,
        keep_going=recipe.keep_going,
    )


def _wordiest(table: SheetTable) -> str:
    """Name the column that has the most words, which is probably that of prompts."""
    sizes = [
        sum(len(row.cells[at].split()) for row in table.rows[:_WORDY_ROWS])
        for at in range(len(table.columns))
    ]
    return table.columns[sizes.index(max(sizes))] if sizes else ""


def draft_from_items(
    items: Iterable[Mapping[str, Any] | BaseModel],
    *,
    count: int,
    defaults: Defaults,
    limits: Limits,
    keep_going: bool = False,
    files: Files | None = None,
) -> BatchDraft:
    """Read the items of a request, so many; they are numbered from 1.

    Where references may be files, `files` tells why one cannot be read. Raises BatchInputError
    with everything that is wrong.
    """
    desk = _Desk(defaults, limits, Notes(), files, keep_going=keep_going)
    given = (given_item(at, item, desk.problems) for at, item in enumerate(items))
    return replace(desk.draft(count, given, "", ()), keep_going=keep_going)


class _Desk:
    """Checks the rows of one batch, and remembers what was wrong and which addresses were seen."""

    def __init__(
        self,
        defaults: Defaults,
        limits: Limits,
        notes: Notes,
        files: Files | None,
        *,
        keep_going: bool,
    ) -> None:
        self.problems = Problems()
        self.notes = notes
        self._defaults = defaults
        self._limits = limits
        self._files = files
        self._keep_going = keep_going
        self._refused: list[RefusedRow] = []
        self._known: dict[tuple[str, str, ReferenceMode], ReferenceDraft] = {}

    def draft(
        self, count: int, rows: Iterable[GivenRow], name: str, columns: tuple[str, ...]
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
            rows=tuple(self._rows(rows)),
            columns=columns,
            notes=self.notes.all(),
            inputs={
                name: InputDraft(value, f"{INPUTS}.{name}")
                for name, value in self._checked_inputs(INPUTS, self._defaults.inputs).items()
            },
        )
        self.problems.check()
        if not draft.rows and not self._refused:
            self._refuse_count(0)
        self._refuse_all(draft)
        return replace(draft, refused=tuple(self._refused))

    def tell(self, notes: Iterable[str]) -> None:
        """Tell a person what was made of the sheet."""
        for note in notes:
            self.notes.add(note)

    def _rows(self, rows: Iterable[GivenRow]) -> Iterator[RowDraft]:
        """Check rows; those at fault are put aside, where the author says to keep going."""
        before = self.problems.taken() if self._keep_going else []
        for row in rows:
            draft = self._row(row)
            wrong = self.problems.taken() if self._keep_going else []
            if not wrong:
                yield draft
                continue
            message = "; ".join(f"{each.field}: {each.message}" for each in wrong)
            refused = RefusedRow(
                row.number, draft.scene_id, str(wrong[0].code), message, {**row.extra, **row.cells}
            )
            self._refused.append(refused)
        for each in before:
            self.problems.add(each.code, each.field, each.message, each.value)

    def _refuse_all(self, draft: BatchDraft) -> None:
        """Refuse a batch of which every row is at fault."""
        if draft.rows:
            return
        for each in self._refused:
            code = ProblemCode(each.code)
            self.problems.add(code, f"row {each.row}", each.message)
        self.problems.check()

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

    def _row(self, row: GivenRow) -> RowDraft:
        defaults, limits, texts = self._defaults, self._limits, row.texts
        mode = defaults.reference_mode
        if texts.get("reference_mode"):
            place = row.place("reference_mode")
            mode = self._read(place, texts["reference_mode"], read_mode, mode)

        def read(name: str, reader: Callable[[str], _Value], default: _Value) -> _Value:
            text = texts.get(name, "")
            return self._read(row.place(name), text, reader, default) if text else default

        flagged = self._prompt(row)
        size = self._ratio(row, flagged) or defaults.size
        scene = read("scene_id", self._scene, "")
        composite = read_composite(texts, partial(self._refuse, row))
        return RowDraft(
            row=row.number,
            scene_id=scene or f"row-{row.number}",
            prompt=flagged.text,
            references=(
                self._pictures(row, composite)
                if composite
                else self._references(row.references, mode, row.place("references"))
            ),
            variants=read("variants", lambda text: read_variants(text, limits), defaults.variants),
            model=read("model", lambda text: read_model(text, limits), defaults.model),
            size=read("size", lambda text: read_size(text, limits), size),
            extra=row.extra,
            inputs=self._inputs(row),
            soft=self._soft(row, flagged),
            cells=_saying_more(row, prompt=flagged.text, scene_id=scene),
            composite=composite,
        )

    def _refuse(
        self, row: GivenRow, name: str, code: ProblemCode, message: str, value: object
    ) -> None:
        """Note what is wrong with a field of a row."""
        self.problems.add(code, row.place(name), message, value)

    def _pictures(self, row: GivenRow, composite: CompositeDraft) -> tuple[ReferenceDraft, ...]:
        """Read a composite's scene and then its products."""
        mode = ReferenceMode.PRODUCT
        scene = [(composite.scene, ReferenceMode.SUBJECT.value)] if composite.scene else []
        products = [(product, mode.value) for product in composite.products]
        return (
            *self._references(scene, mode, row.place("scene")),
            *self._references(products, mode, row.place("product")),
        )

    def _ratio(self, row: GivenRow, flagged: Flagged) -> tuple[int, int] | None:
        """Take the ratio that a flag in the prompt asks for, unless the row has a size."""
        if not flagged.ratio or row.texts.get("size"):
            return None
        place = row.place("prompt")
        return self._read(place, flagged.ratio, lambda text: read_size(text, self._limits), None)

    def _soft(self, row: GivenRow, flagged: Flagged) -> dict[str, InputDraft]:
        """Gather inputs that are used where the row's model has them."""
        if not flagged.without:
            return dict(row.soft)
        said = row.soft.get("negative_prompt")
        text = f"{said.value}, {flagged.without}" if said else flagged.without
        title = row.columns.get("prompt", "prompt")
        return {**row.soft, "negative_prompt": InputDraft(text, f"--no in {title}")}

    def _inputs(self, row: GivenRow) -> dict[str, InputDraft]:
        """Gather what a row sets of its model's own inputs, however it says so."""
        given: list[tuple[str, Mapping[str, Any]]] = []
        if row.inputs is not None:
            given.append((INPUTS, self._checked_inputs(row.place(INPUTS), row.inputs)))
        for name, text in row.texts.items():
            if name == INPUTS and text:
                given.append((name, self._checked_inputs(row.place(name), text)))
            elif sets_inputs(name) and text:
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

    def _prompt(self, row: GivenRow) -> Flagged:
        place = row.place("prompt")
        text = row.texts.get("prompt", "")
        if row.blank:
            names = ", ".join(shown(title) for title in row.blank)
            message = f"the prompt needs column {names}, which is blank in this row"
            self.problems.add(ProblemCode.MISSING_PROMPT, place, message)
            return Flagged("")
        cleaned = self._read(place, text, lambda given: read_prompt(given, self._limits), None)
        if cleaned is None:
            return Flagged("")
        if cleaned.removed:
            self.notes.add(f"{place}: {cleaned.removed} invisible characters were removed")
        flagged = without_flags(cleaned.text)
        if flagged.unused:
            self.notes.add(
                f"{place}: {', '.join(flagged.unused)} means something to another tool only, and"
                " was left out of the prompt"
            )
        if flagged.ratio and row.texts.get("size"):
            self.notes.add(f"{place}: --ar {flagged.ratio} gives way to the row's size")
        if not flagged.text:
            message = "the prompt has nothing but flags; write what is to be seen"
            self.problems.add(ProblemCode.MISSING_PROMPT, place, message, text)
        return flagged

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
            lambda text: read_reference(text, mode, default, self._limits, self._files),
            None,
        )
        if draft is not None:
            self._known[*entry, default] = draft
        return draft

    def _scene(self, text: str) -> str:
        if is_sheet_error(text):
            message = f"{shown(text)} is an error of the sheet; mend the formula, or clear the cell"
            raise FieldRefusedError(ProblemCode.INVALID_SCENE_ID, message)
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


def _saying_more(row: GivenRow, **read: str) -> dict[str, Cell]:
    """Leave out cells that hold just what was read of them."""
    cells = dict(row.cells)
    for name, text in read.items():
        title = row.columns.get(name, "")
        if cells.get(title) == text:
            del cells[title]
    return cells
