"""How Google's services word errors, limits and empty accounts: what its three adapters share.

An error is ``{"error": {"code", "message", "status", "details"}}``, which may stand in an array of
one (https://cloud.google.com/apis/design/errors).
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.ports.hosted import BusyError
from callsheet.ports.models import ProviderError
from callsheet.providers.reading import inner
from callsheet.providers.refusals import (
    asked_wait_s,
    bounded_wait,
    no_credit,
    says_any,
    usual_refusal,
)

# A plain limit says "check your plan and billing details": the bare word means nothing.
_CREDIT: Final = (
    "prepayment",
    "credits are depleted",
    "enable billing",
    "billing to be enabled",
    "billing account",
    "billing is disabled",
    "billing has not been enabled",
    "billing_disabled",
    "spending cap",
    "spend cap",
)
_DELAY: Final = re.compile(r"(\d+(?:\.\d+)?)s")
_DAILY: Final = ("perday", "per day", "per_day", "daily")
# Published: requests per day turn at midnight Pacific time (ai.google.dev/gemini-api/docs/
# rate-limits), those of Google Cloud's quotas too (cloud.google.com/docs/quotas/overview). In
# summer that is an hour before what is reckoned here, which a table of time zones would tell.
_QUOTAS_TURN: Final = timezone(timedelta(hours=-8))
_AFTER_TURN_S: Final = 60.0  # clocks differ


def googles_words(told: Any) -> str | None:
    """Read what an error of Google's own says; None if it is none."""
    error = _error(told)
    kinds = (inner(error, "status"), inner(error, "code"))
    words = inner(error, "message")
    own = any(isinstance(each, str) and each.replace("_", "").isalpha() for each in kinds)
    return words if own and isinstance(words, str) else None


def is_from_google(response: httpx2.Response) -> bool:
    """Tell whether a 5xx is Google's own error, and not a page of what stands before it.

    A call that holds its output in its answer made nothing then, and nothing is billed.
    """
    return googles_words(_json(response)) is not None


def is_overload(response: httpx2.Response) -> bool:
    """Tell whether a 5xx says that nothing was begun: work that goes on elsewhere may have been."""
    status = inner(_error(_json(response)), "status") or inner(_error(_json(response)), "code")
    return is_from_google(response) and str(status).upper() == "UNAVAILABLE"


def googles_refusal(
    provider: str, response: httpx2.Response, moderation: tuple[str, ...]
) -> ProviderError | None:
    """Read an answer by its status, and by what Google says beside it."""
    if response.is_success:
        return None
    error = _error(_json(response))
    words = shown(inner(error, "message") or response.text)
    said = f"{inner(error, 'status') or inner(error, 'code') or ''} {words}".strip()
    reasons = " ".join(map(str, _details(error, "reason")))
    if says_any(f"{said} {reasons}", _CREDIT):
        return no_credit(provider, said)
    if response.is_server_error:
        return BusyError(provider, f"{response.status_code}: {said}", retry_after_s=_delay_s(error))
    refused = usual_refusal(provider, response, said, moderation)
    if isinstance(refused, BusyError):
        told = _until_daily_s(error, said) or _delay_s(error)
        refused.retry_after_s = told or asked_wait_s(response, said)
    return refused


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _error(told: Any) -> Any:
    return inner(told[0] if isinstance(told, list) and told else told, "error")


def _details(error: Any, name: str) -> Iterator[Any]:
    details = inner(error, "details")
    for detail in details if isinstance(details, list) else ():
        value = inner(detail, name)
        if value is not None:
            yield value


def _delay_s(error: Any) -> float | None:
    for delay in _details(error, "retryDelay"):
        found = _DELAY.fullmatch(str(delay))
        if found:
            return bounded_wait(found[1])
    return None


def _until_daily_s(error: Any, said: str) -> float | None:
    """Say how long it is until a quota for a day turns, if it is one that is used up.

    The pause that stands beside it is the one of the quota for a minute.
    """
    violations = (each for many in _details(error, "violations") for each in many or ())
    named = " ".join(
        str(inner(each, name) or "") for each in violations for name in ("quotaId", "quotaMetric")
    )
    if not says_any(f"{named} {said}", _DAILY):
        return None
    now = datetime.now(_QUOTAS_TURN)
    turn = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (turn - now).total_seconds() + _AFTER_TURN_S
