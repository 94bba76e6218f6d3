"""OpenAI images: one call, the picture in its answer; see https://platform.openai.com/docs.

There is no idempotency key that is honoured, no list and no webhook for images: an answer that is
lost is a picture that is lost, and probably paid for. A person decides about it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    HostedOrder,
    Made,
    Pace,
    ReferencesBy,
    Submitted,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, ProviderError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import MAX_INLINE_ANSWER, Exchange, object_with_error
from callsheet.providers.reading import inline_content, inner, tokens_cost
from callsheet.providers.refusals import duration_s, usual_refusal

_MODERATION: Final = ("moderation_blocked", "content_policy_violation", "safety system")
_TYPES: Final = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


class OpenAI(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"body": the JSON of the call, "images": addresses of references, "rates":
    micro-dollars for each token of a kind}.
    """

    name = "openai"
    base_url = "https://api.openai.com"
    key_setting = "OPENAI_API_KEY"
    references = ReferencesBy.INLINE
    answers_hold_outputs = True
    SETTLES_S = 600.0  # published: allow two to five minutes for a picture

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(
            self.name, http, settles_s, self._refusal, MAX_INLINE_ANSWER, own_words=_own_words
        )

    async def submit(self, order: HostedOrder) -> Submitted:
        """Make a picture, or change the given ones; the answer holds it. Raises ProviderError."""
        body, images = order.payload["body"], order.payload.get("images", ())
        headers = _auth(order.key)
        if images:
            files = [("image[]", _file(place, each)) for place, each in enumerate(images)]
            fields = {name: str(value) for name, value in body.items()}
            content: dict[str, Any] = {"data": fields, "files": files}
        else:
            content = {"json": body}
        path = f"/v1/images/{'edits' if images else 'generations'}"
        response = await self._line.create(
            "POST", path, send_by=order.send_by, headers=headers, **content
        )
        made = self._line.accepted(response, lambda told: self._made(told, order.payload))
        # what a proxy gives as `x-request-id` may be the same for two orders: it is no ticket
        return Submitted(order.take, made)

    async def check_key(self, key: ProviderKey) -> None:
        """List the models, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/models", headers=_auth(key))

    def _made(self, told: Mapping[str, Any], payload: Mapping[str, Any]) -> Made:
        data = inner(told, "data", 0, "b64_json")
        if not isinstance(data, str):
            raise BusyError(self.name, "an answer without a picture")
        try:
            content = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise BusyError(self.name, "a picture that is not base64") from error
        asked = told.get("output_format") or payload["body"].get("output_format")
        usage = told.get("usage")
        return Made(
            (), _cost(usage, payload), (Delivered(content, _TYPES.get(asked, "image/png")),)
        )

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        code, reason = ("", "") if response.is_success else _said(response)
        refused = usual_refusal(self.name, response, f"{code} {reason}".strip(), _MODERATION)
        if isinstance(refused, BusyError) and refused.retry_after_s is None:
            refused.retry_after_s = _reset_s(response)
        return refused


def _own_words(told: Any) -> str | None:
    """Read an error, unless it is about a path that there is not."""
    words = object_with_error(told)
    return None if words is None or words.startswith("Invalid URL") else words


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def _file(place: int, address: str) -> tuple[str, bytes, str]:
    media_type, content = inline_content(address)
    return f"reference-{place}.{media_type.partition('/')[2]}", content, media_type


def _reset_s(response: httpx2.Response) -> float | None:
    """Read when the limit that is used up lets the next one through, be it in a day."""
    for kind in ("requests", "tokens"):
        if response.headers.get(f"x-ratelimit-remaining-{kind}") == "0":
            return duration_s(response.headers.get(f"x-ratelimit-reset-{kind}", ""))
    return None


def _said(response: httpx2.Response) -> tuple[str, str]:
    """Read an error's code, or its type where it has none, and its words."""
    try:
        error = inner(response.json(), "error")
    except ValueError:
        return "", shown(response.text)
    kinds = inner(error, "code"), inner(error, "type")
    return str(next(filter(None, kinds), "")), shown(inner(error, "message") or "no reason given")


def _cost(usage: Any, payload: Mapping[str, Any]) -> Money | None:
    """Price the tokens that were counted; None where they were not."""
    rates, output = payload.get("rates"), inner(usage, "output_tokens")
    if not rates or not isinstance(output, int):
        return None
    counted = {
        "text_in": inner(usage, "input_tokens_details", "text_tokens"),
        "image_in": inner(usage, "input_tokens_details", "image_tokens"),
        "image_out": output,
    }
    return tokens_cost(counted, rates)
