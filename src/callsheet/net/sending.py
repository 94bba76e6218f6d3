"""A request on its way out: whether any of it has left, and why it failed in words that are safe.

What the libraries below say of a failure may quote a header, and that holds a key; or what was
read, and that may echo one. So none of their words are shown.
"""

import math
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, Final

from callsheet.kernel.steady import steady_s

_ABOUT_TO_WRITE: Final = "send_request_headers.started"
_NOT_WRITTEN: Final = "send_request_headers.failed"
_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
_HUNG_UP: Final = "Server disconnected without sending a response."
# Names of errors that httpcore2 and httpx2 share; the most special first.
_WORDS: Final[Mapping[str, str]] = {
    "PoolTimeout": "no connection became free in time",
    "ConnectTimeout": "it accepts no connection",
    "ConnectError": "no connection to it",
    "ProxyError": "the proxy let it not through",
    "UnsupportedProtocol": "its address is neither http:// nor https://",
    "InvalidURL": "its address is none",
    "LocalProtocolError": "it cannot be written as HTTP",
    "RemoteProtocolError": "what it answered is no HTTP",
    "DecodingError": "its answer cannot be unpacked",
    "ReadError": "the connection was lost",
    "WriteError": "the connection was lost",
    "UnicodeError": "it cannot be written as HTTP",
}
_LATE: Final = ("TimeoutException", "TimeoutError")


class TooLateToSendError(Exception):
    """The request was not sent: its time has passed, because this process stood still."""


class PlainError(Exception):
    """An error whose words are our own, and safe to show."""


class Departure:
    """Watches one httpx2 request leave; it must not begin to after `until`.

    `until` is a time of kernel.steady: it passes while the machine sleeps, too. The look is taken
    when the connection stands and the first byte is about to be written, by httpcore's trace hook
    (https://www.encode.io/httpcore/extensions/#trace), which raises TooLateToSendError from the
    request. `held` tells that the hook was heard and no byte of the request was written.
    """

    def __init__(self, until: float = math.inf) -> None:
        self._until = until
        self._heard = self._left = False

    @property
    def held(self) -> bool:
        """Whether it is certain that nothing has left."""
        return self._heard and not self._left

    @property
    def extensions(self) -> dict[str, Any]:
        """Say to httpx2 who watches."""
        return {"trace": self._look}

    async def _look(self, name: str, info: Mapping[str, Any]) -> None:
        self._heard = True
        if getattr(info.get("request"), "method", b"") == b"CONNECT":
            return  # a proxy is asked for a way, and told nothing else
        if name.endswith(_ABOUT_TO_WRITE):
            if steady_s() > self._until:
                raise TooLateToSendError
            self._left = True
        elif name.endswith(_NOT_WRITTEN):
            # Headers are judged whole before they are written, and what cannot be written to was
            # closed before: in both cases there is nothing that could be taken for a request.
            kind = type(info.get("exception")).__name__
            self._left = kind not in {"LocalProtocolError", "WriteError", "TooLateToSendError"}


def cause_of(error: BaseException, within_s: float | None = None) -> str:
    """Word why a request failed, by the classes and numbers of what led to it alone.

    `within_s` is the time, in seconds, that was too short if it was a matter of time.
    """
    chain = list(_chain(error))
    for each in chain:
        word = _plain(each)
        if word is not None:
            return word
    names = [kind.__name__ for each in chain for kind in type(each).__mro__]
    known = next((words for name, words in _WORDS.items() if name in names), None)
    if known is not None:
        return "it hung up before it answered" if _HUNG_UP in map(str, chain) else known
    if any(name in names for name in _LATE):
        return "timed out" if within_s is None else f"timed out after {within_s:g} s"
    return type(error).__name__


def _plain(error: BaseException) -> str | None:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError | socket.gaierror):
        told = _NUMBER.search(str(error))  # of several addresses, each has one
        number = error.errno or (int(told[1]) if told else None)
        return os.strerror(number).lower() if number else None
    match error:
        case PlainError():
            return str(error)
        case ssl.SSLCertVerificationError():
            return f"its certificate does not hold: {error.verify_message}"
        case ssl.SSLError():
            return f"no secure connection: {error.reason or 'it ended early'}"
        case socket.gaierror():
            return "its name was not found"
        case _:
            return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it; libraries keep that as an argument, too."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        led = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting += [
            other for other in (led, *each.args, *inner) if isinstance(other, BaseException)
        ]
