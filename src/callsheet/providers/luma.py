"""Luma Dream Machine: generations over HTTP; see https://docs.lumalabs.ai.

There is no idempotency key; an order is found again in the list of generations, which shows what
was asked for. Its webhooks are not signed, so they are hints. Pictures to begin from must lie at
a public address: callsheet needs its own public URL for them.
"""

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
    Listing,
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
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import hint_note, inner, moment_of
from callsheet.providers.refusals import no_credit, says_any, usual_refusal

_ROOT: Final = "/dream-machine/v1/generations"
_PAGE: Final = 100
_MAX_PAGES: Final = 200
_MODERATION: Final = ("moderat", "safety", "policy", "nsfw", "not allowed")
_KINDS: Final = ("image", "video")
_OURS: Final = frozenset({"callback_url"})  # what we add to a payload


class Luma(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"path": "video" or "image", "body": the JSON of the call}.
    """

    name = "luma"
    base_url = "https://api.lumalabs.ai"
    key_setting = "LUMAAI_API_KEY"
    recourse = Recourse.LISTING
    references = ReferencesBy.LINK
    lists_for_s = 24 * 3_600.0  # how long generations are listed is not published
    webhook_within_s = 3_600.0
    SETTLES_S = 60.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Create a generation. Raises ProviderError."""
        body = dict(order.payload["body"])
        if order.webhook_url:
            body["callback_url"] = order.webhook_url
        path = f"{_ROOT}/{order.payload['path']}"
        response = await self._line.create(
            "POST", path, send_by=order.send_by, json=body, headers=_auth(order.key)
        )
        return self._line.accepted(
            response, lambda told: Submitted(self._line.text(told, "id"), self._standing(told))
        )

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read a generation."""
        path = f"{_ROOT}/{ticket}"
        return self._standing(await self._line.read(path, unknown=ticket, headers=_auth(key)))

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Let it go on: deleting a generation hides it and does not say that it is not billed."""

    async def listed(self, since: datetime, takes: Sequence[TakeId], key: ProviderKey) -> Listing:
        """List generations made since then, newest first, page by page.

        Places shift while orders come and go, so each page begins with the last entry of the one
        before it; where that is gone, some may have been passed over. How many a page holds is the
        provider's to say: only one that brings nothing new is the last.
        """
        found: dict[str, Found] = {}
        whole, unreadable, place, last = True, 0, 0, ""
        for _ in range(_MAX_PAGES):
            asked = {"limit": _PAGE, "offset": place}
            told = await self._line.read(_ROOT, params=asked, headers=_auth(key), tries=3)
            listed = inner(told, "generations")
            if not isinstance(listed, list):
                raise BusyError(self.name, "its list has no generations")
            read = [each for each in map(_found, listed) if each is not None]
            new = [each for each in read if each.ticket not in found]
            unreadable += len(listed) - len(read)
            whole &= not last or last in {each.ticket for each in read}
            found |= {each.ticket: each for each in new}
            times = [each.created_at for each in read if each.created_at is not None]
            if len(listed) <= 1 or not new or (times and max(times) < since):
                return Listing(tuple(found.values()), complete=whole, unreadable=unreadable)
            place += len(listed) - 1
            last = read[-1].ticket if read else last
        return Listing(tuple(found.values()), complete=False, unreadable=unreadable)

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Take it as a hint: it is not signed, but its address was known to Luma alone."""
        return hint_note(self.name, call.body, ("id",))

    async def check_key(self, key: ProviderKey) -> None:
        """List one generation, which costs nothing. Raises ProviderError."""
        await self._line.read(_ROOT, params={"limit": 1}, headers=_auth(key))

    def _standing(self, told: Mapping[str, Any]) -> Standing:
        match self._line.text(told, "state"):
            case "completed":
                assets = (inner(told, "assets", "video"), inner(told, "assets", "image"))
                return Made(tuple(each for each in assets if isinstance(each, str)))
            case "failed":
                reason = shown(inner(told, "failure_reason") or "no reason given")
                known = ModeratedError if says_any(reason, _MODERATION) else RefusedError
                return Ended(known(self.name, reason), cost=Money())
            case _:
                return Pending()

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        said = "" if response.is_success else _said(response)
        if says_any(said, ("insufficient credits",)):
            return no_credit(self.name, said)
        return usual_refusal(self.name, response, said, _MODERATION)


def _own_words(told: Any) -> str | None:
    words = inner(told, "detail")
    return words if isinstance(words, str) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def _found(told: Any) -> Found | None:
    ticket, asked = inner(told, "id"), inner(told, "request")
    if not isinstance(ticket, str) or not ticket:
        return None
    made_at, calls = moment_of(inner(told, "created_at")), inner(asked, "callback_url")
    kind = inner(told, "generation_type")
    body = None
    if isinstance(asked, dict):
        body = {name: value for name, value in asked.items() if name not in _OURS}
    return Found(
        ticket,
        {"path": kind if kind in _KINDS else None, "body": body},
        made_at,
        calls=calls if isinstance(calls, str) else None,
    )


def _said(response: httpx2.Response) -> str:
    try:
        return shown(inner(response.json(), "detail") or "no reason given")
    except ValueError:
        return shown(response.text)
