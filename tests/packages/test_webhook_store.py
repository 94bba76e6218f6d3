"""Messages to customers' webhooks, on both databases: claimed by one, kept until they are taken."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from callsheet.accounts.provider_keys import AuditStore
from callsheet.accounts.sealing import Sealer
from callsheet.database.connections import SqlDatabase
from callsheet.delivery.customer_webhooks import CustomerWebhooks
from callsheet.delivery.outbox import Outbox
from callsheet.delivery.webhook_store import CustomerWebhookStore, DeliveryStore
from callsheet.delivery.webhooks import (
    Attempt,
    Delivery,
    DeliveryNotFoundError,
    DeliveryStatus,
    Event,
    Webhook,
    wait_s,
)
from callsheet.jobs.model import JobStatus
from callsheet.kernel.ids import WorkspaceId, new_id
from callsheet.net.fetcher import PublicFetcher
from tests.support.rooms import NOW, WORKSPACE, a_job, opened

WEBHOOKS, DELIVERIES = CustomerWebhookStore(), DeliveryStore()
OUTBOX = Outbox(WEBHOOKS, DELIVERIES, "https://studio.test", lambda: NOW)
NOW_S = NOW.timestamp()


def a_webhook(url: str = "https://customer.test/hook") -> Webhook:
    """Word a webhook for every end of every job."""
    return Webhook(new_id("wh"), WORKSPACE, None, url, tuple(Event), b"sealed", NOW)


async def told(database: SqlDatabase, webhook: Webhook, jobs: int) -> None:
    """Let so many jobs end of which a webhook is told."""
    async with database.begin() as connection:
        await WEBHOOKS.add(connection, webhook)
        ended = [a_job(status=JobStatus.SUCCEEDED) for _ in range(jobs)]
        await OUTBOX.ended(connection, ended)


async def claim(database: SqlDatabase, at: float = NOW_S, by: str = "one") -> list[Delivery]:
    """Take what is due."""
    async with database.begin() as connection:
        return await DELIVERIES.claim(connection, at, until=at + 60, by=by, busy=(), limit=16)


async def written(database: SqlDatabase, delivery: Delivery, error: str = "") -> None:
    """Write down what came of an attempt."""
    async with database.begin() as connection:
        attempt = Attempt(delivery.id, delivery.attempts, NOW, 200, error, 12)
        await DELIVERIES.sent(connection, delivery, attempt)


async def test_one_process_has_a_message_at_a_time(database_url: str) -> None:
    """Of ten that ask at once one gets it; when its claim runs out, it is there again."""
    async with opened(database_url) as database:
        await told(database, a_webhook(), 1)
        found = await asyncio.gather(*(claim(database, by=str(who)) for who in range(10)))
        [first] = [each for claimed in found for each in claimed]
        assert first.attempts == 1
        assert await claim(database, NOW_S + 59) == []
        [again] = await claim(database, NOW_S + 61)
        assert (again.message, again.attempts) == (first.message, 2)
        taken = replace(first, status=DeliveryStatus.DELIVERED, due_at=None)
        await written(database, taken)  # whoever had it first is too late: another has it now
        async with database.begin() as connection:
            assert await DELIVERIES.any_due(connection, NOW_S + 200)


async def test_each_webhook_gets_one_at_a_time_in_order(database_url: str) -> None:
    """Of many messages to one webhook the oldest goes first, and others are not behind it."""
    async with opened(database_url) as database:
        one, other = a_webhook(), a_webhook("https://other.test/")
        await told(database, one, 3)
        await told(database, other, 1)
        claimed = await claim(database)
        assert {each.webhook for each in claimed} == {one.id, other.id}
        async with database.begin() as connection:
            await DELIVERIES.free(connection, "one", NOW_S)
        again = await claim(database)
        assert {each.id for each in again} == {each.id for each in claimed}
        for each in again:
            ended = replace(each, status=DeliveryStatus.DELIVERED, due_at=None, ended_at=NOW)
            await written(database, ended)
        following = await claim(database, NOW_S + 1)
        assert not {each.id for each in following} & {each.id for each in claimed}


async def test_the_log_and_sending_again(database_url: str) -> None:
    """What was taken is listed with its attempts, and is sent again under its id when asked."""
    async with opened(database_url) as database:
        webhook = a_webhook()
        await told(database, webhook, 1)
        [sent] = await claim(database)
        ended = replace(sent, status=DeliveryStatus.FAILED, due_at=None, ended_at=NOW, error="x")
        await written(database, ended, "it answered 500")
        async with database.begin() as connection:
            [kept] = await DELIVERIES.listed(connection, WORKSPACE, 10)
            assert (kept.status, kept.error) == (DeliveryStatus.FAILED, "x")
            assert len(await DELIVERIES.attempts(connection, [kept.id])) == 1
            assert await DELIVERIES.listed(connection, WorkspaceId("other"), 10) == []
            with pytest.raises(DeliveryNotFoundError):
                await DELIVERIES.again(connection, WorkspaceId("other"), kept.id, NOW_S, NOW_S)
            await DELIVERIES.again(connection, WORKSPACE, kept.id, NOW_S, NOW_S + 60)
        [again] = await claim(database)
        assert (again.message, again.attempts) == (sent.message, 2)
        async with database.begin() as connection:
            await WEBHOOKS.remove(connection, WORKSPACE, webhook.id)
        await written(database, again)  # nobody is there to write it for
        async with database.begin() as connection:
            assert await DELIVERIES.listed(connection, WORKSPACE, 10) == []


async def test_old_messages_are_forgotten(database_url: str) -> None:
    """What ended is kept for a time; what is still to be sent is kept."""
    async with opened(database_url) as database:
        await told(database, a_webhook(), 2)
        [sent] = await claim(database)
        await written(
            database, replace(sent, status=DeliveryStatus.DELIVERED, due_at=None, ended_at=NOW)
        )
        async with database.begin() as connection:
            await DELIVERIES.forget(connection, NOW + timedelta(days=1))
            [kept] = await DELIVERIES.listed(connection, WORKSPACE, 10)
        assert kept.status is DeliveryStatus.PENDING


async def test_secrets_are_sealed_anew(sqlite_url: str) -> None:
    """After the master key was changed each opens under the new one alone, as it was."""
    before, after = bytes(32), b"n" * 32
    url = "https://example.com/hook"

    def verbs(database: SqlDatabase, sealer: Sealer) -> CustomerWebhooks:
        fetcher = PublicFetcher()
        return CustomerWebhooks(
            database, WEBHOOKS, DELIVERIES, AuditStore(), sealer, fetcher, lambda: NOW
        )

    async with opened(sqlite_url) as database:
        old = verbs(database, Sealer(before))
        webhook, secret = await old.add(WORKSPACE, url, by="anna")
        new = verbs(database, Sealer(after, before))
        assert await new.reseal(by="anna") == [webhook.place]
        assert await new.reseal(by="anna") == []
        [kept] = await new.listed(WORKSPACE)
        assert Sealer(after).open(kept.sealed, kept.place) == secret


def test_waits_add_up_to_a_day() -> None:
    """Attempts come soon at first and rarely later, and there are some of them in a day."""
    waits = [wait_s(attempts, 0.5) for attempts in range(1, 30)]
    assert waits == sorted(waits)
    within = next(count for count in range(30) if sum(waits[:count]) > 24 * 3600)
    assert 10 <= within <= 20
