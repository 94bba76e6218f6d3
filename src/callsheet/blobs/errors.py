"""What the object store refuses, beyond the errors of its port."""

from collections.abc import Iterable
from typing import ClassVar

from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError, shown


class InvalidContentTypeError(InvalidInputError):
    """Not a media type that every store can keep and every browser can be sent."""

    code: ClassVar[str] = "invalid_content_type"

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"content type {shown(content_type)!r} is not of the form type/subtype in printable "
            "ASCII; use for example image/png or application/octet-stream",
            [FieldError("content_type", "not a media type", shown(content_type))],
        )
        self.content_type = content_type


class UnknownStoreSchemeError(InvalidInputError):
    """A store URL names a kind of store that does not exist."""

    code: ClassVar[str] = "unknown_store_scheme"

    def __init__(self, scheme: str, allowed: Iterable[str]) -> None:
        self.scheme, self.allowed = scheme, tuple(allowed)
        super().__init__(
            f"CALLSHEET_STORE_URL has the unknown scheme {shown(scheme)!r}; "
            f"use a path or one of {', '.join(self.allowed)}",
            [FieldError("store_url", "unknown scheme", shown(scheme))],
        )


class InvalidStoreUrlError(InvalidInputError):
    """A store URL that cannot be used. It is not repeated: it may hold a password."""

    code: ClassVar[str] = "invalid_store_url"

    def __init__(self, reason: str) -> None:
        super().__init__(f"store URL {reason}", [FieldError("store_url", reason)])
        self.reason = reason


class InvalidStoreOptionError(InvalidInputError):
    """A store does not know an option or cannot use its value, which is not repeated."""

    code: ClassVar[str] = "invalid_store_option"

    def __init__(self, store: str, option: str, reason: str) -> None:
        super().__init__(
            f"object store {store} cannot use the option {shown(option)!r}: {reason}",
            [FieldError(option, reason)],
        )
        self.store, self.option, self.reason = store, option, reason


class WeakSecretError(InvalidInputError):
    """The secret that signs links is too short to keep them from being guessed."""

    code: ClassVar[str] = "weak_secret"

    def __init__(self, size: int, least: int) -> None:
        super().__init__(
            f"the secret that signs links has {size} bytes; give at least {least}",
            [FieldError("secret", f"shorter than {least} bytes")],
        )
        self.size, self.least = size, least


class InvalidLinkRequestError(InvalidInputError):
    """A link was asked for with a lifetime or a download name that it cannot have."""

    code: ClassVar[str] = "invalid_link_request"

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(
            f"{field} {shown(value)!r} {reason}", [FieldError(field, reason, shown(value))]
        )
        self.field, self.value, self.reason = field, value, reason


class InvalidLinkError(CallsheetError):
    """A link's signature is not ours, or the link was altered."""

    code: ClassVar[str] = "invalid_link"

    def __init__(self, key: str) -> None:
        super().__init__(f"the link to {shown(key)!r} is not one that was given out; ask for it")
        self.key = key


class LinkExpiredError(CallsheetError):
    """A link was ours, and its time is over."""

    code: ClassVar[str] = "link_expired"

    def __init__(self, key: str, expired_at: int) -> None:
        super().__init__(f"the link to {shown(key)!r} has expired; ask for a fresh one")
        self.key, self.expired_at = key, expired_at


class ContentTooLargeError(InvalidInputError):
    """Content is larger than allowed; reading stopped at the limit and nothing was kept."""

    code: ClassVar[str] = "content_too_large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"content is larger than {max_bytes} bytes; send less or raise the limit",
            [FieldError("content", f"larger than {max_bytes} bytes")],
        )
        self.max_bytes = max_bytes


class ConditionalStreamTooLargeError(InvalidInputError):
    """A cloud store cannot stream this much under a condition without holding it in memory."""

    code: ClassVar[str] = "conditional_stream_too_large"

    def __init__(self, key: str, max_bytes: int) -> None:
        super().__init__(
            f"a conditional write to {shown(key)!r} is longer than the {max_bytes} bytes that may "
            "be held in memory; write it without a condition under a key of its own",
            [FieldError("condition", f"stream is longer than {max_bytes} bytes")],
        )
        self.key, self.max_bytes = key, max_bytes
