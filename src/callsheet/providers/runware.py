"""Runware: arrays of tasks that we name ourselves; see https://runware.ai/docs.

A task's UUID is ours, and a second task with the same one is refused: whatever became of an answer,
the same order can be looked for, or sent again, under the same name.
"""

import uuid
from collections.abc import Mapping, Sequence
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
    KeyRefusedError,
    Listing,
    Made,
    ModelGoneError,
    ModeratedError,
    NoCreditError,
    Pace,
    Pending,
    Recourse,
    Standing,
    Submitted,
    TicketUnknownError,
    Uploaded,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import hint_note, inner, kept_until, money_of, upload_address
from callsheet.providers.refusals import retry_after_s, says_any

_OURS: Final = uuid.UUID("6b1f0d3c-7c55-5d3e-9a53-6f2c1f0e8a11")  # the namespace of our task UUIDs
_MODERATION: Final = ("nsfw", "moderat", "safety", "invalidprovidercontent", "contentpolicy")
_KEY: Final = ("invalidapikey", "missingapikey")
_CREDIT: Final = ("insufficientcredit", "insufficientbalance", "nocredits")
_GONE: Final = ("invalidmodel", "unsupportedmodel", "modelnotfound")
_UNKNOWN: Final = ("tasknotfound", "unknowntask", "invalidtaskuuid", "notfound")
_ADDRESSES: Final = ("imageURL", "videoURL", "audioURL", "mediaURL")
_DELIVERY: Final = {"includeCost": True, "outputType": "URL", "numberResults": 1}


class Runware(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"task": one task without its UUID}.
    """

    name = "runware"
    base_url = "https://api.runware.ai"
    key_setting = "RUNWARE_API_KEY"
    recourse = Recourse.OUR_ID
    lists_for_s = 3_600.0  # how long a UUID is remembered is not published
    webhook_within_s = 3_600.0
    SETTLES_S = 120.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Send one task; one that is there already under our UUID is taken for it."""
        ticket = str(uuid.uuid5(_OURS, order.take))
        task = {**order.payload["task"], **_DELIVERY, "taskUUID": ticket, "deliveryMethod": "async"}
        if order.webhook_url:
            task["webhookURL"] = order.webhook_url
        response = await self._line.create(
            "POST", "/v1", send_by=order.send_by, json=[task], headers=_auth(order.key)
        )
        return self._line.accepted(response, lambda told: self._submitted(ticket, told))

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Ask for a task's results."""
        return self._standing(ticket, await self._read(ticket, key))

    async def _read(self, ticket: str, key: ProviderKey) -> Mapping[str, Any]:
        asked = [{"taskType": "getResponse", "taskUUID": ticket}]
        response = await self._line.ask(
            "POST", "/v1", unknown=ticket, json=asked, headers=_auth(key)
        )
        return self._line.json(response)

    async def listed(
        self,
        since: datetime,
        takes: Sequence[TakeId],
        key: ProviderKey,
    ) -> Listing:
        """Ask for each take's own UUID; what nothing is told of never arrived.

        Should it have, it is found under the same UUID when it is sent again.
        """
        found = []
        for take in takes:
            ticket = str(uuid.uuid5(_OURS, take))
            try:
                told = await self._read(ticket, key)
                if not _parts(told, "data", ticket) and not _parts(told, "errors", ticket):
                    continue
                self._standing(ticket, told)
            except TicketUnknownError:
                continue
            found.append(Found(ticket, {}, since, take))
        return Listing(tuple(found))

    async def upload(
        self, content: bytes, media_type: str, name: str, key: ProviderKey
    ) -> Uploaded:
        """Give Runware a picture; the answer names it."""
        task = {
            "taskType": "imageUpload",
            "taskUUID": str(uuid.uuid4()),
            "image": upload_address(content, media_type),
        }
        told = self._line.json(await self._line.ask("POST", "/v1", json=[task], headers=_auth(key)))
        image = inner(told, "data", 0, "imageUUID")
        if not isinstance(image, str):
            raise BusyError(self.name, f"it took {name} and named no picture")
        return Uploaded(image, kept_until(hours=12))

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Take it as a hint: it is not signed, but its address was known to Runware alone."""
        return hint_note(self.name, call.body, ("data", 0, "taskUUID"), ("taskUUID",))

    async def check_key(self, key: ProviderKey) -> None:
        """Authenticate, which costs nothing. Raises ProviderError."""
        task = [{"taskType": "authentication", "apiKey": key.secret}]
        await self._line.ask("POST", "/v1", json=task, headers=_auth(key))

    def _submitted(self, ticket: str, told: Mapping[str, Any]) -> Submitted:
        standing = self._standing(ticket, told)
        if isinstance(standing, Ended):
            raise standing.error
        return Submitted(ticket, standing)

    def _standing(self, ticket: str, told: Mapping[str, Any]) -> Standing:
        """Read our task's part of an answer; parts come in any order."""
        for error in _parts(told, "errors", ticket):
            if inner(error, "code") == "conflictTaskUUID":
                return Pending()  # we sent it before, and it is there
            raised = self._worded(error)
            if isinstance(raised, BusyError | TicketUnknownError):
                raise raised
            return Ended(raised, cost=money_of(inner(error, "cost")) or Money())
        mine = _parts(told, "data", ticket)
        if not mine:
            raise BusyError(self.name, "an answer that does not speak of our task")
        for part in mine:
            address = next((part[name] for name in _ADDRESSES if part.get(name)), None)
            cost = money_of(inner(part, "cost"))
            if inner(part, "NSFWContent") is True:
                return Ended(ModeratedError(self.name, "it says: NSFW content"), cost=cost)
            if isinstance(address, str):
                return Made((address,), cost)
            if inner(part, "status") == "error":
                return Ended(self._worded(_fault(part)), cost=cost or Money())
        return Pending()

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        """Read what concerns the whole request; what concerns a task is read with it."""
        status = response.status_code
        try:
            first = _first(response.json())
        except ValueError:
            first = None
        if status == httpx2.codes.TOO_MANY_REQUESTS:
            return BusyError(self.name, "429", retry_after_s=retry_after_s(response))
        if first is None:
            return None if response.is_success else RefusedError(self.name, f"{status}")
        worded = self._worded(first)
        if isinstance(worded, KeyRefusedError | NoCreditError | ModelGoneError):
            return worded
        if status in (401, 403):
            return KeyRefusedError(self.name, f"it refuses our key ({worded.reason})")
        named = inner(first, "taskUUID") is not None
        return None if response.is_success or named else worded

    def _worded(self, error: Any) -> ProviderError:
        code = str(inner(error, "code") or "")
        reason = f"{code}: {shown(inner(error, 'message') or 'no reason given')}"
        if says_any(code, _KEY):
            said = f"it refuses our key ({reason}); set a good one: callsheet keys set runware"
            return KeyRefusedError(self.name, said)
        if says_any(code, _CREDIT):
            return NoCreditError(self.name, f"our account has no credit ({reason}); add some there")
        if says_any(code, _UNKNOWN):
            return TicketUnknownError(self.name, reason)
        if says_any(code, _GONE):
            return ModelGoneError(self.name, f"it offers this model no more ({reason})")
        if code.lower().startswith("timeout"):
            return RefusedError(self.name, f"its own provider gave up ({reason})")
        return (ModeratedError if says_any(reason, _MODERATION) else RefusedError)(
            self.name, reason
        )


def _first(told: Any) -> Any:
    """Find the first error of a whole answer: in a list, or alone."""
    return inner(told, "errors", 0) or inner(told, "error")


def _fault(part: Mapping[str, Any]) -> Any:
    """Find what a part that failed says of it: within it, or in its own words."""
    return inner(part, "errors", 0) or inner(part, "error") or part


def _own_words(told: Any) -> str | None:
    words = inner(_first(told), "message")
    return words if isinstance(words, str) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def _parts(told: Mapping[str, Any], name: str, ticket: str) -> list[Any]:
    parts = told.get(name)
    listed = parts if isinstance(parts, list) else []
    return [part for part in listed if inner(part, "taskUUID") == ticket]
