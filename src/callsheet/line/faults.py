"""Collects what is wrong with the rows of a batch and the models they ask for, told at once."""

from dataclasses import dataclass, field
from typing import Final

from callsheet.catalog.asking import SIDES, AskedAmissError
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
        self.code = self.code or code
        if len(self.errors) < MAX_LISTED:
            self.errors.append(FieldError(f"row {row}, column {column}", message, shown(value)))
        else:
            self.more += 1

    def add_asked(self, error: AskedAmissError, shot: Shot) -> None:
        """Note what a row's model cannot make, by column; the two sides of a size are one."""
        sized = False
        for fault in error.errors:
            name = fault.field.partition(".")[0] or "model"
            if name not in SIDES:
                self.add("model_refuses", shot.row, name, fault.message, fault.value)
            elif not sized:
                sized = True
                self.add("model_refuses", shot.row, "size", fault.message, fault.value)

    def check(self) -> None:
        """Raise ModelInputError if anything was wrong."""
        if self.errors:
            raise ModelInputError(self.code, self.errors, self.more)
