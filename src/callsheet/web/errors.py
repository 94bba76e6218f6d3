"""What the web door itself refuses."""

from typing import ClassVar

from callsheet.kernel.errors import (
    CallsheetError,
    FieldError,
    NotFoundError,
    UnavailableError,
    shown,
)


class BodyTooLargeError(CallsheetError):
    """The body is over the limit; reading stopped there."""

    code: ClassVar[str] = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is over the limit of {limit} bytes; split the request")
        self.limit = limit


class BodyTooRichError(CallsheetError):
    """The body is JSON that holds more, or nests deeper, than this endpoint reads."""

    code: ClassVar[str] = "body_too_rich"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the body is JSON of too much: {reason}; split the request")


class MalformedJsonError(CallsheetError):
    """The body is not JSON."""

    code: ClassVar[str] = "malformed_json"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the body is not JSON: {shown(reason)}")


class SpoolUnavailableError(UnavailableError):
    """An upload cannot be kept while it is read: no room, or no folder to write in."""

    code: ClassVar[str] = "spool_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"an upload cannot be written down: {reason}; see TMPDIR and data_dir")


class WrongTypeError(CallsheetError):
    """The body is of a type this endpoint does not read."""

    code: ClassVar[str] = "wrong_type"

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the body is {shown(found) or 'of no type'}; send {wanted}")


class RangeRefusedError(CallsheetError):
    """The asked range lies outside the file."""

    code: ClassVar[str] = "range_refused"
    size = 0

    def __init__(self, asked: str, size: int) -> None:
        super().__init__(f"range {shown(asked)!r} lies outside the {size} bytes there are")
        self.size = size


class HelloExpectedError(CallsheetError):
    """Somebody talks in a room before they said hello."""

    code: ClassVar[str] = "hello_expected"

    def __init__(self) -> None:
        super().__init__('send {"type":"hello"} first, with the last_seq that you saw if any')


class TooFastError(CallsheetError):
    """Somebody says more than one may; nothing was written."""

    code: ClassVar[str] = "too_fast"

    def __init__(self) -> None:
        super().__init__("slower: at most 20 messages a second; send it again under the same id")


class OpenDoorError(CallsheetError):
    """A server without keys may listen on loopback only."""

    code: ClassVar[str] = "open_door"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"refusing to listen on {shown(host)!r} without any API key: everybody who reaches it"
            " could spend; create one with: callsheet keys create NAME"
        )


class ModelNotFoundError(NotFoundError):
    """No card answers to that name, or it cannot be ordered."""

    code: ClassVar[str] = "model_not_found"

    def __init__(self, model: str, hint: str) -> None:
        super().__init__("model", model, hint)
        self.errors = (FieldError("model", str(self), model),)
