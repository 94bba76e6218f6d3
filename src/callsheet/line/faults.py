"""Collects what is wrong with the rows of a batch and the models they ask for, told at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from callsheet.catalog.asking import SIDES, InvalidModelInputsError
from callsheet.intake.model import InputDraft
from callsheet.jobs.model import Shot
from callsheet.kernel.errors import FieldError, shown
from callsheet.line.errors import ModelInputError

MAX_LISTED: Final = 100


@dataclass(slots=True)
class Faults:
    """The first hundred, and how many more there are; the code is that of the first."""

    code: str = ""
    errors: list[FieldError] = field(default_factory=list)
    more: int = 0

    def add(self, code: str, row: int, column: str, message: str, value: object) -> None:
        """Note one fault of a row."""
        self._note(code, f"row {row}, column {shown(column)}", message, value)

    def _note(self, code: str, place: str, message: str, value: object) -> None:
        self.code = self.code or code
        if len(self.errors) < MAX_LISTED:
            self.errors.append(FieldError(place, message, shown(value)))
        else:
            self.more += 1

    def add_input(
        self, code: str, row: int | None, name: str, message: str, told: InputDraft
    ) -> None:
        """Note a fault of an input that was set by name; without a row, for the whole batch."""
        message = f"{name}={shown(told.value)}: {message}"  # a cell may set several
        if row is None:
            self._note(code, told.column, message, told.value)
        else:
            self.add(code, row, told.column, message, told.value)

    def add_asked(
        self, error: InvalidModelInputsError, shot: Shot, told: Mapping[str, InputDraft]
    ) -> None:
        """Note what a row's model cannot make, by column; the two sides of a size are one.

        `told` are the inputs that the row sets by name.
        """
        sized = False
        for fault in error.errors:
            name = fault.field.partition(".")[0] or "model"
            if name in told:
                self.add_input("model_refuses", shot.row, name, fault.message, told[name])
            elif name not in SIDES:
                self.add("model_refuses", shot.row, name, fault.message, fault.value)
            elif not sized:
                sized = True
                self.add("model_refuses", shot.row, "size", fault.message, fault.value)

    def check(self) -> None:
        """Raise ModelInputError if anything was wrong."""
        if self.errors:
            raise ModelInputError(self.code, self.errors, self.more)
