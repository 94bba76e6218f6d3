"""Gemini's Interactions: work in the background, read later; see https://ai.google.dev/api.

There is no idempotency key and no list: an order whose answer was lost is found by the webhook
whose address and metadata carry our take's id, or not at all. Webhooks of single orders are signed
by keys whose address is not published, so nothing in one is believed: it is a reason to look.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
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
    Pending,
    Recourse,
    ReferencesBy,
    Standing,
    Submitted,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import MAX_INLINE_ANSWER, Exchange
from callsheet.providers.google_answers import googles_refusal, googles_words, is_overload
from callsheet.providers.reading import hint_note, inner, is_at, tokens_cost
from callsheet.providers.refusals import says_any

_ROOT: Final = "/v1/interactions"
# Dollars for a million tokens, by model: when one is read, its order is not at hand.
_RATES: Final[Mapping[str, Mapping[str, str]]] = {
    "gemini-omni-1.1-flash": {"out": "17.5", "in": "1.5"},
    "gemini-omni-1.2-flash": {"out": "12", "in": "1.5"},
}
_MODERATION: Final = ("safety", "prohibited", "policy", "blocked")


class GeminiInteractions(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"body": the JSON of the call}.
    References stand in the body as data URLs in blocks of the type `image`.
    """

    name = "gemini_interactions"
    base_url = "https://generativelanguage.googleapis.com"
    key_setting = "GEMINI_API_KEY"
    recourse = Recourse.WEBHOOK
    references = ReferencesBy.INLINE
    webhook_within_s = 24 * 3_600.0  # published: deliveries are tried for a day
    SETTLES_S = 60.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._http = http
        self._line = Exchange(
            self.name,
            http,
            settles_s,
            self._refusal,
            MAX_INLINE_ANSWER,
            own_words=googles_words,
            final=is_overload,
        )

    async def submit(self, order: HostedOrder) -> Submitted:
        """Begin an interaction in the background. Raises ProviderError."""
        body = {**bare(order.payload["body"]), "background": True, "store": True}
        body["labels"] = {"take": order.take.lower()}
        if order.webhook_url:
            metadata = {"take": order.take}
            body["webhook_config"] = {"uris": [order.webhook_url], "user_metadata": metadata}
        response = await self._line.create(
            "POST", _ROOT, send_by=order.send_by, json=body, headers=_auth(order.key)
        )
        ticket = self._line.accepted(response, lambda told: self._line.text(told, "id"))
        return Submitted(ticket, Pending())

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read an interaction."""
        path = f"{_ROOT}/{ticket}"
        return self._standing(await self._line.read(path, unknown=ticket, headers=_auth(key)))

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Ask to stop an interaction; one that has ended stays as it is."""
        path = f"{_ROOT}/{ticket}/cancel"
        await self._line.ask("POST", path, unknown=ticket, headers=_auth(key))

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Take it as a hint; its address was known to Google alone."""
        return hint_note(self.name, call.body, ("data", "id"), ("id",))

    async def check_key(self, key: ProviderKey) -> None:
        """List the models, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/models", headers=_auth(key))

    def download_headers(self, url: str, key: ProviderKey) -> Mapping[str, str]:
        """Show the key to Google's own file server alone."""
        own = is_at(url, self._http.base_url) and "/files/" in httpx2.URL(url).path
        return _auth(key) if own else {}

    def _standing(self, told: Mapping[str, Any]) -> Standing:
        """Read an interaction; a word that nobody knows yet means that it goes on."""
        cost = _cost(told)
        match self._line.text(told, "status"):
            case "completed":
                return self._made(told, cost)
            case "failed" | "incomplete" | "budget_exceeded" as status:
                first = inner(told, "errors", 0)
                reason = shown(inner(first, "message") or f"it is {status}")
                known = ModeratedError if says_any(reason, _MODERATION) else RefusedError
                return Ended(known(self.name, reason), cost or Money())
            case "cancelled":
                return Ended(RefusedError(self.name, "it was stopped"), cost, cancelled=True)
            case _:
                return Pending()

    def _made(self, told: Mapping[str, Any], cost: Money | None) -> Standing:
        for block in _blocks(told):
            uri, data = inner(block, "uri"), inner(block, "data")
            if isinstance(uri, str):
                address = self._http.base_url.join(uri)  # it may be told without a host
                return Made((str(address.copy_merge_params({"alt": "media"})),), cost)
            if isinstance(data, str):
                try:
                    content = base64.b64decode(data, validate=True)
                except binascii.Error as error:
                    raise BusyError(self.name, "an output that is not base64") from error
                kind = str(inner(block, "mime_type") or "video/mp4")
                return Made((), cost, (Delivered(content, kind),))
        # what a region may not edit is completed all the same, with nothing in it
        empty = RefusedError(self.name, "it completed without a picture or a clip")
        return Ended(empty, cost or Money())

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        return googles_refusal(self.name, response, _MODERATION)


def bare(value: Any) -> Any:
    """Write data URLs in image blocks as Google wants them: the base64 alone."""
    match value:
        case {"type": "image", "data": str(data), **rest} if data.startswith("data:"):
            return {"type": "image", **rest, "data": data.partition(";base64,")[2]}
        case Mapping():
            return {name: bare(inside) for name, inside in value.items()}
        case list() | tuple():
            return [bare(inside) for inside in value]
        case _:
            return value


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"x-goog-api-key": key.secret}


def _blocks(told: Mapping[str, Any]) -> Iterator[Any]:
    """Find the pictures and clips of an interaction."""
    steps = inner(told, "steps")
    for step in steps if isinstance(steps, list) else ():
        content = inner(step, "content") if inner(step, "type") == "model_output" else None
        for block in content if isinstance(content, list) else ():
            if inner(block, "type") in {"video", "image"}:
                yield block


def _cost(told: Mapping[str, Any]) -> Money | None:
    """Price the tokens at the rates of the model that the answer names; None if not known."""
    rates = _RATES.get(str(inner(told, "model")))
    out, into = (inner(told, "usage", f"total_{side}_tokens") for side in ("output", "input"))
    if not isinstance(out, int) or rates is None:
        return None
    return tokens_cost({"out": out, "in": into}, rates)
