"""Gemini's generateContent: one call, the picture in its answer; see https://ai.google.dev/api.

There is no idempotency key, no list and no webhook: an answer that is lost is a picture that is
lost, and probably paid for. A person decides about it. Refusals come as HTTP 200.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    HostedOrder,
    Made,
    ModeratedError,
    Pace,
    ReferencesBy,
    Standing,
    Submitted,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import (
    MAX_INLINE_ANSWER,
    Exchange,
    bounded_wait,
    inner,
    no_credit,
    says_any,
    tokens_cost,
    usual_refusal,
    wait_in_words,
)

_SAFE: Final = frozenset({"STOP", "MAX_TOKENS", "NO_IMAGE", "OTHER", "IMAGE_OTHER", ""})
_DELAY: Final = re.compile(r"(\d+(?:\.\d+)?)s")
# A plain limit says "check your plan and billing details": the bare word means nothing.
_CREDIT: Final = ("prepayment", "credits are depleted", "enable billing", "billing account")
_MODERATION: Final = ("safety", "prohibited", "policy")


class Gemini(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"model": its id, "body": the JSON of the call, "rates": dollars for a million
    tokens of a kind}. References stand in the body as data URLs in `inlineData`.
    """

    name = "gemini"
    base_url = "https://generativelanguage.googleapis.com"
    key_setting = "GEMINI_API_KEY"
    references = ReferencesBy.INLINE
    SETTLES_S = 360.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(self.name, http, settles_s, self._refusal, MAX_INLINE_ANSWER)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Make a picture; the answer holds it, or says why there is none. Raises ProviderError."""
        response = await self._line.create(
            "POST",
            f"/v1/models/{order.payload['model']}:generateContent",
            send_by=order.send_by,
            json=bare(order.payload["body"]),
            headers=_auth(order.key),
        )
        rates = order.payload.get("rates", {})
        standing = self._line.accepted(response, lambda told: self._standing(told, rates))
        number = inner(self._line.json(response), "responseId")
        return Submitted(number if isinstance(number, str) and number else order.take, standing)

    async def check_key(self, key: ProviderKey) -> None:
        """List the models, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/models", headers=_auth(key))

    def _standing(self, told: Mapping[str, Any], rates: Mapping[str, str]) -> Standing:
        blocked = inner(told, "promptFeedback", "blockReason")
        if blocked:
            error = ModeratedError(self.name, f"it blocked the prompt: {shown(blocked)}")
            return Ended(error, cost=Money())
        candidate = inner(told, "candidates", 0)
        if candidate is None:
            raise BusyError(self.name, "an answer without candidates")
        cost = _cost(told, rates)
        parts = inner(candidate, "content", "parts")
        for part in parts if isinstance(parts, list) else ():
            data = inner(part, "inlineData", "data")
            if isinstance(data, str):
                try:
                    content = base64.b64decode(data, validate=True)
                except binascii.Error as error:
                    raise BusyError(self.name, "a picture that is not base64") from error
                kind = str(inner(part, "inlineData", "mimeType") or "image/png")
                return Made((), cost, (Delivered(content, kind),))
        reason = str(inner(candidate, "finishReason") or "")
        said = shown(inner(candidate, "finishMessage") or inner(parts, 0, "text") or "no picture")
        known = RefusedError if reason in _SAFE else ModeratedError
        return Ended(known(self.name, f"{reason}: {said}"), cost=cost or Money())

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        if response.is_success:
            return None
        error = _error(response)
        said = f"{inner(error, 'status') or ''} {shown(inner(error, 'message') or '')}".strip()
        if says_any(said, _CREDIT):
            return no_credit(self.name, said)
        refused = usual_refusal(self.name, response, said, _MODERATION)
        if isinstance(refused, BusyError) and refused.retry_after_s is None:
            refused.retry_after_s = _delay_s(error) or wait_in_words(said)
        return refused


def bare(value: Any) -> Any:
    """Write data URLs in `inlineData` as Google wants them: the base64 alone."""
    match value:
        case {"inlineData": {"data": str(data), **rest}} if data.startswith("data:"):
            return {"inlineData": {**rest, "data": data.partition(";base64,")[2]}}
        case Mapping():
            return {name: bare(inside) for name, inside in value.items()}
        case list() | tuple():
            return [bare(inside) for inside in value]
        case _:
            return value


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"x-goog-api-key": key.secret}


def _error(response: httpx2.Response) -> Any:
    """Read an error, which may stand in an array of one."""
    try:
        told = response.json()
    except ValueError:
        return {"message": response.text}
    return inner(told[0] if isinstance(told, list) and told else told, "error")


def _delay_s(error: Any) -> float | None:
    details = inner(error, "details")
    for detail in details if isinstance(details, list) else ():
        found = _DELAY.fullmatch(str(inner(detail, "retryDelay") or ""))
        if found:
            return bounded_wait(found[1])
    return None


def _cost(told: Mapping[str, Any], rates: Mapping[str, str]) -> Money | None:
    """Price the tokens that were counted: pictures out by their rate, what went in by its own."""
    out, into = (
        inner(told, "usageMetadata", f"{side}TokenCount") for side in ("candidates", "prompt")
    )
    if not rates or not isinstance(out, int):
        return None
    return tokens_cost({"image_out": out, "in": into}, rates)
