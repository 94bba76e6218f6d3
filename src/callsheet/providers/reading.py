"""Reading what providers answer and call: values, money, times, addresses, webhooks."""

import base64
import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

import httpx2

from callsheet.kernel.money import Money
from callsheet.ports.hosted import ForgedWebhookError, WebhookNote

_TOLERANCE_S: Final = 300  # how old a signed webhook may be
_STAMP_DIGITS: Final = 12  # until the year 33658; longer ones are an attack on int()


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
    return WebhookNote(hashlib.sha256(body).hexdigest(), told_ticket(provider, body, *places))


def told_ticket(provider: str, body: bytes, *places: tuple[str | int, ...]) -> str:
    """Read the ticket that a webhook's body speaks of, whatever else is in it.

    Raises ForgedWebhookError.
    """
    try:
        told = httpx2.Response(200, content=body).json()
    except (ValueError, RecursionError) as error:
        raise ForgedWebhookError(provider, "its body is not JSON") from error
    for place in places:
        ticket = inner(told, *place)
        if isinstance(ticket, str) and ticket and ticket.isprintable():
            return ticket[:200]
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


def is_at(url: str, base: httpx2.URL) -> bool:
    """Tell whether an address is of the same scheme, host and port as another."""
    try:
        asked = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return False
    return _origin(asked) == _origin(base)


def _origin(url: httpx2.URL) -> tuple[str, bytes, int | None]:
    standard = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.raw_host.lower(), standard if url.port is None else url.port
