"""The simulated provider's webhooks: signed, repeated while nobody takes them, and faulty.

The body is the order as the API tells it. Only the webhook of an ended order is sent
again, after no answer or 4xx or 5xx, ever more slowly and for the last time about a minute later;
redirects are not followed. Retries that wait when the process ends are lost.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import httpx2

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.orders import Dialect, Order
from callsheet.sim.core.timers import Timers

EVENTS = ("start", "output", "logs", "completed")
MOST_RETRIES = 6  # after 1, 2, 4, 8, 16 and 32 times the first pause: a minute in all
_SENDERS = 16
_PATIENCE_S = 5.0
_OLD_S = 3_600.0
_DISORDER_S = 0.2
_FAILED_FROM = 400


@dataclass(frozen=True, slots=True)
class _Letter:
    dialect: Dialect
    url: str
    message_id: str
    body: bytes
    last: bool  # its order has ended: it is sent again until somebody takes it
    age_s: float = 0.0  # how old its timestamp pretends to be
    forged: bool = False
    tries: int = 0


class Webhooks:
    """Sends what happens to orders to whoever asked for it."""

    def __init__(
        self, conditions: Conditions, timers: Timers, secret: bytes, http: httpx2.AsyncClient
    ) -> None:
        self._conditions, self._timers = conditions, timers
        self._secret, self._http = secret, http
        self._letters: asyncio.Queue[_Letter] = asyncio.Queue()
        self.sent: Counter[str] = Counter()

    def tell(self, event: str, order: Order) -> None:
        """Send an event, with what its order asked to go wrong."""
        asked, dialect = order.asked, order.asked.dialect
        kinds = frozenset(asked.faults.get("webhook", "").split("+"))
        if asked.webhook is None or event not in asked.events or "lost" in kinds:
            return
        body = dialect.letter(event, order)
        if body is None:
            return
        last = event == "completed"
        letter = _Letter(dialect, asked.webhook, _message_id(), body, last)
        delay = float(asked.faults.get("webhook_late") or 0)
        if "disordered" in kinds and not last:
            delay += _DISORDER_S  # so that the end is told before what led to it
        for extra in _strange_letters(kinds, letter, order):
            self._send(extra, delay)
        self._send(letter, delay)
        if "duplicate" in kinds:
            self._send(letter, delay)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(_SENDERS):
                senders.create_task(self._keep_sending())

    def clear(self) -> None:
        """Forget what waits to be sent."""
        while not self._letters.empty():
            self._letters.get_nowait()
        self.sent.clear()

    def _send(self, letter: _Letter, delay: float) -> None:
        if delay:
            due = self._conditions.wall() + delay
            self._timers.at(due, partial(self._letters.put_nowait, letter))
        else:
            self._letters.put_nowait(letter)

    async def _keep_sending(self) -> None:
        while True:
            letter = await self._letters.get()
            taken = await self._deliver(letter)
            self.sent["taken" if taken else "refused"] += 1
            if not taken and letter.last and letter.tries < MOST_RETRIES:
                pause = self._conditions.webhook_retry_s * 2**letter.tries
                self._send(replace(letter, tries=letter.tries + 1), pause)

    async def _deliver(self, letter: _Letter) -> bool:
        try:
            answer = await self._http.post(
                letter.url,
                content=letter.body,
                headers=self._headers(letter),
                timeout=_PATIENCE_S,
                follow_redirects=False,
            )
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return False
        return answer.status_code < _FAILED_FROM

    def _headers(self, letter: _Letter) -> Mapping[str, str]:
        timestamp = str(int(self._conditions.now() - letter.age_s))
        secret = secrets.token_bytes(24) if letter.forged else self._secret
        signed = letter.dialect.letter_headers(secret, letter.message_id, timestamp, letter.body)
        return {"content-type": "application/json", **signed}


def _strange_letters(kinds: frozenset[str], letter: _Letter, order: Order) -> list[_Letter]:
    """Write the letters that nobody should believe, beside the true one."""
    strange: list[_Letter] = []
    if "forged" in kinds:
        body = letter.dialect.lie(order)
        strange.append(
            replace(letter, message_id=_message_id(), body=body, last=False, forged=True)
        )
    if "replayed" in kinds:
        strange.append(replace(letter, last=False, age_s=_OLD_S))
    if "stranger" in kinds:
        body = letter.body.replace(order.id.encode(), order.id[::-1].encode())
        strange.append(replace(letter, message_id=_message_id(), body=body, last=False))
    return strange


def _message_id() -> str:
    return f"msg_{secrets.token_urlsafe(18)}"
