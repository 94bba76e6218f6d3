"""The Lovable AI gateway: OpenAI-shaped chat whose answer holds a picture.

Its key belongs to a Lovable Cloud project and is meant for that project's backend, so the adapter
is there only for whoever sets the key. No reference is published; what is here follows
https://tanstack.com/ai/latest/docs/adapters/lovable and public clients. Nothing of an order is
kept there: an answer that is lost is lost, and a person decides about it.
"""

import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from callsheet.kernel.errors import shown
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
from callsheet.providers.exchange import MAX_INLINE_ANSWER, Exchange
from callsheet.providers.reading import inline_content, inner
from callsheet.providers.refusals import says_any, usual_refusal

_MODERATION = ("safety", "policy", "blocked", "not allowed", "flagged")


class Lovable(HostedDefaults):
    """Implements ports.hosted.HostedProvider. A payload is {"body": the JSON of the call}."""

    name = "lovable"
    base_url = "https://ai.gateway.lovable.dev"
    key_setting = "LOVABLE_API_KEY"
    references = ReferencesBy.INLINE
    answers_hold_outputs = True
    SETTLES_S = 360.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(
            self.name, http, settles_s, self._refusal, MAX_INLINE_ANSWER, own_words=_own_words
        )

    async def submit(self, order: HostedOrder) -> Submitted:
        """Ask for a picture in a chat of one message. Raises ProviderError."""
        response = await self._line.create(
            "POST",
            "/v1/chat/completions",
            send_by=order.send_by,
            json=order.payload["body"],
            headers=_auth(order.key),
        )
        standing = self._line.accepted(response, self._standing)
        return Submitted(order.take, standing)  # nothing can be asked by the id in the answer

    async def check_key(self, key: ProviderKey) -> None:
        """List the models, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/models", headers=_auth(key))

    def _standing(self, told: Mapping[str, Any]) -> Standing:
        for address in _addresses(told):
            if address.startswith("data:") and ";base64," in address:
                try:
                    media_type, content = inline_content(address)
                except binascii.Error as error:
                    raise BusyError(self.name, "a picture that is not base64") from error
                return Made((), None, (Delivered(content, media_type),))
            if address.startswith("https://"):
                return Made((address,))
        choice = inner(told, "choices", 0)
        if choice is None:
            raise BusyError(self.name, "an answer without choices")
        refusal = inner(choice, "message", "refusal")
        said = inner(choice, "error", "message") or refusal or inner(choice, "message", "content")
        reason = f"it made no picture: {shown(said or 'no reason given')}"
        filtered = inner(choice, "finish_reason") == "content_filter" or bool(refusal)
        moderated = filtered or says_any(reason, _MODERATION)
        # the words it wrote instead are billed, for what nobody says
        return Ended((ModeratedError if moderated else RefusedError)(self.name, reason), cost=None)

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        reason = "" if response.is_success else _said(response)
        return usual_refusal(self.name, response, reason, _MODERATION)


def _own_words(told: Any) -> str | None:
    words = inner(told, "error", "message") or inner(told, "error")
    return words if isinstance(words, str) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}", "Lovable-API-Key": key.secret}


def _addresses(told: Mapping[str, Any]) -> Iterator[str]:
    """Find the pictures of an answer, in each of the places where clients have seen them."""
    message = inner(told, "choices", 0, "message")
    for place in ("images", "content"):
        found = inner(message, place)
        for part in found if isinstance(found, list) else ():
            url = inner(part, "image_url", "url")
            if isinstance(url, str):
                yield url
            data, kind = inner(part, "inline_data", "data"), inner(part, "inline_data", "mime_type")
            if isinstance(data, str):
                yield f"data:{kind or 'image/png'};base64,{data}"


def _said(response: httpx2.Response) -> str:
    try:
        error = inner(response.json(), "error")
    except ValueError:
        return shown(response.text)
    return shown(inner(error, "message") or error or "no reason given")
