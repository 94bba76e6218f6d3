"""Replicate: predictions over HTTP; see https://replicate.com/docs/reference/http.

There is no idempotency key. What we sent is found again in the list of predictions, which shows
inputs for an hour, or by the webhook whose address carries our take's id.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    ForgedWebhookError,
    Found,
    HostedOrder,
    Listing,
    Made,
    ModeratedError,
    Pace,
    Pending,
    Recourse,
    Standing,
    Submitted,
    Uploaded,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import check_stamp, inner, is_at, moment_of, told_ticket
from callsheet.providers.refusals import says_any, usual_refusal

_MODERATION: Final = ("nsfw", "sensitive", "flagged", "moderat", "safety", "e005")
_FILES: Final = "/v1/files/"
_LONGEST_HOLD_S: Final = 10  # how long an order's answer may wait for the work itself
_UPLOADS_LAST: Final = timedelta(hours=20)  # published: a day
_MAX_PAGES: Final = 500
_SURVEY_PAGES: Final = 50
_DONE: Final = frozenset({"succeeded", "failed", "canceled", "aborted"})
_OUTPUT_KEPT: Final = 3_600.0  # inputs and outputs are deleted an hour after the end


class Replicate(HostedDefaults):
    """Implements ports.hosted.HostedProvider and ports.following.SurveyableProvider.

    A payload is {"model": "owner/name", "input": what goes in}.
    """

    name = "replicate"
    base_url = "https://api.replicate.com"
    key_setting = "REPLICATE_API_TOKEN"
    recourse = Recourse.LISTING
    lists_for_s = _OUTPUT_KEPT - 300
    webhook_within_s = _OUTPUT_KEPT
    signs_webhooks = True
    # published: 600 predictions a minute, and 3,000 other requests
    PACE = Pace(per_minute=550, reads_per_minute=2_500)

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._http = http
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)
        self._signing_keys: dict[str, bytes] = {}

    async def submit(self, order: HostedOrder) -> Submitted:
        """Create a prediction. Raises ProviderError."""
        model, body = order.payload["model"], {"input": order.payload["input"]}
        if order.webhook_url:
            body |= {"webhook": order.webhook_url, "webhook_events_filter": ["completed"]}
        headers = {**_auth(order.key), "Cancel-After": f"{max(5, int(order.time_limit_s))}s"}
        hold_s = int(min(_LONGEST_HOLD_S, self.settles_s / 4))
        if order.expected_s <= hold_s:
            headers["Prefer"] = f"wait={hold_s}"
        path = f"/v1/models/{model}/predictions"
        response = await self._line.create(
            "POST", path, send_by=order.send_by, json=body, headers=headers
        )
        return self._line.accepted(
            response, lambda told: Submitted(self._line.text(told, "id"), self._standing(told))
        )

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read a prediction."""
        path = f"/v1/predictions/{ticket}"
        return self._standing(await self._line.read(path, unknown=ticket, headers=_auth(key)))

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Ask to stop a prediction; one that has ended stays as it is."""
        path = f"/v1/predictions/{ticket}/cancel"
        await self._line.ask("POST", path, unknown=ticket, headers=_auth(key))

    async def listed(self, since: datetime, takes: Sequence[TakeId], key: ProviderKey) -> Listing:
        """List predictions made since then, newest first, page by page."""
        found: list[Found] = []
        unreadable, left = 0, _MAX_PAGES
        async with aclosing(self._pages("/v1/predictions", key)) as pages:
            async for results in pages:
                read = [each for each in map(_found, results) if each is not None]
                found += read
                unreadable += len(results) - len(read)
                times = [each.created_at for each in read if each.created_at is not None]
                if times and max(times) < since:
                    break
                left -= 1
                if not left:
                    return Listing(tuple(found), complete=False, unreadable=unreadable)
        return Listing(tuple(found), unreadable=unreadable)

    async def at_work(self, since: datetime, until: datetime, key: ProviderKey) -> Collection[str]:
        """List those at work among the newest 5,000 predictions of that time."""
        asked = {"created_after": since.isoformat(), "created_before": until.isoformat()}
        found: set[str] = set()
        left = _SURVEY_PAGES
        async with aclosing(self._pages(f"/v1/predictions?{urlencode(asked)}", key)) as pages:
            async for results in pages:
                found.update(filter(None, map(_ticket_at_work, results)))
                left -= 1
                if not left:
                    break
        return found

    async def _pages(self, address: str, key: ProviderKey) -> AsyncGenerator[list[Any]]:
        """Read a list of predictions page by page. Raises BusyError."""
        for _ in range(_MAX_PAGES):
            page = await self._line.read(address, headers=_auth(key), tries=3)
            results = page.get("results")
            if not isinstance(results, list):
                raise BusyError(self.name, "its list of predictions has no results")
            yield results
            following = page.get("next")
            if following is None:
                return
            if not isinstance(following, str):
                raise BusyError(self.name, "its list of predictions breaks off")
            address = _path_of(following)
        raise BusyError(self.name, f"more than {_MAX_PAGES} pages of predictions to look through")

    async def upload(
        self, content: bytes, media_type: str, name: str, key: ProviderKey
    ) -> Uploaded:
        """Give Replicate a file; it can be named in inputs for a day."""
        files = {"content": (name, content, media_type)}
        made = self._line.json(
            await self._line.ask("POST", _FILES.rstrip("/"), files=files, headers=_auth(key))
        )
        url = inner(made, "urls", "get")
        if not isinstance(url, str):
            raise BusyError(self.name, "it took the file and named no address for it")
        expires_at = moment_of(made.get("expires_at"))
        latest = datetime.now(UTC) + _UPLOADS_LAST
        return Uploaded(url, min(expires_at, latest) if expires_at else latest)

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Verify as https://replicate.com/docs/topics/webhooks/verify-webhook says."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        number, stamp, signatures = (call.headers.get(name, "") for name in names)
        if not number or not signatures:
            raise ForgedWebhookError(self.name, "it is not signed")
        check_stamp(self.name, stamp, call.received_at)
        signed = b".".join((number.encode(), stamp.encode(), call.body))
        digest = hmac.new(await self._signing(key), signed, hashlib.sha256).digest()
        ours = base64.b64encode(digest)
        given = [each.removeprefix("v1,").encode() for each in signatures.split(" ")]
        if not any(hmac.compare_digest(ours, each) for each in given):
            self._signing_keys.pop(key.print, None)  # it may have changed: read anew next time
            raise ForgedWebhookError(self.name, "its signature does not fit")
        return WebhookNote(number[:200], told_ticket(self.name, call.body, ("id",)))

    async def check_key(self, key: ProviderKey) -> None:
        """Read our account, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/account", headers=_auth(key))

    def download_headers(self, url: str, key: ProviderKey) -> Mapping[str, str]:
        """Show the key to Replicate's own file server alone."""
        own = is_at(url, self._http.base_url) and _path_of(url).startswith(_FILES)
        return _auth(key) if own else {}

    async def _signing(self, key: ProviderKey) -> bytes:
        if key.print not in self._signing_keys:
            told = await self._line.read("/v1/webhooks/default/secret", headers=_auth(key))
            secret = self._line.text(told, "key").removeprefix("whsec_")
            try:
                self._signing_keys[key.print] = base64.b64decode(secret, validate=True)
            except binascii.Error as error:
                raise BusyError(self.name, "its webhook secret is not base64") from error
        return self._signing_keys[key.print]

    def _standing(self, prediction: Mapping[str, Any]) -> Standing:
        """Read a prediction's state; a word that nobody knows yet means that it goes on."""
        reason = shown(prediction.get("error") or "no reason given")
        match self._line.text(prediction, "status"):
            case "succeeded":
                if prediction.get("data_removed"):
                    gone = ProviderError(self.name, "its outputs are deleted already")
                    return Ended(gone, cost=None)
                return Made(_urls(prediction.get("output")))
            case "failed":
                known = ModeratedError if says_any(reason, _MODERATION) else RefusedError
                return Ended(known(self.name, reason), cost=Money())
            case "canceled":
                began = prediction.get("started_at") is not None
                stopped = RefusedError(self.name, "it was stopped")
                return Ended(stopped, cost=None if began else Money(), cancelled=True)
            case "aborted":
                late = RefusedError(self.name, "it was not begun in time")
                return Ended(late, cost=Money(), cancelled=True)
            case _:
                return Pending()

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        return usual_refusal(self.name, response, _detail(response), _MODERATION)


def _own_words(told: Any) -> str | None:
    """Read a problem document."""
    words = inner(told, "detail")
    return words if isinstance(words, str) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def _detail(response: httpx2.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return shown(response.text)
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else problem
    return shown(detail)


def _urls(output: Any) -> tuple[str, ...]:
    """List output addresses: one string, a list, or an object of them."""
    match output:
        case str():
            return (output,)
        case list():
            return tuple(each for each in output if isinstance(each, str))
        case dict():
            return tuple(each for each in output.values() if isinstance(each, str))
        case _:
            return ()


def _found(prediction: Any) -> Found | None:
    """Read an entry of the list; inputs are emptied when they are deleted."""
    ticket, asked = inner(prediction, "id"), inner(prediction, "input")
    if not isinstance(ticket, str) or not ticket:
        return None
    shown = {"model": inner(prediction, "model"), "input": asked or None}
    calls = inner(prediction, "webhook")
    return Found(
        ticket,
        shown,
        moment_of(inner(prediction, "created_at")),
        calls=calls if isinstance(calls, str) else None,
    )


def _ticket_at_work(prediction: Any) -> str | None:
    ticket, status = inner(prediction, "id"), inner(prediction, "status")
    known = isinstance(ticket, str) and isinstance(status, str)
    return ticket if known and status not in _DONE else None


def _path_of(address: str) -> str:
    """Keep to our own base address, whatever host a page names."""
    return httpx2.URL(address).raw_path.decode("ascii")
