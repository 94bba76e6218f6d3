"""What an answer means that is no success, as most providers say it."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from callsheet.ports.hosted import (
    BusyError,
    KeyRefusedError,
    ModelGoneError,
    ModeratedError,
    NoCreditError,
)
from callsheet.ports.models import ProviderError, RefusedError

_LONGEST_WAIT_S: Final = 25 * 3_600.0  # a quota for a day turns within one
_UNTOLD_DAILY_S: Final = 3_600.0  # between looks at one of which nobody says when it turns
_DURATION: Final = r"(?:\d+(?:\.\d+)? ?(?:ms|[dhms])(?:ec(?:onds?)?)?)+"
_WAIT_IN_WORDS: Final = re.compile(rf"(?:resets|retry|try again) in ~?({_DURATION})")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?) ?(ms|[dhms])")
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DAILY: Final = ("per day", "per_day", "perday", "daily")
_CREDIT: Final = (
    "billing_hard_limit",
    "billing hard limit",
    "billing_not_active",
    "insufficient_quota",
    "insufficient credit",
    "insufficient balance",
    "insufficient funds",
    "exhausted balance",
    "enough credits",
    "out of credit",
    "credit balance is too low",
    "spend limit",
    "spending limit",
)
_PAY: Final = 402
_MAY_BE_CREDIT: Final = frozenset({400, 403, 429})  # a 422 may repeat a prompt's words


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
    if status == _PAY or (status in _MAY_BE_CREDIT and says_any(said, _CREDIT)):
        return no_credit(provider, said)
    match status:
        case 401 | 403:
            return key_refused(provider, said)
        case 404 | 410:
            return ModelGoneError(provider, f"it offers this model no more ({said})")
        case 408 | 409 | 425 | 429:
            return BusyError(provider, said, retry_after_s=asked_wait_s(response, reason))
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


def asked_wait_s(response: httpx2.Response, reason: str) -> float | None:
    """Say how long a limit lasts, in seconds: by the headers, by words, by its being daily."""
    told = retry_after_s(response) or wait_in_words(reason)
    return told or (_UNTOLD_DAILY_S if says_any(reason, _DAILY) else None)


def retry_after_s(response: httpx2.Response) -> float | None:
    """Read how long a provider asks to be left alone, in seconds, at most a day; None if not.

    It may be a date (RFC 9110, 10.2.3), which is held against the provider's own clock.
    """
    said = response.headers.get("retry-after", "").strip()
    if said.replace(".", "", 1).isdecimal():
        return bounded_wait(said) or None
    until = _date(said)
    if until is None:
        return None
    now = _date(response.headers.get("date", "")) or datetime.now(UTC)
    left = (until - now).total_seconds()
    return bounded_wait(left) if left > 0 else None


def _date(said: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def wait_in_words(reason: str) -> float | None:
    """Read a pause where it stands in what a provider says: "retry in 20.04s"."""
    told = _WAIT_IN_WORDS.search(reason.lower())
    return duration_s(told[1]) if told else None


def duration_s(text: str) -> float | None:
    """Read a time like ``1h2m3.5s`` or ``20ms``, in seconds; None if it is none."""
    seconds = [float(count) * _UNIT_S[unit] for count, unit in _PART.findall(text)]
    return bounded_wait(sum(seconds)) if seconds else None


def bounded_wait(seconds: str | float) -> float:
    """Bound a pause that a provider asks for."""
    return min(float(seconds), _LONGEST_WAIT_S)


def says_any(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether a provider's reason holds one of some words."""
    lower = text.lower()
    return any(word in lower for word in words)
