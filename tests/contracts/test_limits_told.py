"""How long a provider asks to be left alone, in each of the ways in which it says so."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from callsheet.ports.hosted import BusyError
from tests.contracts.answering import Said, answering, asking, failure
from tests.contracts.providers import PROVIDERS


async def waits(name: str, said: Said) -> float | None:
    """Order, and give how long to wait."""
    async with answering(said) as service, asking(name, service.url) as bench:
        error = await failure(bench)
    assert isinstance(error, BusyError), error
    return error.retry_after_s


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "comfyui"])
async def test_date_after_which_to_come_again_is_honoured(name: str) -> None:
    """It is held against the provider's own clock, and a day is the most."""
    now = datetime(2020, 1, 1, tzinfo=UTC)
    for ahead_s, asked in ((90, 90.0), (-5, None), (10**9, 25 * 3_600.0)):
        until = format_datetime(now + timedelta(seconds=ahead_s), usegmt=True)
        headers = {"Date": format_datetime(now, usegmt=True), "Retry-After": until}
        content = {"code": 429 if name == "kie" else 1302, "msg": "busy", "message": "busy"}
        told = await waits(name, Said(429, content, headers))
        assert told == asked, (ahead_s, told)


async def test_quota_for_a_day_rests_until_it_turns() -> None:
    """Google's turn at midnight in California, whatever short pause stands beside; others say."""
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "13s"},
    ]
    error = {"code": 429, "message": "You exceeded your current quota", "details": details}
    told = await waits("gemini", Said(429, {"error": {**error, "status": "RESOURCE_EXHAUSTED"}}))
    assert told is not None
    turn = datetime.now(UTC) + timedelta(seconds=told)
    assert (turn.hour, turn.minute) == (8, 1)
    minute = [{"violations": [{"quotaId": "GenerateRequestsPerMinute"}]}, details[1]]
    error = {**error, "details": minute, "status": "RESOURCE_EXHAUSTED"}
    assert await waits("gemini", Said(429, {"error": error})) == 13.0

    reached = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "7h12m0s"}
    code = {"message": "Rate limit reached", "code": "rate_limit_exceeded", "type": "requests"}
    assert await waits("openai", Said(429, {"error": code}, reached)) == 7 * 3_600 + 12 * 60
    words = "Rate limit reached on requests per day (RPD): Limit 200. Please try again in 7m12.5s."
    assert await waits("openai", Said(429, {"error": {**code, "message": words}})) == 432.5
    assert await waits("runway", Said(429, {"error": "Daily generation limit"})) == 3_600.0
