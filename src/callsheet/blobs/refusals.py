"""What a bucket's failure was, in our words.

obstore's texts hold addresses, headers and answer bodies, and with them at times a signature or
a key id. Only what is known to be harmless is taken from them: a status, an error code, a kind.
"""

import re

from callsheet.ports.blobs import StoreFullError, StoreUnavailableError

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_INSUFFICIENT_STORAGE = "507"
_RANGE_NOT_SATISFIABLE = "416"
_SIGNS = (  # what obstore's text shows, what it means; the first found counts
    ("ConnectionRefused", "connection refused"),
    ("TimedOut", "no answer in time"),
    ("dns error", "its name does not resolve"),
    ("ertificate", "its TLS certificate is not trusted"),
    ("IncompleteMessage", "connection cut"),
    ("ConnectionReset", "connection cut"),
    ("ncomplete", "answer cut short"),
    ("Received redirect", "redirected; is the region or endpoint right?"),
    ("BadScheme", "plain http is not allowed; set the option allow_http"),
    ("redential", "no usable credentials"),
)


def named(error: Exception, store: str) -> StoreUnavailableError:
    """Say what went wrong without repeating the error's text."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    if status is None:
        return StoreUnavailableError(store, _kind(error, text))
    reason = f"HTTP {status[1]}" + (f" {code[1]}" if code else "")
    if status[1] == _INSUFFICIENT_STORAGE:
        return StoreFullError(store, reason)
    return StoreUnavailableError(store, reason)


def is_missing_bucket(error: FileNotFoundError) -> bool:
    """Tell a bucket that is not there from an object that is not there."""
    code = _CODE.search(str(error))
    return code is not None and code[1] in {"NoSuchBucket", "ContainerNotFound"}


def is_beyond_end(error: Exception) -> bool:
    """Tell whether a range began behind the last byte."""
    text = str(error)
    status = _STATUS.search(text)
    return "StartTooLarge" in text or (status is not None and status[1] == _RANGE_NOT_SATISFIABLE)


def _kind(error: Exception, text: str) -> str:
    for sign, meaning in _SIGNS:
        if sign in text:
            return meaning
    return type(error).__name__
