"""fal: a queue over HTTP; see https://docs.fal.ai.

There is no idempotency key and no list: an order whose answer was lost is found by the webhook
whose address carries our take's id, or not at all.
"""

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import httpx2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

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
    Submitted,
    TicketUnknownError,
    ToldPrice,
    Uploaded,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import check_stamp, hint_note, inner, kept_until, money_of
from callsheet.providers.refusals import no_credit, says_any, usual_refusal

_KEYS_LAST_S: Final = 24 * 3_600.0  # published: at most a day
_MODERATION: Final = ("content_policy", "nsfw", "moderat", "safety", "flagged")
_CREDIT: Final = ("exhausted balance", "insufficient balance", "user is locked")
_ID: Final = "requests"
_PRICED_AT_ONCE: Final = 50  # published


class Fal(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"model": its path, "input": what goes in}. A ticket is the path of a request
    below the queue: owner, app, "requests" and its id, which is what the answer to an order names.
    """

    name = "fal"
    base_url = "https://queue.fal.run"
    rest_url = "https://rest.fal.ai"
    platform_url = "https://api.fal.ai"
    tells_prices = True
    key_setting = "FAL_KEY"
    recourse = Recourse.WEBHOOK
    webhook_within_s = 2 * 3_600.0  # published: ten deliveries over two hours
    signs_webhooks = True
    SETTLES_S = 60.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._http = http
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)
        own = http.base_url.host != httpx2.URL(self.base_url).host
        self._rest = str(http.base_url).rstrip("/") if own else self.rest_url
        self._platform = str(http.base_url).rstrip("/") if own else self.platform_url
        self._signers: list[Ed25519PublicKey] = []
        self._signers_until = 0.0

    async def submit(self, order: HostedOrder) -> Submitted:
        """Put a request into the queue. Raises ProviderError."""
        params = {"fal_webhook": order.webhook_url} if order.webhook_url else {}
        response = await self._line.create(
            "POST",
            f"/{order.payload['model']}",
            send_by=order.send_by,
            params=params,
            json=order.payload["input"],
            headers={**_auth(order.key), "x-fal-no-retry": "1"},
        )
        return Submitted(self._line.accepted(response, self._ticket), Pending())

    def _ticket(self, told: dict[str, Any]) -> str:
        """Take the path that the answer names: it leaves out what follows owner and app."""
        number = self._line.text(told, "request_id")
        path = httpx2.URL(self._line.text(told, "response_url")).path.strip("/")
        if not path.endswith(f"/{_ID}/{number}"):
            raise BusyError(self.name, f"it names a result at {shown(path)}")
        return path

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read where a request stands, and its result once it is complete."""
        headers = _auth(key)
        told = await self._line.read(f"/{ticket}/status", unknown=ticket, headers=headers)
        if inner(told, "status") != "COMPLETED":
            return Pending()
        if inner(told, "error"):
            kind = str(inner(told, "error_type") or "")
            if kind == "client_cancelled":
                stopped = RefusedError(self.name, "it was stopped")
                return Ended(stopped, cost=Money(), cancelled=True)
            return self._failed(f"{kind} {shown(told['error'])}".strip())
        try:
            response = await self._line.ask("GET", f"/{ticket}", unknown=ticket, headers=headers)
        except RefusedError as refused:  # the model's own refusal: a runner may have spent time
            return Ended(refused, cost=None)
        return self._made(self._line.json(response))

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Ask to stop a request; one that has ended stays as it is."""
        try:
            await self._line.ask("PUT", f"/{ticket}/cancel", unknown=ticket, headers=_auth(key))
        except RefusedError as refused:
            if "ALREADY_COMPLETED" not in refused.reason:
                raise

    async def upload(
        self, content: bytes, media_type: str, name: str, key: ProviderKey
    ) -> Uploaded:
        """Give fal a file; it lies at a public address nobody can guess."""
        path = f"{self._rest}/storage/upload/initiate"
        wish = {"content_type": media_type, "file_name": name}
        params = {"storage_type": "fal-cdn-v3"}  # what is older is switched off
        answer = await self._line.ask("POST", path, params=params, json=wish, headers=_auth(key))
        opened = self._line.json(answer)
        where = self._line.text(opened, "upload_url")
        await self._line.ask("PUT", where, content=content, headers={"content-type": media_type})
        return Uploaded(self._line.text(opened, "file_url"), kept_until(hours=20))

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Verify as https://docs.fal.ai/model-apis/model-endpoints/webhooks says: Ed25519."""
        names = ("request-id", "user-id", "timestamp", "signature")
        number, user, stamp, signature = (
            call.headers.get(f"x-fal-webhook-{each}", "") for each in names
        )
        if not number or not signature:
            raise ForgedWebhookError(self.name, "it is not signed")
        check_stamp(self.name, stamp, call.received_at)
        lines = (number, user, stamp, hashlib.sha256(call.body).hexdigest())
        signed = "\n".join(lines).encode()
        if not any(_fits(signer, signature, signed) for signer in await self._signing()):
            self._signers_until = 0.0  # they may have been changed: read anew for the next one
            raise ForgedWebhookError(self.name, "its signature does not fit")
        note = hint_note(self.name, call.body, ("request_id",))
        app = "/".join(str(call.payload["model"]).split("/")[:2])
        return replace(note, ticket=f"{app}/{_ID}/{note.ticket}")

    async def check_key(self, key: ProviderKey) -> None:
        """Ask about a request that is not there, which costs nothing. Raises ProviderError."""
        nobody = "fal-ai/flux/requests/00000000-0000-0000-0000-000000000000"
        try:
            await self._line.read(f"/{nobody}/status", unknown=nobody, headers=_auth(key))
        except (TicketUnknownError, ModelGoneError):
            return

    async def told_prices(self, models: Sequence[str], key: ProviderKey) -> Mapping[str, ToldPrice]:
        """Read unit prices; see https://fal.ai/docs/platform-apis/v1/models/pricing."""
        found = {}
        for start in range(0, len(models), _PRICED_AT_ONCE):
            asked = {"endpoint_id": ",".join(models[start : start + _PRICED_AT_ONCE])}
            path = f"{self._platform}/v1/models/pricing"
            told = await self._line.read(path, params=asked, headers=_auth(key))
            for each in _listed(told, "prices"):
                price, name = money_of(inner(each, "unit_price")), inner(each, "endpoint_id")
                if price is not None and inner(each, "currency") == "USD" and isinstance(name, str):
                    found[name] = ToldPrice(shown(inner(each, "unit") or ""), price)
        return found

    async def _signing(self) -> list[Ed25519PublicKey]:
        now = asyncio.get_running_loop().time()
        if now > self._signers_until:
            told = await self._line.read(f"{self._rest}/.well-known/jwks.json")
            keys = inner(told, "keys")
            texts = [inner(each, "x") for each in keys] if isinstance(keys, list) else []
            self._signers = [_signer(each) for each in texts if isinstance(each, str)]
            self._signers_until = now + _KEYS_LAST_S
        return self._signers

    def _made(self, told: Mapping[str, Any]) -> Standing:
        nsfw = inner(told, "has_nsfw_concepts")
        if isinstance(nsfw, list) and any(each is True for each in nsfw):
            return Ended(ModeratedError(self.name, "it says: NSFW concepts"), cost=None)
        single = (told.get(each) for each in ("image", "video", "audio", "audio_file"))
        places = [*_listed(told, "images"), *single]
        urls = (inner(each, "url") for each in places)
        return Made(tuple(each for each in urls if isinstance(each, str)))

    def _failed(self, reason: str) -> Ended:
        known = ModeratedError if says_any(reason, _MODERATION) else RefusedError
        free = not says_any(reason, _MODERATION)  # published: errors of theirs are never charged
        return Ended(known(self.name, reason), Money() if free else None)

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        said = "" if response.is_success else _said(response)
        if says_any(said, _CREDIT):
            return no_credit(self.name, said)
        return usual_refusal(self.name, response, said, _MODERATION)


def _own_words(told: Any) -> str | None:
    """Read an error in either of its shapes."""
    words = inner(told, "detail", 0, "msg") or inner(told, "detail")
    return words if isinstance(words, str) else None


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Key {key.secret}"}


def _listed(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else []


def _signer(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "=="))


def _fits(signer: Ed25519PublicKey, signature: str, signed: bytes) -> bool:
    try:
        signer.verify(bytes.fromhex(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _said(response: httpx2.Response) -> str:
    """Read either of the two shapes in which it words errors."""
    try:
        told = response.json()
    except ValueError:
        return shown(response.text)
    first = inner(told, "detail", 0)
    if first is not None:
        return f"{inner(first, 'type') or ''} {shown(inner(first, 'msg') or '')}".strip()
    named = response.headers.get("x-fal-error-type")
    kind = inner(told, "error_type") or named or inner(told, "status") or ""
    return f"{kind} {shown(inner(told, 'detail') or response.text)}".strip()
