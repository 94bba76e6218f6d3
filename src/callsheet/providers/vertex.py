"""Veo on Vertex AI: long-running operations; see https://cloud.google.com/vertex-ai.

There is no idempotency key, no list and no webhook; a person decides about an order whose answer
was lost. A key is a service account's JSON, or a project's name, a colon and an access token.
"""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from callsheet.google.sign_in import TOKEN_S, TOKEN_URL, ServiceAccount
from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    HostedOrder,
    KeyRefusedError,
    Made,
    ModeratedError,
    Pace,
    Pending,
    ReferencesBy,
    Standing,
    Submitted,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import MAX_INLINE_ANSWER, Exchange
from callsheet.providers.google_answers import googles_refusal, googles_words, is_overload
from callsheet.providers.reading import inner
from callsheet.providers.refusals import key_refused, says_any

_LOCATION: Final = "us-central1"
_EARLY_S: Final = 300.0
_MODERATION: Final = ("safety", "responsible ai", "policy", "prohibited", "violate")


class Vertex(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"model": its id, "body": the JSON of predictLongRunning}. References stand in the
    body as data URLs in `bytesBase64Encoded`. A ticket is the operation's name.
    """

    name = "vertex"
    base_url = f"https://{_LOCATION}-aiplatform.googleapis.com"
    key_setting = "VERTEX_API_KEY"
    references = ReferencesBy.INLINE
    SETTLES_S = 90.0

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
        self._tokens: dict[str, tuple[str, float]] = {}  # by the key's print: token, and until when

    async def submit(self, order: HostedOrder) -> Submitted:
        """Begin an operation. Raises ProviderError."""
        project, headers = await self._signed_in(order.key)
        response = await self._line.create(
            "POST",
            f"/v1beta1/{_place(project, order.payload['model'])}:predictLongRunning",
            send_by=order.send_by,
            json=bare(order.payload["body"]),
            headers=headers,
        )
        ticket = self._line.accepted(response, lambda told: self._line.text(told, "name"))
        return Submitted(ticket, Pending())

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Ask for an operation; the clip comes with the answer."""
        _, headers = await self._signed_in(key)
        model = ticket.partition("/operations/")[0]
        response = await self._line.ask(
            "POST",
            f"/v1beta1/{model}:fetchPredictOperation",
            unknown=ticket,
            json={"operationName": ticket},
            headers=headers,
        )
        return self._standing(self._line.json(response))

    async def check_key(self, key: ProviderKey) -> None:
        """Ask for an operation that is not there, which costs nothing. Raises ProviderError."""
        project, _ = await self._signed_in(key)
        nobody = f"{_place(project, 'veo-3.1-generate-001')}/operations/0"
        try:
            await self.poll(nobody, key)
        except ProviderError as error:
            if isinstance(error, KeyRefusedError | BusyError):
                raise

    def _standing(self, told: Mapping[str, Any]) -> Standing:
        if inner(told, "done") is not True:
            return Pending()
        failed = inner(told, "error", "message")
        if failed:
            known = ModeratedError if says_any(str(failed), _MODERATION) else RefusedError
            return Ended(known(self.name, shown(failed)), cost=Money())
        videos = inner(told, "response", "videos")
        if not isinstance(videos, list) or not videos:
            reasons = inner(told, "response", "raiMediaFilteredReasons")
            if inner(told, "response", "raiMediaFilteredCount") or reasons:
                said = shown(reasons or "no reason given")
                return Ended(ModeratedError(self.name, f"it was filtered: {said}"), cost=Money())
            return Ended(RefusedError(self.name, "it is done without a clip"), cost=None)
        data = inner(videos, 0, "bytesBase64Encoded")
        try:
            content = base64.b64decode(str(data or ""), validate=True)
        except binascii.Error as error:
            raise BusyError(self.name, "a clip that is not base64") from error
        kind = str(inner(videos, 0, "mimeType") or "video/mp4")
        return Made((), None, (Delivered(content, kind),))

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        return googles_refusal(self.name, response, _MODERATION)

    async def _signed_in(self, key: ProviderKey) -> tuple[str, dict[str, str]]:
        """Find the project and the headers that a key opens."""
        if not key.secret.lstrip().startswith("{"):
            project, _, token = key.secret.partition(":")
            return project, {"Authorization": f"Bearer {token}"}
        known = self._tokens.get(key.print)
        try:
            account = ServiceAccount.read(key.secret)
            if known is None or known[1] < asyncio.get_running_loop().time():
                known = await self._token(account.grant(TOKEN_URL))
                self._tokens[key.print] = known
        except ValueError as error:
            raise key_refused(self.name, str(error)) from error
        if not account.project:
            raise key_refused(self.name, "it lacks project_id")
        return account.project, {"Authorization": f"Bearer {known[0]}"}

    async def _token(self, form: Mapping[str, str]) -> tuple[str, float]:
        """Trade a signed assertion for a token; only Google sees it, whatever a key file names."""
        own = self._http.base_url.host != httpx2.URL(self.base_url).host
        url = str(self._http.base_url.join("/token")) if own else TOKEN_URL
        told = self._line.json(await self._line.ask("POST", url, data=form))
        until = asyncio.get_running_loop().time() + TOKEN_S - _EARLY_S
        return self._line.text(told, "access_token"), until


def bare(value: Any) -> Any:
    """Write data URLs in `bytesBase64Encoded` as Google wants them: the base64 alone."""
    match value:
        case {"bytesBase64Encoded": str(data), **rest} if data.startswith("data:"):
            return {**rest, "bytesBase64Encoded": data.partition(";base64,")[2]}
        case Mapping():
            return {name: bare(inside) for name, inside in value.items()}
        case list() | tuple():
            return [bare(inside) for inside in value]
        case _:
            return value


def _place(project: str, model: str) -> str:
    return f"projects/{project}/locations/{_LOCATION}/publishers/google/models/{model}"
