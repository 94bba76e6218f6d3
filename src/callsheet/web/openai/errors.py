"""What can be wrong with a request for OpenAI's API, beside what can be wrong anywhere."""

from typing import ClassVar

from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError


class ParameterRefusedError(InvalidInputError):
    """A parameter cannot be kept to by the model that is asked."""

    code: ClassVar[str] = "invalid_parameter"

    def __init__(self, name: str, message: str, value: object = "") -> None:
        super().__init__(f"{name}: {message}", [FieldError(name, message, str(value))])


class OrderInDoubtError(CallsheetError):
    """An order may have been accepted, and what became of it is not known yet."""

    code: ClassVar[str] = "order_in_doubt"

    def __init__(self, take: str) -> None:
        super().__init__(
            f"take {take} may have been ordered and is being asked about; ask the same again later,"
            " which orders nothing new"
        )
        self.take = take


class TakeNotMadeError(CallsheetError):
    """A take ended without a picture."""

    code: ClassVar[str] = "not_made"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failed_as = code
