"""Kling's own API: tasks over HTTP with a token signed for each call; see https://app.klingai.com.

A task carries an id of ours, by which it may be asked about. It is not published that an unknown
one proves anything, so an order that is not found waits for a callback and then for a person.
A key is written as the access key, a colon and the secret key.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    Found,
    HostedOrder,
    Listing,
    Made,
    ModelGoneError,
    ModeratedError,
    Pace,
    Pending,
    Recourse,
    ReferencesBy,
    Standing,
    Submitted,
    TicketUnknownError,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import hint_note, inner, money_of
from callsheet.providers.refusals import key_refused, no_credit, retry_after_s, usual_refusal

_TOKEN_S: Final = 1_800
_USD_PER_UNIT: Final = 0.14  # a unit of the prepaid packages, at list price
_KINDS: Final = ("videos/text2video", "videos/image2video", "images/generations")
_BUSY: Final = frozenset({1302, 1303, 5000, 5001, 5002})


class Kling(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"path": "videos/text2video" or the like, "body": the JSON of the call}. A ticket
    is that path, a slash and the task's id.
    """

    name = "kling"
    base_url = "https://api-singapore.klingai.com"
    key_setting = "KLING_API_KEY"
    recourse = Recourse.WEBHOOK
    references = ReferencesBy.INLINE
    webhook_within_s = 3_600.0
    SETTLES_S = 60.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Create a task under our own id. Raises ProviderError."""
        path = order.payload["path"]
        body = {**_bare(order.payload["body"]), "external_task_id": order.take}
        if order.webhook_url:
            body["callback_url"] = order.webhook_url
        response = await self._line.create(
            "POST", f"/v1/{path}", send_by=order.send_by, json=body, headers=_auth(order.key)
        )
        data = self._line.accepted(response, self._data)
        ticket = self._line.accepted(response, lambda _: self._line.text(data, "task_id"))
        return Submitted(f"{path}/{ticket}", Pending())

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read a task."""
        told = await self._line.read(f"/v1/{ticket}", unknown=ticket, headers=_auth(key))
        return self._standing(self._data(told))

    async def listed(self, since: datetime, takes: Sequence[TakeId], key: ProviderKey) -> Listing:
        """Ask about each take by the id that we gave it; what is not found proves nothing."""
        found = []
        for take in takes:
            for kind in _KINDS:
                try:
                    told = await self._line.read(
                        f"/v1/{kind}/{take}", unknown=take, headers=_auth(key)
                    )
                except (TicketUnknownError, RefusedError, ModelGoneError):
                    continue
                data = self._data(told)
                if inner(data, "task_info", "external_task_id") == take:
                    ticket = f"{kind}/{self._line.text(data, 'task_id')}"
                    found.append(Found(ticket, {}, since, take))
                    break
        return Listing(tuple(found))

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Take it as a hint: it is not signed, but its address was known to Kling alone."""
        note = hint_note(self.name, call.body, ("task_id",), ("data", "task_id"))
        return replace(note, ticket=f"{call.payload['path']}/{note.ticket}")

    async def check_key(self, key: ProviderKey) -> None:
        """List one task, which costs nothing. Raises ProviderError."""
        asked = {"pageNum": 1, "pageSize": 1}
        await self._line.read(f"/v1/{_KINDS[0]}", params=asked, headers=_auth(key))

    def _data(self, told: Mapping[str, Any]) -> dict[str, Any]:
        data = told.get("data")
        if not isinstance(data, dict):
            raise BusyError(self.name, "an answer without data")
        return data

    def _standing(self, data: Mapping[str, Any]) -> Standing:
        units = inner(data, "final_unit_deduction")
        cost = _cost(units)
        match inner(data, "task_status"):
            case "succeed":
                made = inner(data, "task_result", "videos") or inner(data, "task_result", "images")
                urls = [inner(each, "url") for each in made] if isinstance(made, list) else []
                return Made(tuple(each for each in urls if isinstance(each, str)), cost)
            case "failed":
                reason = shown(inner(data, "task_status_msg") or "no reason given")
                lower = reason.lower()
                moderated = any(word in lower for word in ("risk", "sensitive", "policy", "safety"))
                known = ModeratedError if moderated else RefusedError
                return Ended(known(self.name, reason), cost or Money())
            case _:
                return Pending()

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        """Read the code in the answer: 0 is good, whatever the HTTP status says."""
        try:
            told = response.json()
        except ValueError:
            told = {"code": 0}  # whoever reads it finds out that it is none of Kling's
        code = inner(told, "code")
        if response.is_success and code == 0:
            return None
        reason = f"{code}: {shown(inner(told, 'message') or response.text)}"
        match code:
            case int() if code in range(1000, 1100):
                return key_refused(self.name, reason)
            case int() if code in range(1100, 1200):
                return no_credit(self.name, reason)
            case int() if code in _BUSY:
                return BusyError(self.name, reason, retry_after_s=retry_after_s(response))
            case 1301:
                return ModeratedError(self.name, reason)
            case _:
                usual = usual_refusal(self.name, response, reason, ())
                return usual or RefusedError(self.name, reason)


def _own_words(told: Any) -> str | None:
    words = inner(told, "message")
    return words if isinstance(words, str) and isinstance(inner(told, "code"), int) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    """Sign a token for this call as RFC 7519 says: HS256, half an hour, five seconds of grace."""
    access, _, secret = key.secret.partition(":")
    now = int(time.time())
    claims = {"iss": access, "exp": now + _TOKEN_S, "nbf": now - 5}
    head = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.digest(secret.encode(), head.encode(), hashlib.sha256)
    return {"Authorization": f"Bearer {head}.{_base64(signature)}"}


def _part(told: Mapping[str, Any]) -> str:
    return _base64(json.dumps(told, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bare(body: Mapping[str, Any]) -> dict[str, Any]:
    """Send pictures as bare base64: Kling takes no data URL."""
    return {
        name: value.partition(";base64,")[2]
        if isinstance(value, str) and value.startswith("data:")
        else value
        for name, value in body.items()
    }


def _cost(units: Any) -> Money | None:
    try:
        return money_of(round(float(units) * _USD_PER_UNIT, 6))
    except (TypeError, ValueError):
        return None
