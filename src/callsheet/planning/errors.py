"""What can be wrong with a brief."""

from typing import ClassVar

from callsheet.kernel.errors import FieldError, InvalidInputError, shown


class BriefError(InvalidInputError):
    """A brief cannot be used; names the field and its value."""

    code: ClassVar[str] = "invalid_brief"

    def __init__(self, field: str, message: str, value: object = "") -> None:
        super().__init__(f"{field}: {message}", [FieldError(field, message, shown(value))])
