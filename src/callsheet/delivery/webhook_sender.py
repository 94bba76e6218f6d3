"""Sending what the outbox holds: side by side, one message at a time to each webhook."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from callsheet.accounts.errors import SealBrokenError
from callsheet.accounts.sealing import Sealer
from callsheet.delivery.webhook_store import CustomerWebhookStore, DeliveryStore
from callsheet.delivery.webhooks import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Webhook,
    is_taken,
    signed_headers,
    wait_s,
    why_not,
)
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.ports.database import Database
from callsheet.ports.fetching import FetchError
from callsheet.ports.posting import Posted, Poster
from callsheet.telemetry.metrics import Metrics

_LOG = logging.getLogger("callsheet.webhooks")
_LOOK_S: Final = 1.0
_AWAY_S: Final = 2.0  # how soon to look again while the database is away
_AT_ONCE: Final = 16
_TIMEOUT_S: Final = 15.0
_CLAIM_S: Final = 60.0  # longer than any attempt; a process that dies is followed after this
_LONGEST_ASKED_S: Final = 3_600.0
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Sends messages; any number of processes may. `by` names this one."""

    database: Database
    webhooks: CustomerWebhookStore
    deliveries: DeliveryStore
    sealer: Sealer
    poster: Poster
    metrics: Metrics
    clock: Callable[[], datetime]
    timeout_s: float = _TIMEOUT_S
    _sending: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)

    async def run(self, by: str) -> None:
        """Keep at it until cancelled. What is being sent then is sent again by whoever is next."""
        freed = False
        try:
            while True:
                try:
                    if not freed:
                        await self._free(by)
                        freed = True
                    await self._turn(by)
                except UnavailableError as problem:
                    _LOG.warning("webhooks.wait", extra=event(reason=str(problem)))
                    await asyncio.sleep(_AWAY_S)
        finally:
            sending = [*self._sending.values()]
            self._sending.clear()
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def _free(self, by: str) -> None:
        """Take up what an earlier process of the same name had: it is gone."""
        async with self.database.begin(small=True) as connection:
            await self.deliveries.free(connection, by, self.clock().timestamp())

    async def _turn(self, by: str) -> None:
        """Begin to send what is due; wait for the first that is done, or a little."""
        for name, task in [*self._sending.items()]:
            if task.done():
                del self._sending[name]
                task.result()  # what nobody foresaw ends the loop, and is reported
        for delivery, webhook in await self._claimed(by):
            sending = self._send(delivery, webhook)
            self._sending[webhook.id] = asyncio.create_task(sending, name=f"webhook-{delivery.id}")
        waiting = [*self._sending.values()]
        if not waiting:
            await asyncio.sleep(_LOOK_S)
            return
        await asyncio.wait(waiting, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)

    async def _claimed(self, by: str) -> list[tuple[Delivery, Webhook]]:
        free = _AT_ONCE - len(self._sending)
        now = self.clock().timestamp()
        if free <= 0:
            return []
        async with self.database.read() as connection:
            if not await self.deliveries.any_due(connection, now):
                return []
        async with self.database.begin(small=True) as connection:
            claimed = await self.deliveries.claim(
                connection, now, until=now + _CLAIM_S, by=by, busy=self._sending.keys(), limit=free
            )
            known = await self.webhooks.some(connection, {each.webhook for each in claimed})
        return [(each, known[each.webhook]) for each in claimed if each.webhook in known]

    async def _send(self, delivery: Delivery, webhook: Webhook) -> None:
        """Send once and write down what came of it."""
        began, at = time.monotonic(), self.clock()
        posted, error = None, ""
        try:
            posted = await self._post(delivery, webhook, at)
            error = "" if is_taken(posted.status) else why_not(posted.status)
        except FetchError as failure:
            error = failure.reason
        except SealBrokenError as failure:
            error = str(failure)
        attempt = Attempt(
            delivery=delivery.id,
            number=delivery.attempts,
            at=at,
            answered=posted.status if posted else None,
            error=error,
            took_ms=int((time.monotonic() - began) * 1_000),
        )
        ended = self._after(delivery, posted, error)
        gone = posted is not None and posted.status == _GONE
        await self._write(ended, attempt, gone=gone)
        self.metrics.told.labels("taken" if not error else "failed").inc()
        told = {"delivery": delivery.id, "webhook": webhook.id, "job": delivery.job}
        if error:
            _LOG.warning("webhook.failed", extra=event(**told, reason=error))
        else:
            _LOG.info("webhook.taken", extra=event(**told, attempts=delivery.attempts))

    async def _post(self, delivery: Delivery, webhook: Webhook, at: datetime) -> Posted:
        body = delivery.body.encode()
        secret = self.sealer.open(webhook.sealed, webhook.place)
        headers: Mapping[str, str] = {
            "content-type": "application/json",
            **signed_headers(secret, delivery.message, body, at),
        }
        return await self.poster.post(webhook.url, body, headers, timeout_s=self.timeout_s)

    def _after(self, delivery: Delivery, posted: Posted | None, error: str) -> Delivery:
        """Say where a message stands after an attempt."""
        now = self.clock()
        answered = posted.status if posted else None
        seen = replace(delivery, answered=answered, error=error)
        if not error:
            return replace(seen, status=DeliveryStatus.DELIVERED, due_at=None, ended_at=now)
        asked = min((posted.retry_after_s if posted else None) or 0.0, _LONGEST_ASKED_S)
        jitter = random.random()  # noqa: S311  # spreads retries, guards nothing
        due_at = now.timestamp() + max(asked, wait_s(delivery.attempts, jitter))
        if answered == _GONE or due_at > delivery.until:
            return replace(seen, status=DeliveryStatus.FAILED, due_at=None, ended_at=now)
        return replace(seen, due_at=due_at)

    async def _write(self, delivery: Delivery, attempt: Attempt, *, gone: bool) -> None:
        """Write down what came of an attempt; while the database is away, try again."""
        while True:
            try:
                async with self.database.begin(small=True) as connection:
                    await self.deliveries.sent(connection, delivery, attempt)
                    if gone:
                        reason = "it answered 410: it is gone for good"
                        await self.webhooks.disable(connection, delivery.webhook, reason)
                        now = self.clock()
                        await self.deliveries.end_all_of(connection, delivery.webhook, reason, now)
            except UnavailableError as problem:
                _LOG.warning("webhooks.wait", extra=event(reason=str(problem)))
                await asyncio.sleep(_AWAY_S)
            else:
                return
