"""What the line refuses."""

from collections.abc import Sequence
from typing import ClassVar, Final

from callsheet.kernel.errors import ConflictError, FieldError, InvalidInputError, shown

_NAMED: Final = 5


class ModelInputError(InvalidInputError):
    """Rows ask for a model that is not there or off, or for what it cannot make."""

    code: str  # type: ignore[misc]  # which of these it is

    def __init__(self, code: str, errors: Sequence[FieldError], more: int) -> None:
        first = errors[0]
        rest = len(errors) - 1 + more
        tail = f" (and {rest} more)" if rest else ""
        super().__init__(f"{first.field}: {first.message}{tail}", errors)
        self.code = code


class NotAtGateError(ConflictError):
    """The job does not wait at this gate; the text says where it waits, if anywhere."""

    code: ClassVar[str] = "not_at_gate"

    def __init__(self, job: str, gate: str, waits_at: str | None) -> None:
        where = f"it waits at {waits_at!r}" if waits_at else "it waits at no gate"
        super().__init__(f"job {job} does not wait at the gate {shown(gate)!r}: {where}")
        self.gate, self.waits_at = gate, waits_at


class TakesUndecidedError(ConflictError):
    """Takes of the job wait for a person to decide about each of them, which a gate cannot."""

    code: ClassVar[str] = "takes_undecided"

    def __init__(self, job: str, takes: Sequence[str]) -> None:
        shown_ones = ", ".join(takes[:_NAMED]) + (" …" if len(takes) > _NAMED else "")
        super().__init__(
            f"takes of job {job} wait for a decision each: {shown_ones}; look at them with"
            f" callsheet takes list {job} --waiting, then approve or reject them"
        )
        self.takes = tuple(takes)
