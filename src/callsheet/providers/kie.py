"""KIE.ai: jobs of many models behind one door; see https://docs.kie.ai.

Whether a call went well stands in the answer's `code`, not in its HTTP status. There is no
idempotency key and no list: an order whose answer was lost is found by its callback, or not at all.
Callbacks are signed if the account has a key for it, but not their bodies: nothing in one is
believed.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    ForgedWebhookError,
    HostedOrder,
    Made,
    ModelGoneError,
    ModeratedError,
    Pace,
    Pending,
    Recourse,
    Standing,
    SubmissionUnknownError,
    Submitted,
    Uploaded,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import check_stamp, hint_note, inner, kept_until, money_of
from callsheet.providers.refusals import key_refused, no_credit, retry_after_s, says_any

_USD_PER_CREDIT: Final = 0.005
_MODERATION: Final = ("policy", "flagged", "sensitive", "moderat", "minor", "prominent people")
_OK: Final = 200
_NOT_YET: Final = "record is null"
# each API's own doors: where a task is created, and where it is read
_DOORS: Final[Mapping[str, tuple[str, str]]] = {
    "jobs": ("/api/v1/jobs/createTask", "/api/v1/jobs/recordInfo"),
    "veo": ("/api/v1/veo/generate", "/api/v1/veo/record-info"),
    "suno": ("/api/v1/generate", "/api/v1/generate/record-info"),
}
_UPLOADS: Final = "kieai.redpandaai.co"
_NO_CALLS: Final = "https://callsheet.invalid/"


class Kie(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"api": "jobs", "veo" or "suno", "body": the JSON of the call}. A ticket is the
    API's name, a colon and the task's id.
    """

    name = "kie"
    base_url = "https://api.kie.ai"
    key_setting = "KIE_API_KEY"
    signs_by_key = True
    recourse = Recourse.WEBHOOK
    webhook_within_s = 3_600.0
    SETTLES_S = 60.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)
        own = http.base_url.host != httpx2.URL(self.base_url).host
        self._uploads = str(http.base_url).rstrip("/") if own else f"https://{_UPLOADS}"

    async def submit(self, order: HostedOrder) -> Submitted:
        """Create a task. Raises ProviderError."""
        api, body = order.payload["api"], dict(order.payload["body"])
        if order.webhook_url:
            body["callBackUrl"] = order.webhook_url
        if api == "suno":  # it insists on one, and nothing that is called there is needed
            body.setdefault("callBackUrl", _NO_CALLS)
        response = await self._line.create(
            "POST", _DOORS[api][0], send_by=order.send_by, json=body, headers=_auth(order.key)
        )
        told = self._line.accepted(response, dict)
        ticket = inner(told, "data", "taskId")
        if not isinstance(ticket, str) or not ticket:
            # published: an error without a task's id may still have made one
            raise SubmissionUnknownError(self.name, f"it names no task ({shown(told.get('msg'))})")
        return Submitted(f"{api}:{ticket}", Pending())

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read a task; one that cannot be seen yet is on its way."""
        api, _, number = ticket.partition(":")
        asked, (_, door) = {"taskId": number}, _DOORS.get(api, _DOORS["jobs"])
        told = await self._line.read(door, unknown=ticket, params=asked, headers=_auth(key))
        record = told.get("data")
        if not isinstance(record, dict):
            return Pending()
        read = {"veo": self._veo, "suno": self._suno}.get(api, self._job)
        return read(record)

    async def upload(
        self, content: bytes, media_type: str, name: str, key: ProviderKey
    ) -> Uploaded:
        """Give KIE a file; it is kept for a day."""
        files = {"file": (name, content, media_type)}
        told = self._line.json(
            await self._line.ask(
                "POST",
                f"{self._uploads}/api/file-stream-upload",
                files=files,
                data={"uploadPath": "references", "fileName": name},
                headers=_auth(key),
            )
        )
        url = inner(told, "data", "fileUrl") or inner(told, "data", "downloadUrl")
        if not isinstance(url, str):
            raise BusyError(self.name, "it took the file and named no address for it")
        return Uploaded(url, kept_until(hours=20))

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Take it as a hint, verified as far as https://docs.kie.ai/common-api tells.

        The signature covers the task and the time alone, so that two of both are one webhook
        whatever their bodies say. Without a signing key nothing is verified.
        """
        note = hint_note(self.name, call.body, ("data", "taskId"), ("data", "task_id"))
        number = note.id
        if call.signing_key is not None:
            number = self._signed(call, call.signing_key, note.ticket)
        return WebhookNote(number, f"{call.payload['api']}:{note.ticket}")

    def _signed(self, call: WebhookCall, signing_key: ProviderKey, task: str) -> str:
        """Verify who signed, and when; what was signed. Raises ForgedWebhookError."""
        stamp = call.headers.get("x-webhook-timestamp", "")
        check_stamp(self.name, stamp, call.received_at)
        signed = f"{task}.{stamp}"
        digest = hmac.digest(signing_key.secret.encode(), signed.encode(), hashlib.sha256)
        given = call.headers.get("x-webhook-signature", "")
        if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
            raise ForgedWebhookError(self.name, "its signature does not fit")
        return signed

    async def check_key(self, key: ProviderKey) -> None:
        """Ask for our credit, which costs nothing. Raises ProviderError."""
        await self._line.read("/api/v1/chat/credit", headers=_auth(key))

    def _job(self, record: Mapping[str, Any]) -> Standing:
        cost = _cost(record)
        match inner(record, "state"):
            case "success":
                return Made(_urls(inner(record, "resultJson")), cost)
            case "fail":
                code, said = str(inner(record, "failCode") or ""), inner(record, "failMsg")
                return self._failed(code, said, cost)
            case _:
                return Pending()

    def _veo(self, record: Mapping[str, Any]) -> Standing:
        match inner(record, "successFlag"):
            case 1:
                urls = inner(record, "response", "resultUrls")
                listed = urls if isinstance(urls, list) else []
                return Made(tuple(each for each in listed if isinstance(each, str)), _cost(record))
            case 2 | 3:
                code, said = str(inner(record, "errorCode") or ""), inner(record, "errorMessage")
                return self._failed(code, said, _cost(record))
            case _:
                return Pending()

    def _suno(self, record: Mapping[str, Any]) -> Standing:
        """Read a task of two songs, of which the first is taken; both are paid for."""
        status = str(inner(record, "status") or "")
        if status == "SUCCESS":
            songs = inner(record, "response", "sunoData")
            urls = [inner(each, "audioUrl") for each in songs] if isinstance(songs, list) else []
            return Made(tuple(each for each in urls if isinstance(each, str)), _cost(record))
        if status.endswith(("_FAILED", "_EXCEPTION", "_ERROR")):
            code, said = status, inner(record, "errorMessage")
            return self._failed(code, said, _cost(record))
        return Pending()

    def _failed(self, code: str, said: Any, cost: Money | None) -> Ended:
        reason = f"{code} {shown(said or 'no reason given')}".strip()
        known = ModeratedError if says_any(reason, _MODERATION) else RefusedError
        return Ended(known(self.name, reason), cost or Money())

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        """Read the code in the answer; the HTTP status only where there is none."""
        try:
            told = response.json()
        except ValueError:
            told = None
        code, said = inner(told, "code"), shown(inner(told, "msg") or inner(told, "message") or "")
        if not isinstance(code, int):
            code, said = response.status_code, said or shown(response.text)
        if code == _OK or (code == httpx2.codes.UNPROCESSABLE_CONTENT and _NOT_YET in said):
            return None
        return self._worded(code, f"{code}: {said}", response)

    def _worded(self, code: int, reason: str, response: httpx2.Response) -> ProviderError:
        match code:
            case 401 | 403:
                return key_refused(self.name, reason)
            case 402 | 433:  # the account, or what this key may use of it
                return no_credit(self.name, reason)
            case 404 | 505:
                return ModelGoneError(self.name, f"it offers this model no more ({reason})")
            case 408 | 429 | 455:
                return BusyError(self.name, reason, retry_after_s=retry_after_s(response))
            case _ if code >= httpx2.codes.INTERNAL_SERVER_ERROR:
                # of an order nobody knows then; of a question it is answered later
                return SubmissionUnknownError(self.name, reason)
            case _:
                moderated = says_any(reason, _MODERATION)
                return (ModeratedError if moderated else RefusedError)(self.name, reason)


def _own_words(told: Any) -> str | None:
    words = inner(told, "msg")
    return words if isinstance(words, str) and isinstance(inner(told, "code"), int) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    # without a name the door in front of KIE answers 403, as if the key were wrong
    return {"Authorization": f"Bearer {key.secret}", "User-Agent": "callsheet"}


def _cost(record: Mapping[str, Any]) -> Money | None:
    used = inner(record, "creditsConsumed")
    is_number = isinstance(used, int | float)
    return money_of(round(used * _USD_PER_CREDIT, 6)) if is_number else None


def _urls(result: Any) -> tuple[str, ...]:
    """Read the addresses in a result, which is JSON in a text."""
    try:
        told = json.loads(result) if isinstance(result, str) else result
    except ValueError:
        return ()
    urls = inner(told, "resultUrls")
    return tuple(each for each in urls if isinstance(each, str)) if isinstance(urls, list) else ()
