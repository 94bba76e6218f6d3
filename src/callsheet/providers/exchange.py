"""Talking to a provider: bounded in time and size, once, and clear about what came of it."""

import asyncio
import base64
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, TypeVar

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    ForgedWebhookError,
    KeyRefusedError,
    ModelGoneError,
    ModeratedError,
    NoCreditError,
    SubmissionUnknownError,
    TicketUnknownError,
    UntrustedError,
    WebhookNote,
)
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.ports.sending import TooLateToSendError, only_before
from callsheet.ports.trust import distrust

MAX_ANSWER: Final = 8 * 1024**2
MAX_INLINE_ANSWER: Final = 128 * 1024**2  # answers that hold the output itself, as base64
_NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_LONGEST_WAIT_S: Final = 3_600.0
_TOLERANCE_S: Final = 300  # how old a signed webhook may be
_STAMP_DIGITS: Final = 12  # until the year 33658; longer ones are an attack on int()
_WAIT_IN_WORDS: Final = re.compile(r"(?:resets|retry) in ~?(\d+(?:\.\d+)?) ?s")

T = TypeVar("T")
Refusal = Callable[[httpx2.Response], ProviderError | None]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One provider's line.

    `http` has the base address set. A request may last half of `settles_s` seconds. `refusal` says
    what an answer means that is no success: by its status, and by what stands in it where the
    provider answers 200 to everything. Answers of 5xx never come to it.
    """

    name: str
    http: httpx2.AsyncClient
    settles_s: float
    refusal: Refusal
    max_answer: int = MAX_ANSWER

    async def create(
        self, method: str, path: str, *, send_by: float, **content: Any
    ) -> httpx2.Response:
        """Ask for something that is paid, once, and not after `send_by`.

        Raises BusyError if nothing can have been ordered, SubmissionUnknownError if something may
        have been, and what `refusal` says.
        """
        try:
            response = await self._once(method, path, extensions=only_before(send_by), **content)
        except TooLateToSendError as error:
            raise BusyError(self.name, "not sent: this process stood still for too long") from error
        except _NEVER_SENT as error:
            self._raise_untrusted(path, error)
            raise BusyError(self.name, f"not reached: {error!r}") from error
        except (httpx2.TransportError, TimeoutError) as error:
            raise SubmissionUnknownError(self.name, f"the answer was lost: {error!r}") from error
        if response.is_server_error:
            raise SubmissionUnknownError(self.name, f"it answered {response.status_code}")
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

        Raises BusyError if there is no answer, TicketUnknownError if it is 404 and `unknown` names
        a ticket, and what `refusal` says.
        """
        try:
            response = await self._once(method, path, **content)
        except (httpx2.TransportError, TimeoutError) as error:
            self._raise_untrusted(path, error)
            raise BusyError(self.name, f"no answer: {error!r}") from error
        if response.is_server_error:
            raise BusyError(self.name, f"it answered {response.status_code}")
        if response.status_code == httpx2.codes.NOT_FOUND and unknown is not None:
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

    def _raise_untrusted(self, path: str, error: BaseException) -> None:
        untrusted = distrust(error, self.http.base_url.join(path).host)
        if untrusted is not None:
            raise UntrustedError(self.name, untrusted) from None

    def _raise_refusal(self, response: httpx2.Response) -> None:
        refused = self.refusal(response)
        if refused is not None:
            raise refused

    async def _once(self, method: str, path: str, **content: Any) -> httpx2.Response:
        """Ask once, bounded. Raises httpx2.TransportError, TimeoutError."""
        async with (
            asyncio.timeout(self.settles_s / 2),
            self.http.stream(method, path, **content) as response,
        ):
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > self.max_answer:
                    raise httpx2.RemoteProtocolError(f"an answer of over {self.max_answer} bytes")
        kept = [each for each in response.headers.items() if each[0] not in _UNPACKED]
        return httpx2.Response(response.status_code, headers=kept, content=bytes(body))


def inner(value: Any, *path: str | int) -> Any:
    """Read what lies deep in an answer; None where the way there ends."""
    for step in path:
        if isinstance(step, int):
            within = isinstance(value, list) and -len(value) <= step < len(value)
        else:
            within = isinstance(value, dict) and step in value
        if not within:
            return None
        value = value[step]
    return value


def usual_refusal(
    provider: str, response: httpx2.Response, reason: str, moderation: tuple[str, ...]
) -> ProviderError | None:
    """Read an answer by its HTTP status, as most providers mean it.

    `reason` is what it said; one that holds a word of `moderation` is about what is shown.
    """
    status = response.status_code
    if response.is_success:
        return None
    said = f"{status}: {reason}"
    match status:
        case 401 | 403:
            return key_refused(provider, said)
        case 402:
            return no_credit(provider, said)
        case 404 | 410:
            return ModelGoneError(provider, f"it offers this model no more ({said})")
        case 408 | 409 | 425 | 429:
            return BusyError(provider, said, retry_after_s=retry_after_s(response))
        case _:
            known = ModeratedError if says_any(said, moderation) else RefusedError
            return known(provider, said)


def key_refused(provider: str, said: str) -> KeyRefusedError:
    """Word that our key is not taken."""
    order = f"set a good one: callsheet keys set {provider}"
    return KeyRefusedError(provider, f"it refuses our key ({said}); {order}")


def no_credit(provider: str, said: str) -> NoCreditError:
    """Word that our account is empty."""
    return NoCreditError(provider, f"our account has no credit ({said}); add some there")


def retry_after_s(response: httpx2.Response) -> float | None:
    """Read how long a provider asks to be left alone, in seconds, at most an hour."""
    said = response.headers.get("retry-after", "")
    return bounded_wait(said) if said.replace(".", "", 1).isdecimal() else None


def wait_in_words(reason: str) -> float | None:
    """Read a pause where it stands in what a provider says: "retry in 20.04s"."""
    told = _WAIT_IN_WORDS.search(reason)
    return bounded_wait(told[1]) if told else None


def bounded_wait(seconds: str | float) -> float:
    """Bound a pause that a provider asks for."""
    return min(float(seconds), _LONGEST_WAIT_S)


def says_any(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether a provider's reason holds one of some words."""
    lower = text.lower()
    return any(word in lower for word in words)


def inline_content(address: str) -> tuple[str, bytes]:
    """Split a data URL that we wrote ourselves into its type and content."""
    head, _, data = address.partition(";base64,")
    return head.removeprefix("data:"), base64.b64decode(data)


def tokens_cost(counted: Mapping[str, Any], dollars_per_million: Mapping[str, str]) -> Money:
    """Price counted tokens of each kind, rounded up to a micro-dollar."""
    counts = {kind: count for kind, count in counted.items() if isinstance(count, int)}
    priced = (Decimal(rate) * counts.get(kind, 0) for kind, rate in dollars_per_million.items())
    micros = sum(priced, Decimal())
    return Money(int(micros.to_integral_value(ROUND_CEILING)))


def upload_address(content: bytes, media_type: str) -> str:
    """Write content as a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def kept_until(*, hours: float) -> datetime:
    """Say when a provider forgets what it was given now."""
    return datetime.now(UTC) + timedelta(hours=hours)


def money_of(dollars: Any) -> Money | None:
    """Read an amount in US dollars; None if it is none."""
    is_number = isinstance(dollars, int | float) and not isinstance(dollars, bool)
    if not is_number or not math.isfinite(dollars) or dollars < 0:
        return None
    return Money(int((Decimal(str(dollars)) * 1_000_000).to_integral_value(ROUND_CEILING)))


def hint_note(provider: str, body: bytes, *places: tuple[str | int, ...]) -> WebhookNote:
    """Read the ticket that an unsigned webhook speaks of, from the first place that has one.

    Nothing else in it is believed: whoever follows asks the provider itself. The same body is the
    same webhook. Raises ForgedWebhookError.
    """
    try:
        told = httpx2.Response(200, content=body).json()
    except ValueError as error:
        raise ForgedWebhookError(provider, "its body is not JSON") from error
    for place in places:
        ticket = inner(told, *place)
        if isinstance(ticket, str) and ticket:
            return WebhookNote(hashlib.sha256(body).hexdigest(), ticket[:200])
    raise ForgedWebhookError(provider, "its body names no order")


def check_stamp(provider: str, stamp: str, received_at: datetime) -> None:
    """Refuse a webhook whose time, in Unix seconds, is none or not now: it may be a replay.

    Raises ForgedWebhookError.
    """
    if not stamp.isdecimal() or len(stamp) > _STAMP_DIGITS:
        raise ForgedWebhookError(provider, "it is not signed")
    if abs(received_at.timestamp() - int(stamp)) > _TOLERANCE_S:
        raise ForgedWebhookError(provider, f"it is older or newer than {_TOLERANCE_S} s")


def moment_of(value: Any) -> datetime | None:
    """Read a time in ISO 8601, in UTC if it names no zone; None if it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
