"""Talking to a provider: bounded in time and size, once, and clear about what came of it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx2

from callsheet.kernel.errors import shown
from callsheet.net.sending import Departure, PlainError, TooLateToSendError, cause_of
from callsheet.ports.hosted import (
    AddressWrongError,
    BusyError,
    NotReachedError,
    SubmissionUnknownError,
    TicketUnknownError,
    UntrustedError,
)
from callsheet.ports.models import ProviderError
from callsheet.ports.trust import distrust
from callsheet.providers.reading import inner

MAX_ANSWER: Final = 8 * 1024**2
MAX_INLINE_ANSWER: Final = 128 * 1024**2  # answers that hold the output itself, as base64
_FAILED: Final = (httpx2.RequestError, httpx2.InvalidURL, TimeoutError)
_NOT_REACHED: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
_NEVER_SENT: Final = (httpx2.PoolTimeout, httpx2.UnsupportedProtocol, httpx2.InvalidURL)
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_MISPLACED: Final = frozenset({404, 405, 410})
_UNSAID: Final = frozenset({"", "not found", "404 not found", "page not found", "no reason given"})
_KEYED: Final = ("authorization", "x-goog-api-key", "lovable-api-key")  # headers that hold a key
_LEAST_MASKED: Final = 6  # characters; what is shorter stands in many words
_OUR_KEY: Final = "(our key)"

T = TypeVar("T")
Refusal = Callable[[httpx2.Response], ProviderError | None]


class _TooLongError(PlainError, httpx2.RemoteProtocolError):
    """An answer is longer than anything that a provider has to say."""


def object_with_error(told: Any) -> str | None:
    """Read an error as ``{"error": {"message": ...}}``, as most providers word it."""
    message = inner(told, "error", "message")
    return message if isinstance(message, str) else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One provider's line.

    `http` has the base address set. A request may last half of `settles_s` seconds. `refusal` says
    what an answer means that is no success: by its status, and by what stands in it where the
    provider answers 200 to everything. `own_words` reads what the provider says in its own form of
    an error, None if an answer is of another form: whoever else gave it, it says nothing of models
    and orders. Answers of 5xx come to `refusal` only if `final` says that one means that nothing
    was made.
    """

    name: str
    http: httpx2.AsyncClient
    settles_s: float
    refusal: Refusal
    max_answer: int = MAX_ANSWER
    own_words: Callable[[Any], str | None] = object_with_error
    final: Callable[[httpx2.Response], bool] = lambda _: False

    async def create(
        self, method: str, path: str, *, send_by: float, **content: Any
    ) -> httpx2.Response:
        """Ask for something that is paid, once, and not after `send_by`.

        Raises NotReachedError or BusyError if nothing can have been ordered, SubmissionUnknownError
        if something may have been, and what `refusal` says. A redirect is not followed, and says
        nothing of what became of the order.
        """
        departure = Departure(send_by)
        request = self._worded(method, path, departure, content)
        try:
            response = await self._once(request)
        except TooLateToSendError:
            said = "not sent: this process stood still for too long"
            raise BusyError(self.name, said) from None
        except _FAILED as error:
            cause = self._cause(path, error)
            if departure.held or isinstance(error, _NEVER_SENT):
                raise BusyError(self.name, f"not sent: {cause}") from None
            raise SubmissionUnknownError(self.name, f"the answer was lost: {cause}") from None
        if response.is_server_error and not self.final(response):
            raise SubmissionUnknownError(self.name, f"it answered {response.status_code}")
        if response.has_redirect_location or response.is_redirect:
            raise SubmissionUnknownError(self.name, self._redirected(response))
        self._raise_refusal(response)
        return response

    def accepted(self, response: httpx2.Response, read: Callable[[dict[str, Any]], T]) -> T:
        """Read a good answer to `create`; one that tells nothing leaves the order in doubt."""
        try:
            return read(self.json(response))
        except (BusyError, TicketUnknownError) as error:
            raise SubmissionUnknownError(self.name, error.reason) from error

    async def ask(
        self, method: str, path: str, *, unknown: str | None = None, **content: Any
    ) -> httpx2.Response:
        """Ask something that is safe to repeat.

        Raises BusyError if there is no answer, or none of the provider's own; TicketUnknownError if
        it is 404 and `unknown` names a ticket; and what `refusal` says.
        """
        request = self._worded(method, path, Departure(), content)
        try:
            response = await self._once(request)
        except _FAILED as error:
            cause = self._cause(path, error)
            raise BusyError(self.name, f"no answer: {cause}") from None
        if response.is_server_error:
            raise BusyError(self.name, f"it answered {response.status_code}")
        if response.is_redirect:
            raise BusyError(self.name, self._redirected(response))
        if response.status_code == httpx2.codes.NOT_FOUND and unknown is not None:
            if self._words(response) is None:
                raise BusyError(self.name, self._misplaced(response))
            raise TicketUnknownError(self.name, f"it knows no order {shown(unknown)}")
        self._raise_refusal(response)
        return response

    async def read(
        self, path: str, *, unknown: str | None = None, tries: int = 1, **content: Any
    ) -> dict[str, Any]:
        """Get a JSON object, raises as `ask`.

        A page of many is tried more than once: without it all that were read before are lost.
        """
        while True:
            tries -= 1
            try:
                return self.json(await self.ask("GET", path, unknown=unknown, **content))
            except BusyError as error:
                if not tries or error.retry_after_s is not None:
                    raise

    def json(self, response: httpx2.Response) -> dict[str, Any]:
        """Read a JSON object. Raises BusyError."""
        try:
            body = response.json()
        except ValueError as error:
            said = f"it answered something else than JSON: {shown(response.text)}"
            raise BusyError(self.name, said) from error
        if not isinstance(body, dict):
            raise BusyError(self.name, "it answered JSON of another shape")
        return body

    def text(self, body: Mapping[str, Any], name: str) -> str:
        """Read a text that must be there. Raises BusyError."""
        value = body.get(name)
        if not isinstance(value, str) or not value:
            raise BusyError(self.name, f"an answer without {name!r}")
        return value

    def _cause(self, path: str, error: BaseException) -> str:
        """Word why a request failed. Raises NotReachedError if there was never a line for it."""
        untrusted = distrust(error, self.http.base_url.join(path).host)
        if untrusted is not None:
            raise UntrustedError(self.name, untrusted) from None
        cause = cause_of(error, self.settles_s / 2)
        if isinstance(error, _NOT_REACHED):
            raise NotReachedError(self.name, f"not reached: {cause}") from None
        return cause

    def _raise_refusal(self, response: httpx2.Response) -> None:
        if response.status_code in _MISPLACED and self._is_misplaced(response):
            raise AddressWrongError(self.name, self._misplaced(response))
        refused = self.refusal(response)
        if refused is not None:
            raise refused

    def _is_misplaced(self, response: httpx2.Response) -> bool:
        """Tell whether a 404 speaks of a place that there is not, and not of a model.

        It does where it is not the provider's own, where it names nothing that there is not, and
        where the base address repeats what all paths begin with ("/v1/v1/...").
        """
        words = self._words(response)
        base = [part for part in self.http.base_url.path.split("/") if part]
        path = [part for part in response.request.url.path.split("/") if part]
        doubled = bool(base) and path[len(base) : len(base) + 1] == base[-1:]
        return words is None or words.strip(" .!").lower() in _UNSAID or doubled

    def _words(self, response: httpx2.Response) -> str | None:
        try:
            return self.own_words(response.json())
        except (ValueError, RecursionError):
            return None

    def _misplaced(self, response: httpx2.Response) -> str:
        return (
            f"{self._where(response)} answers {response.status_code}, and not as {self.name} says"
            f" that it lacks a model; the address is probably wrong, or it is a proxy that answers:"
            f" see CALLSHEET_PROVIDER_{self.name.upper()}_BASE_URL"
        )

    def _redirected(self, response: httpx2.Response) -> str:
        return (
            f"{self._where(response)} answers {response.status_code} and sends us elsewhere, where"
            f" nothing is sent to; see CALLSHEET_PROVIDER_{self.name.upper()}_BASE_URL"
        )

    def _where(self, response: httpx2.Response) -> str:
        return shown(response.request.url.copy_with(userinfo=b"", query=None, fragment=None))

    def _worded(
        self, method: str, path: str, departure: Departure, content: Mapping[str, Any]
    ) -> httpx2.Request:
        """Word a request, which may turn out to be none. Raises BusyError."""
        given = {"extensions": departure.extensions, **content}
        try:
            return self.http.build_request(method, path, **given)
        except (httpx2.InvalidURL, httpx2.RequestError, ValueError, TypeError) as error:
            # a header that is not ASCII, a number that JSON has not: their words would repeat it
            raise BusyError(self.name, f"not sent: {cause_of(error)}") from None

    async def _once(self, request: httpx2.Request) -> httpx2.Response:
        """Ask once, bounded. Raises one of _FAILED, TooLateToSendError."""
        async with asyncio.timeout(self.settles_s / 2):
            response = await self.http.send(request, stream=True)
            try:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > self.max_answer:
                        raise _TooLongError(f"an answer of over {self.max_answer} bytes")
            finally:
                await response.aclose()
        masks = _masks(request)
        kept = [
            (name, _masked(value.encode(errors="replace"), masks).decode(errors="replace"))
            for name, value in response.headers.items()
            if name not in _UNPACKED
        ]
        told = _masked(bytes(body), masks) if len(body) <= MAX_ANSWER else bytes(body)
        return httpx2.Response(response.status_code, headers=kept, content=told, request=request)


def _masks(request: httpx2.Request) -> list[bytes]:
    """Find what of a request may never be shown, in each form in which an answer may repeat it."""
    values = [request.headers.get(name, "") for name in _KEYED]
    secrets = {value.rpartition(" ")[2] for value in values}
    secrets = {secret for secret in secrets if len(secret) >= _LEAST_MASKED}
    forms = {form for secret in secrets for form in _forms(secret)}
    return [form.encode() for form in sorted(forms, key=len, reverse=True)]


def _forms(secret: str) -> tuple[str, ...]:
    return secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/"), quote(secret, "")


def _masked(content: bytes, masks: list[bytes]) -> bytes:
    for mask in masks:
        if mask in content:
            content = content.replace(mask, _OUR_KEY.encode())
    return content
