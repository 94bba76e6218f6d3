"""Runway: tasks over HTTP; see https://docs.dev.runwayml.com.

There is no idempotency key, no list of tasks and no webhook. What a task may cost at most is told
when it is accepted, what it did cost when it has ended.
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    Ended,
    HostedOrder,
    Made,
    ModelGoneError,
    ModeratedError,
    Pace,
    Pending,
    ReferencesBy,
    Standing,
    Submitted,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import inner, money_of
from callsheet.providers.refusals import no_credit, says_any, usual_refusal

VERSION: Final = "2024-11-06"  # the date by which the API's wire is named
_USD_PER_CREDIT: Final = 0.01
_OVER, _WHOLE = 101, 100  # what is asked may be a hundredth over what was quoted
_GONE: Final = ("not available", "no longer", "deprecated", "unknown model", "not a valid model")
_CREDIT: Final = ("enough credits", "insufficient credits", "out of credits")


class Runway(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"path": "image_to_video" or the like, "body": the JSON of the call}.
    """

    name = "runway"
    base_url = "https://api.dev.runwayml.com"
    key_setting = "RUNWAYML_API_SECRET"
    references = ReferencesBy.INLINE  # data URLs of up to 5 MB
    SETTLES_S = 60.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(self.name, http, settles_s, self._refusal, own_words=_own_words)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Create a task. Raises ProviderError."""
        response = await self._line.create(
            "POST",
            f"/v1/{order.payload['path']}",
            send_by=order.send_by,
            json=order.payload["body"],
            headers=_headers(order.key),
        )
        ticket, most = self._line.accepted(
            response, lambda told: (self._line.text(told, "id"), _credits(told, "estimatedCost"))
        )
        if order.price is None or most is None or most * _WHOLE <= order.price * _OVER:
            return Submitted(ticket, Pending())
        return Submitted(ticket, await self._given_up(ticket, most, order))

    async def _given_up(self, ticket: str, most: Money, order: HostedOrder) -> Standing:
        """Stop a task that may cost more than was set aside for it.

        Whatever goes wrong here, it was accepted, and is looked at again.
        """
        try:
            await self.cancel(ticket, order.key)
            standing = await self.poll(ticket, order.key)
        except ProviderError:
            return Pending()
        if not isinstance(standing, Ended):
            return standing
        said = f"it would charge up to ${most}, and ${order.price} was quoted; it was stopped"
        return Ended(RefusedError(self.name, f"{said}, and its card needs a look"), standing.cost)

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read a task."""
        path = f"/v1/tasks/{ticket}"
        return self._standing(await self._line.read(path, unknown=ticket, headers=_headers(key)))

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Stop a task that runs. One that has ended would be deleted, so it is looked at first."""
        if isinstance(await self.poll(ticket, key), Pending):
            path = f"/v1/tasks/{ticket}"
            await self._line.ask("DELETE", path, unknown=ticket, headers=_headers(key))

    async def check_key(self, key: ProviderKey) -> None:
        """Read our organization, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/organization", headers=_headers(key))

    def _standing(self, task: Mapping[str, Any]) -> Standing:
        """Read a task; THROTTLED is in the queue, and so is a word that nobody knows yet."""
        cost = _cost(task)
        match self._line.text(task, "status"):
            case "SUCCEEDED":
                output = inner(task, "output")
                urls = output if isinstance(output, list) else []
                return Made(tuple(each for each in urls if isinstance(each, str)), cost)
            case "FAILED":
                code = str(inner(task, "failureCode") or "")
                reason = f"{code} {shown(inner(task, 'failure') or 'no reason given')}".strip()
                known = ModeratedError if code.startswith("SAFETY") else RefusedError
                return Ended(known(self.name, reason), cost)
            case "CANCELLED":
                return Ended(RefusedError(self.name, "it was stopped"), cost, cancelled=True)
            case _:
                return Pending()

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        if response.is_success:
            return None
        said = _said(response)
        if says_any(said, _CREDIT):
            return no_credit(self.name, said)
        if says_any(said, _GONE):
            return ModelGoneError(self.name, f"it offers this model no more ({said})")
        return usual_refusal(self.name, response, said, ("moderation", "safety"))


def _own_words(told: Any) -> str | None:
    words = inner(told, "error")
    return words if isinstance(words, str) else None


def _headers(key: ProviderKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}", "X-Runway-Version": VERSION}


def _cost(task: Mapping[str, Any]) -> Money | None:
    return _credits(task, "cost")


def _credits(told: Mapping[str, Any], name: str) -> Money | None:
    used = inner(told, name, "credits")
    is_number = isinstance(used, int | float)
    return money_of(round(used * _USD_PER_CREDIT, 6)) if is_number else None


def _said(response: httpx2.Response) -> str:
    try:
        return shown(inner(response.json(), "error") or "no reason given")
    except ValueError:
        return shown(response.text)
