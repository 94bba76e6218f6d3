"""The rows of a sheet, read as its columns and a recipe say."""

from collections.abc import Iterator, Mapping
from typing import Any

from callsheet.intake.canonical_url import is_address
from callsheet.intake.columns import SOFT_INPUTS, Matched
from callsheet.intake.composites import COMPOSITE_FIELDS
from callsheet.intake.errors import ProblemCode
from callsheet.intake.fields import reference_entries
from callsheet.intake.given import Entries, GivenRow, sets_inputs
from callsheet.intake.model import InputDraft
from callsheet.intake.problems import Notes, Problems
from callsheet.intake.recipe import Recipe
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import shown
from callsheet.ports.sheets import Cell, SheetRow, SheetTable, title_key, written_title

_PICTURES = frozenset({"references", "product", "scene"})
_AS_SHOWN = frozenset({"scene_id", "prompt", "filename"})  # all else is meant as a value


class Reading:
    """Reads one sheet; what was made of it is told in notes."""

    def __init__(
        self, table: SheetTable, matched: Matched, recipe: Recipe, problems: Problems, notes: Notes
    ) -> None:
        self._table, self._matched, self._recipe, self._notes = table, matched, recipe, notes
        self._template = recipe.template
        self._places = {title_key(title): at for at, title in enumerate(table.columns)}
        self._titles = {name: table.columns[at] for name, at in matched.fields.items()}
        raw = {
            self._titles[name]: at
            for name, at in matched.fields.items()
            if name in {"reference_mode", *COMPOSITE_FIELDS} or sets_inputs(name)
        }
        self._kept = {**matched.extra, **raw}  # result tables show them as they were written
        self.known = {title: name for name, title in self._titles.items() if title not in raw}
        self._join = self._joining(problems)
        self._dates_told = False
        for title in self._template.titles if self._template else ():
            if title_key(title) not in self._places:
                message = f"the prompt names column {shown(title)!r}, which is not there"
                problems.add(ProblemCode.UNKNOWN_COLUMN, "prompt", message, title)

    @property
    def has_prompts(self) -> bool:
        """Tell whether there is anything to make prompts of."""
        if self._template:
            return all(title_key(title) in self._places for title in self._template.titles)
        return "prompt" in self._matched.fields

    @property
    def summary(self) -> str:
        """Say which columns are used, and which are only carried through."""
        columns, soft = self._table.columns, self._matched.soft
        used = {*self._matched.fields.values(), *self._matched.pictures, *soft.values()}
        named = self._template.titles if self._template else ()
        used |= {
            self._places[title_key(title)] for title in named if title_key(title) in self._places
        }
        titles = [shown(written_title(title)) or "(no name)" for title in columns]
        read = ", ".join(title for at, title in enumerate(titles) if at in used)
        own = ", ".join(title for at, title in enumerate(titles) if at not in used)
        return f"columns used: {read}" + (f"; carried through as your own: {own}" if own else "")

    def _joining(self, problems: Problems) -> int:
        """Find the column by which rows of pictures alone belong to the row above; -1 for none."""
        if not self._recipe.join:
            return -1
        at = self._places.get(title_key(self._recipe.join), -1)
        if at < 0:
            message = "join names a column that is not there"
            problems.add(ProblemCode.UNKNOWN_COLUMN, "join", message, self._recipe.join)
        return at

    def rows(self) -> Iterator[GivenRow]:
        """Read the rows; blank ones are left out and others joined, as the recipe says."""
        blank = joined = 0
        last: GivenRow | None = None
        handle = ""
        for row in self._table.rows:
            given = self._given(row)
            name = row.cells[self._join].strip() if self._join >= 0 else ""
            without = not given.texts.get("prompt") and not self._begun(row)
            joins = without and self._join >= 0 and given.references and name in ("", handle)
            if joins and last is not None:
                last.references.extend(given.references)
                joined += 1
            elif without and self._recipe.skip_blank:
                blank += 1
            else:
                if last is not None:
                    yield last
                last, handle = given, name
        if last is not None:
            yield last
        if joined:
            said = "without a prompt: pictures given to the row above"
            self._notes.add(f"{how_many(joined, 'row')} {said}")
        if blank:
            self._notes.add(f"{how_many(blank, 'row')} without a prompt left out")

    def _begun(self, row: SheetRow) -> bool:
        """Tell whether a row has something in any column that the prompt is made of."""
        titles = self._template.titles if self._template else ()
        return any(row.cells[self._places[title_key(title)]].strip() for title in titles)

    def _given(self, row: SheetRow) -> GivenRow:
        titles = self._titles
        texts = {name: self._text(row, at, name) for name, at in self._matched.fields.items()}
        blank: list[str] = []
        if self._template:
            cells = {key: row.cells[at] for key, at in self._places.items()}
            texts["prompt"], blank = self._template.filled(cells)
            if not self._begun(row):
                texts["prompt"], blank = "", []
        references: Entries = reference_entries(texts.get("references", ""))
        for at in self._matched.pictures:
            references += reference_entries(self._text(row, at, "references"))
        soft = {
            SOFT_INPUTS[title_key(title)]: InputDraft(row.cells[at].strip(), title)
            for title, at in self._matched.soft.items()
            if row.cells[at].strip()
        }
        return GivenRow(
            number=row.number,
            texts=texts,
            references=references,
            place=lambda name: f"row {row.number}, column {shown(titles.get(name, name))}",
            extra={title: row.cells[at] for title, at in self._kept.items()},
            columns=titles,
            soft=soft,
            cells=self._cells(row),
            blank=blank,
        )

    def _text(self, row: SheetRow, at: int, name: str) -> str:
        """Read a cell as its field means it: an id as it is shown, a number as it is."""
        text = row.cells[at].strip()
        value: Any = row.values[at] if row.values else text
        if not isinstance(value, Mapping):
            return text
        if name in _PICTURES:
            link = str(value.get("link", ""))
            return link if link and not is_address(text) else text
        if name == "scene_id" and "date" in value and not self._dates_told:
            self._dates_told = True
            self._notes.add(
                f"row {row.number}: the scene is a date in the sheet, {shown(text)}; if you typed"
                " something else, format the column as text and type it again"
            )
        return text if name in _AS_SHOWN else str(value.get("plain", text))

    def _cells(self, row: SheetRow) -> dict[str, Cell]:
        """Keep cells as they came, but for own columns of text, which the row has anyway."""
        values = row.values or row.cells
        cells: dict[str, Cell] = {}
        for at, title in enumerate(self._table.columns):
            value = values[at]
            if title in self._kept and value == row.cells[at]:
                continue
            if isinstance(value, Mapping) and not self._table.in_place and "formula" in value:
                value = {key: each for key, each in value.items() if key != "formula"}
            cells[title] = value
        return cells
