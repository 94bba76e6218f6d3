"""Replicate: predictions over HTTP; see https://replicate.com/docs/reference/http.

There is no idempotency key. What we sent is found again in the list of predictions, which shows
inputs for an hour, or by the webhook whose address carries our take's id.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    ForgedWebhookError,
    Found,
    HostedOrder,
    KeyRefusedError,
    Made,
    ModelGoneError,
    ModeratedError,
    NoCreditError,
    Pace,
    Pending,
    Standing,
    SubmissionUnknownError,
    Submitted,
    TicketUnknownError,
    Uploaded,
    WebhookNote,
)
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.ports.sending import TooLateToSendError, only_before

NAME: Final = "replicate"
BASE_URL: Final = "https://api.replicate.com"
# published: 600 predictions a minute, and 3,000 other requests
PACE: Final = Pace(per_minute=550, reads_per_minute=2_500)
_NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_RESETS: Final = re.compile(r"resets in ~?(\d+(?:\.\d+)?) ?s")
_MODERATION: Final = ("nsfw", "sensitive", "flagged", "moderat", "safety", "e005")
_LONGEST_HOLD_S: Final = 10  # how long an order's answer may wait for the work itself
_UPLOADS_LAST: Final = timedelta(hours=20)  # published: a day
_WEBHOOK_TOLERANCE_S: Final = 300
_MAX_PAGES: Final = 500
_MAX_ANSWER: Final = 8 * 1024**2
_OUTPUT_KEPT: Final = 3_600.0  # inputs and outputs are deleted an hour after the end


class Replicate:
    """Implements ports.hosted.HostedProvider.

    `http` has the base address, the key and bounded timeouts set; `settles_s` bounds how long an
    order of ours can be under way, and a request may last half of it.
    """

    name = NAME
    key_setting = "REPLICATE_API_TOKEN"
    lists_for_s = _OUTPUT_KEPT - 300

    def __init__(
        self, http: httpx2.AsyncClient, *, key: str, settles_s: float, pace: Pace = PACE
    ) -> None:
        self._http, self._key = http, key
        self.settles_s, self.pace = settles_s, pace
        self._signing_key: bytes | None = None

    @property
    def key_print(self) -> str:
        """A fingerprint of the key; empty without one."""
        return hashlib.sha256(self._key.encode()).hexdigest()[:16] if self._key else ""

    async def submit(self, order: HostedOrder) -> Submitted:
        """Create a prediction. Raises ProviderError."""
        model, body = order.payload["model"], {"input": order.payload["input"]}
        if order.webhook_url:
            body |= {"webhook": order.webhook_url, "webhook_events_filter": ["completed"]}
        headers = {"Cancel-After": f"{max(5, int(order.time_limit_s))}s"}
        hold_s = int(min(_LONGEST_HOLD_S, self.settles_s / 4))
        if order.expected_s <= hold_s:
            headers["Prefer"] = f"wait={hold_s}"
        try:
            path = f"/v1/models/{model}/predictions"
            response = await self._exchange(
                "POST", path, json=body, headers=headers, extensions=only_before(order.send_by)
            )
        except TooLateToSendError as error:
            raise BusyError(NAME, "not sent: this process stood still for too long") from error
        except _NEVER_SENT as error:
            raise BusyError(NAME, f"not reached: {error!r}") from error
        except (httpx2.TransportError, TimeoutError) as error:
            raise SubmissionUnknownError(NAME, f"the answer was lost: {error!r}") from error
        if response.is_server_error:
            raise SubmissionUnknownError(NAME, f"it answered {response.status_code}")
        _raise_refusal(response)
        try:
            prediction = _object(response)
            return Submitted(_text(prediction, "id"), _standing(prediction))
        except ProviderError as error:  # it answered well, and told nothing we can use
            raise SubmissionUnknownError(NAME, error.reason) from error

    async def poll(self, ticket: str) -> Standing:
        """Read a prediction."""
        return _standing(await self._read(f"/v1/predictions/{ticket}", unknown=ticket))

    async def cancel(self, ticket: str) -> None:
        """Ask to stop a prediction; one that has ended stays as it is."""
        await self._ask("POST", f"/v1/predictions/{ticket}/cancel", unknown=ticket)

    async def listed(self, since: datetime) -> Sequence[Found]:
        """List predictions made since then, newest first, page by page."""
        found: list[Found] = []
        address: str | None = "/v1/predictions"
        for _ in range(_MAX_PAGES):
            page = await self._read(address)
            results = page.get("results")
            if not isinstance(results, list):
                raise BusyError(NAME, "its list of predictions has no results")
            found += [each for each in map(_found, results) if each is not None]
            if found and found[-1].created_at < since:
                return [each for each in found if each.created_at >= since]
            following = page.get("next")
            if not isinstance(following, str):
                return [each for each in found if each.created_at >= since]
            address = _path_of(following)
        raise BusyError(NAME, f"more than {_MAX_PAGES} pages of predictions to look through")

    async def upload(self, content: bytes, media_type: str, name: str) -> Uploaded:
        """Give Replicate a file; it can be named in inputs for a day."""
        files = {"content": (name, content, media_type)}
        made = _object(await self._ask("POST", "/v1/files", files=files))
        url = made.get("urls", {}).get("get") if isinstance(made.get("urls"), dict) else None
        if not isinstance(url, str):
            raise BusyError(NAME, "it took the file and named no address for it")
        expires_at = _time(made.get("expires_at"))
        latest = datetime.now(UTC) + _UPLOADS_LAST
        return Uploaded(url, min(expires_at, latest) if expires_at else latest)

    async def open_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> WebhookNote:
        """Verify as https://replicate.com/docs/topics/webhooks/verify-webhook says."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        number, stamp, signatures = (headers.get(name, "") for name in names)
        if not number or not stamp.isdecimal() or not signatures:
            raise ForgedWebhookError(NAME, "it is not signed")
        if abs(now.timestamp() - int(stamp)) > _WEBHOOK_TOLERANCE_S:
            raise ForgedWebhookError(NAME, f"it is older or newer than {_WEBHOOK_TOLERANCE_S} s")
        signed = b".".join((number.encode(), stamp.encode(), body))
        digest = hmac.new(await self._signing(), signed, hashlib.sha256).digest()
        ours = base64.b64encode(digest)
        given = [each.removeprefix("v1,").encode() for each in signatures.split(" ")]
        if not any(hmac.compare_digest(ours, each) for each in given):
            self._signing_key = None  # it may have been changed: read anew for the next one
            raise ForgedWebhookError(NAME, "its signature does not fit")
        try:
            prediction = httpx2.Response(200, content=body).json()
        except ValueError as error:
            raise ForgedWebhookError(NAME, "its body is not JSON") from error
        ticket = prediction.get("id") if isinstance(prediction, dict) else None
        if not isinstance(ticket, str) or not ticket:
            raise ForgedWebhookError(NAME, "its body names no prediction")
        return WebhookNote(number[:200], ticket[:200])

    def download_headers(self, url: str) -> Mapping[str, str]:
        """Show the key to Replicate's own file server alone."""
        own = httpx2.URL(url).host == self._http.base_url.host and "/v1/files/" in url
        return {"Authorization": f"Bearer {self._key}"} if own else {}

    async def _signing(self) -> bytes:
        if self._signing_key is None:
            secret = (await self._read("/v1/webhooks/default/secret")).get("key")
            if not isinstance(secret, str):
                raise BusyError(NAME, "it names no webhook secret")
            try:
                self._signing_key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            except binascii.Error as error:
                raise BusyError(NAME, "its webhook secret is not base64") from error
        return self._signing_key

    async def _exchange(self, method: str, path: str, **content: Any) -> httpx2.Response:
        """Ask once, bounded in time and in what is read. Raises httpx2.TransportError."""
        async with (
            asyncio.timeout(self.settles_s / 2),
            self._http.stream(method, path, **content) as response,
        ):
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _MAX_ANSWER:
                    raise httpx2.RemoteProtocolError(f"an answer of more than {_MAX_ANSWER} bytes")
        return httpx2.Response(response.status_code, headers=_plain(response), content=bytes(body))

    async def _read(self, path: str | None, *, unknown: str | None = None) -> dict[str, Any]:
        return _object(await self._ask("GET", path or "", unknown=unknown))

    async def _ask(
        self, method: str, path: str, *, unknown: str | None = None, **content: Any
    ) -> httpx2.Response:
        """Ask something that is safe to repeat."""
        try:
            response = await self._exchange(method, path, **content)
        except (httpx2.TransportError, TimeoutError) as error:
            raise BusyError(NAME, f"no answer: {error!r}") from error
        if response.is_server_error:
            raise BusyError(NAME, f"it answered {response.status_code}")
        if response.status_code == httpx2.codes.NOT_FOUND and unknown is not None:
            raise TicketUnknownError(NAME, f"it knows no prediction {shown(unknown)}")
        _raise_refusal(response)
        return response


def _raise_refusal(response: httpx2.Response) -> None:
    """Raise what a status of 3xx or 4xx means."""
    status = response.status_code
    if response.is_success:
        return
    reason = f"{status}: {_detail(response)}"
    if status in (401, 403):
        raise KeyRefusedError(
            NAME, f"it refuses our key ({reason}); set a good one in {Replicate.key_setting}"
        )
    if status == httpx2.codes.PAYMENT_REQUIRED:
        raise NoCreditError(NAME, f"our account has no credit ({reason}); add some there")
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        raise BusyError(NAME, reason, retry_after_s=_retry_after_s(response))
    if status in (404, 410):
        raise ModelGoneError(NAME, f"it offers this model no more ({reason})")
    if status in (408, 409, 425):
        raise BusyError(NAME, reason)
    raise (ModeratedError if _is_moderation(reason) else RefusedError)(NAME, reason)


def _plain(response: httpx2.Response) -> list[tuple[str, str]]:
    """Keep the headers that still fit a body that was unpacked."""
    gone = {"content-encoding", "content-length", "transfer-encoding"}
    return [(name, value) for name, value in response.headers.items() if name not in gone]


def _retry_after_s(response: httpx2.Response) -> float | None:
    after = response.headers.get("retry-after", "")
    if after.replace(".", "", 1).isdecimal():
        return min(float(after), 3_600.0)
    told = _RESETS.search(_detail(response))
    return min(float(told[1]), 3_600.0) if told else None


def _detail(response: httpx2.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return shown(response.text)
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else problem
    return shown(detail)


def _object(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise BusyError(
            NAME, f"it answered something else than JSON: {shown(response.text)}"
        ) from error
    if not isinstance(body, dict):
        raise BusyError(NAME, "it answered JSON of another shape")
    return body


def _text(prediction: Mapping[str, Any], name: str) -> str:
    value = prediction.get(name)
    if not isinstance(value, str) or not value:
        raise BusyError(NAME, f"a prediction without {name!r}")
    return value


def _standing(prediction: Mapping[str, Any]) -> Standing:
    """Read a prediction's state; a word that nobody knows yet means that it goes on."""
    reason = shown(prediction.get("error") or "no reason given")
    match _text(prediction, "status"):
        case "succeeded":
            if prediction.get("data_removed"):
                return Ended(ProviderError(NAME, "its outputs are deleted already"), cost=None)
            return Made(_urls(prediction.get("output")))
        case "failed":
            known = ModeratedError if _is_moderation(reason) else RefusedError
            return Ended(known(NAME, reason), cost=Money())
        case "canceled":
            began = prediction.get("started_at") is not None
            stopped = RefusedError(NAME, "it was stopped")
            return Ended(stopped, cost=None if began else Money(), cancelled=True)
        case "aborted":
            late = RefusedError(NAME, "it was not begun in time")
            return Ended(late, cost=Money(), cancelled=True)
        case _:
            return Pending()


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
    if not isinstance(prediction, dict):
        return None
    created_at, ticket = _time(prediction.get("created_at")), prediction.get("id")
    if created_at is None or not isinstance(ticket, str):
        return None
    payload = {"model": prediction.get("model"), "input": prediction.get("input")}
    return Found(ticket, payload, created_at)


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _path_of(address: str) -> str:
    """Keep to our own base address, whatever host a page names."""
    url = httpx2.URL(address)
    return url.raw_path.decode("ascii")


def _is_moderation(reason: str) -> bool:
    return any(word in reason.lower() for word in _MODERATION)
