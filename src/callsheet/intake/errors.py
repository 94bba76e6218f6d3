"""What can be wrong with a batch before anything is created.

InvalidInputError
├── BatchInputError         the sheet or the items; `code` is that of the first problem
└── InvalidReferenceError   one reference cannot be an address that is fetched

A batch is refused as a whole and with everything that is wrong in it, so that a sheet is mended in
one go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from callsheet.kernel.errors import FieldError, InvalidInputError, shown


class ProblemCode(StrEnum):
    """The stable names of what can be wrong; clients rely on them."""

    EMPTY_SHEET = "empty_sheet"
    TOO_MANY_ROWS = "too_many_rows"
    UNKNOWN_COLUMN = "unknown_column"
    DUPLICATE_COLUMN = "duplicate_column"
    INVALID_TYPE = "invalid_type"
    UNKNOWN_RUN_MODE = "unknown_run_mode"
    INVALID_NAME = "invalid_name"
    MISSING_PROMPT = "missing_prompt"
    PROMPT_TOO_LONG = "prompt_too_long"
    UNUSABLE_PROMPT = "unusable_prompt"
    INVALID_RECIPE = "invalid_recipe"
    INVALID_SCENE_ID = "invalid_scene_id"
    INVALID_VARIANTS = "invalid_variants"
    TOO_MANY_VARIANTS = "too_many_variants"
    INVALID_MODEL = "invalid_model"
    INVALID_SIZE = "invalid_size"
    INVALID_INPUTS = "invalid_inputs"
    INVALID_REFERENCE = "invalid_reference"
    TOO_MANY_REFERENCES = "too_many_references"
    UNKNOWN_MODE = "unknown_mode"
    INVALID_COMPOSITE = "invalid_composite"


@dataclass(frozen=True, slots=True)
class RowProblem(FieldError):  # noqa: N818 - a value that errors list, no exception itself
    """One thing that is wrong with one field, with its code."""

    code: ProblemCode = ProblemCode.INVALID_TYPE


class FieldRefusedError(InvalidInputError):
    """One field's value cannot be used; who reads it knows the row and adds that."""

    def __init__(self, code: ProblemCode, message: str) -> None:
        super().__init__(message)
        self.problem, self.message = code, message


class BatchInputError(InvalidInputError):
    """The batch cannot be made; nothing was created. `errors` names each row and column.

    `more` counts the problems beyond those listed. `hint` are options that would mend the columns.
    """

    code: str  # type: ignore[misc]  # the first problem's code: one sheet can be wrong in many ways

    def __init__(self, problems: Sequence[RowProblem], more: int = 0, hint: str = "") -> None:
        first = problems[0]
        rest = len(problems) - 1 + more
        tail = f" (and {rest} more)" if rest else ""
        typed = f"; or type it behind the same command: {hint}" if hint else ""
        super().__init__(f"{first.field}: {first.message}{tail}{typed}", problems)
        self.hint = hint
        self.code = str(first.code)
        self.more = more


class InvalidReferenceError(InvalidInputError):
    """The reference is no address that can be fetched."""

    code: ClassVar[str] = "invalid_reference"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{shown(source)!r} cannot be used as a reference: {reason}")
        self.source, self.reason = source, reason
