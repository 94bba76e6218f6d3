"""What the line refuses before a job is made."""

from collections.abc import Sequence

from callsheet.kernel.errors import FieldError, InvalidInputError


class ModelInputError(InvalidInputError):
    """Rows ask for a model that is not there or off, or for what it cannot make."""

    code: str  # type: ignore[misc]  # which of these it is

    def __init__(self, code: str, errors: Sequence[FieldError], more: int) -> None:
        first = errors[0]
        rest = len(errors) - 1 + more
        tail = f" (and {rest} more)" if rest else ""
        super().__init__(f"{first.field}: {first.message}{tail}", errors)
        self.code = code
