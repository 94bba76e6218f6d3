"""The root of every error callsheet raises on purpose.

    CallsheetError
    ├── InvalidInputError     what was given cannot be used; names the field and the value
    ├── NotFoundError         nothing by that name, or it belongs to another workspace
    ├── ConflictError         the thing is not in a state that allows this
    └── UnavailableError      a service below us does not answer; try again later

Rooms derive their own classes from these. The class is the decision, the attributes are the
evidence, and the message is built once, inside the class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

_SHOWN_VALUE_CHARS = 120


class NextStep(StrEnum):
    """What may happen after a failed order."""

    STOP = "stop"  # it will never work as it stands: give the money back
    WAIT = "wait"  # nothing was spent: try again later, within the attempt limit
    RECONCILE = "reconcile"  # something may have been spent: ask before anything else


class CallsheetError(Exception):
    """Anything callsheet refuses or fails at, with a stable machine-readable code."""

    code: ClassVar[str] = "error"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field of the input."""

    field: str
    message: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not made, as it is kept and told: an error's code, text and next step."""

    code: str
    message: str
    next_step: NextStep = NextStep.STOP

    @classmethod
    def of(cls, error: "CallsheetError", next_step: NextStep | None = None) -> "Failure":
        """Keep an error; its own next step counts unless another is given."""
        step: str = next_step or getattr(error, "next_step", None) or NextStep.STOP
        return cls(error.code, str(error), NextStep(step))

    def to_json(self) -> dict[str, str]:
        """Write as JSON."""
        return {"code": self.code, "message": self.message, "next_step": str(self.next_step)}


def shown(value: object) -> str:
    """Shorten a value for an error message; unprintable characters become escapes."""
    text = str(value)
    clipped = text if len(text) <= _SHOWN_VALUE_CHARS else text[:_SHOWN_VALUE_CHARS] + "…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in clipped)


class InvalidInputError(CallsheetError):
    """The input cannot be used; `errors` names each field and its value."""

    code: ClassVar[str] = "invalid_input"

    def __init__(self, message: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class NotFoundError(CallsheetError):
    """There is nothing by that name in this workspace; `hint` says what there is."""

    code: ClassVar[str] = "not_found"

    def __init__(self, kind: str, name: str, hint: str = "") -> None:
        said = f"no {kind} {shown(name)!r} here"
        super().__init__(f"{said}; {hint}" if hint else said)
        self.kind, self.name = kind, name


class ConflictError(CallsheetError):
    """The thing exists but its state does not allow what was asked."""

    code: ClassVar[str] = "conflict"


class UnavailableError(CallsheetError):
    """A service that callsheet stands on does not answer; nothing was lost."""

    code: ClassVar[str] = "unavailable"
