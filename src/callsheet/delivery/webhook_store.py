"""Rows of customers' webhooks, of messages to them, and of attempts to send these."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.delivery.webhooks import (
    Attempt,
    Delivery,
    DeliveryNotFoundError,
    DeliveryStatus,
    Event,
    Webhook,
    WebhookNotFoundError,
)
from callsheet.jobs.model import FINISHED
from callsheet.jobs.tables import JOBS
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of

_PENDING: Final = sa.text("status = 'pending'")
WEBHOOKS: Final = sa.Table(
    "customer_webhooks",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False, index=True),
    sa.Column("job", sa.Text),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("disabled", sa.Text, nullable=False),
)
DELIVERIES: Final = sa.Table(
    "webhook_deliveries",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("webhook", sa.ForeignKey(WEBHOOKS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", sa.Float),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("answered", sa.Integer),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("claimed_by", sa.Text),
    sa.Index(
        "ix_webhook_deliveries_due",
        "due_at",
        postgresql_where=_PENDING,
        sqlite_where=_PENDING,
    ),
    sa.Index(None, "workspace", "created_at"),
    sa.Index(None, "webhook"),
)
ATTEMPTS: Final = sa.Table(
    "webhook_attempts",
    METADATA,
    sa.Column("delivery", sa.ForeignKey(DELIVERIES.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("answered", sa.Integer),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("took_ms", sa.Integer, nullable=False),
)


class CustomerWebhookStore:
    """Reads and writes webhooks; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, webhook: Webhook) -> None:
        """Write a new webhook."""
        row = {each.name: getattr(webhook, each.name) for each in fields(Webhook)}
        await connection.execute(
            sa.insert(WEBHOOKS), row | {"events": [str(each) for each in webhook.events]}
        )

    async def listed(self, connection: AsyncConnection, workspace: WorkspaceId) -> list[Webhook]:
        """List the webhooks of a workspace that are for every job, oldest first."""
        query = sa.select(WEBHOOKS).where(
            WEBHOOKS.c.workspace == workspace, WEBHOOKS.c.job.is_(None)
        )
        rows = (await connection.execute(query.order_by(WEBHOOKS.c.id))).mappings()
        return [_webhook(row) for row in rows]

    async def for_jobs(
        self,
        connection: AsyncConnection,
        workspaces: Collection[WorkspaceId],
        jobs: Collection[JobId],
    ) -> list[Webhook]:
        """Read what some jobs of some workspaces are to be told to."""
        query = sa.select(WEBHOOKS).where(
            one_of(WEBHOOKS.c.workspace, workspaces),
            sa.or_(WEBHOOKS.c.job.is_(None), one_of(WEBHOOKS.c.job, jobs)),
            WEBHOOKS.c.disabled == "",
        )
        rows = (await connection.execute(query.order_by(WEBHOOKS.c.id))).mappings()
        return [_webhook(row) for row in rows]

    async def some(self, connection: AsyncConnection, names: Collection[str]) -> dict[str, Webhook]:
        """Read some webhooks of any workspace, by id."""
        query = sa.select(WEBHOOKS).where(one_of(WEBHOOKS.c.id, names))
        return {row["id"]: _webhook(row) for row in (await connection.execute(query)).mappings()}

    async def all(self, connection: AsyncConnection) -> list[Webhook]:
        """List every webhook there is."""
        rows = await connection.execute(sa.select(WEBHOOKS).order_by(WEBHOOKS.c.id))
        return [_webhook(row) for row in rows.mappings()]

    async def reseal(self, connection: AsyncConnection, webhook: Webhook, sealed: bytes) -> None:
        """Write a secret's new seal."""
        here = sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook.id)
        await connection.execute(here.values(sealed=sealed))

    async def disable(self, connection: AsyncConnection, webhook: str, reason: str) -> None:
        """Send nothing more to a webhook."""
        here = sa.update(WEBHOOKS).where(WEBHOOKS.c.id == webhook)
        await connection.execute(here.values(disabled=reason))

    async def remove(
        self, connection: AsyncConnection, workspace: WorkspaceId, webhook: str
    ) -> Webhook:
        """Delete a webhook and its log; what it is. Raises WebhookNotFoundError."""
        gone = sa.delete(WEBHOOKS).where(
            WEBHOOKS.c.workspace == workspace, WEBHOOKS.c.id == webhook
        )
        row = (await connection.execute(gone.returning(WEBHOOKS))).mappings().first()
        if row is None:
            raise WebhookNotFoundError(webhook)
        return _webhook(row)


class DeliveryStore:
    """Reads and writes messages on their way; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> None:
        """Write messages that are to be sent."""
        names = [each.name for each in fields(Delivery)]
        rows = [{name: getattr(each, name) for name in names} for each in deliveries]
        if rows:
            await connection.execute(sa.insert(DELIVERIES), rows)

    async def any_due(self, connection: AsyncConnection, now: float) -> bool:
        """Tell whether something is to be sent now."""
        query = sa.select(DELIVERIES.c.id).where(_PENDING, DELIVERIES.c.due_at <= now).limit(1)
        return (await connection.execute(query)).first() is not None

    async def claim(
        self,
        connection: AsyncConnection,
        now: float,
        *,
        until: float,
        by: str,
        busy: Collection[str],
        limit: int,
    ) -> list[Delivery]:
        """Take what is due, one message for each webhook that is not `busy`.

        Nobody else takes it before `until`: then whoever took it is dead, and it is sent again.
        """
        due = (
            sa.select(sa.func.min(DELIVERIES.c.id))
            .where(_PENDING, DELIVERIES.c.due_at <= now, DELIVERIES.c.webhook.not_in(list(busy)))
            .group_by(DELIVERIES.c.webhook)
            .limit(limit)
        )
        locked = (
            sa.select(DELIVERIES.c.id)
            .where(DELIVERIES.c.id.in_(due), DELIVERIES.c.due_at <= now)
            .with_for_update(skip_locked=True)
        )
        claim = sa.update(DELIVERIES).where(DELIVERIES.c.id.in_(locked), _PENDING)
        values = {
            "due_at": until,
            "claimed_by": by,
            "attempts": DELIVERIES.c.attempts + 1,
        }
        rows = await connection.execute(claim.values(values).returning(DELIVERIES))
        return [_delivery(row) for row in rows.mappings()]

    async def free(self, connection: AsyncConnection, by: str, now: float) -> None:
        """Let what an earlier process of this name had taken be due: it is gone."""
        mine = sa.update(DELIVERIES).where(_PENDING, DELIVERIES.c.claimed_by == by)
        await connection.execute(mine.values(due_at=now, claimed_by=None))

    async def sent(self, connection: AsyncConnection, delivery: Delivery, attempt: Attempt) -> None:
        """Write down what came of an attempt, and where the message stands then."""
        here = sa.update(DELIVERIES).where(DELIVERIES.c.id == delivery.id, _PENDING)
        changed = here.where(DELIVERIES.c.attempts == delivery.attempts)
        values = {
            "status": delivery.status,
            "due_at": delivery.due_at,
            "answered": delivery.answered,
            "error": delivery.error,
            "ended_at": delivery.ended_at,
            "claimed_by": None,
        }
        row = (await connection.execute(changed.values(values).returning(DELIVERIES.c.id))).first()
        if row is None:
            return  # it is removed, or another process has taken it over
        told = {each.name: getattr(attempt, each.name) for each in fields(Attempt)}
        await connection.execute(sa.insert(ATTEMPTS), told)

    async def end_all_of(
        self, connection: AsyncConnection, webhook: str, reason: str, now: datetime
    ) -> None:
        """Give up every message to a webhook that is not there any more."""
        here = sa.update(DELIVERIES).where(DELIVERIES.c.webhook == webhook, _PENDING)
        await connection.execute(
            here.values(
                status=DeliveryStatus.FAILED,
                due_at=None,
                error=reason,
                ended_at=now,
                claimed_by=None,
            )
        )

    async def listed(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        limit: int,
        *,
        before: str | None = None,
        webhook: str | None = None,
        status: DeliveryStatus | None = None,
    ) -> list[Delivery]:
        """List messages of a workspace, newest first; `before` is the id after which to go on."""
        query = sa.select(DELIVERIES).where(DELIVERIES.c.workspace == workspace)
        query = query.where(DELIVERIES.c.id < before) if before else query
        query = query.where(DELIVERIES.c.webhook == webhook) if webhook else query
        query = query.where(DELIVERIES.c.status == status) if status else query
        rows = await connection.execute(query.order_by(DELIVERIES.c.id.desc()).limit(limit))
        return [_delivery(row) for row in rows.mappings()]

    async def again(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        delivery: str,
        now: float,
        until: float,
    ) -> Delivery:
        """Send a message again, under the id that it had. Raises DeliveryNotFoundError."""
        here = sa.update(DELIVERIES).where(
            DELIVERIES.c.workspace == workspace, DELIVERIES.c.id == delivery
        )
        values = {
            "status": DeliveryStatus.PENDING,
            "due_at": now,
            "until": until,
            "ended_at": None,
            "claimed_by": None,
        }
        row = (
            (await connection.execute(here.values(values).returning(DELIVERIES))).mappings().first()
        )
        if row is None:
            raise DeliveryNotFoundError(delivery)
        return _delivery(row)

    async def attempts(
        self, connection: AsyncConnection, deliveries: Collection[str]
    ) -> list[Attempt]:
        """Read every attempt to send some messages, in order."""
        query = sa.select(ATTEMPTS).where(one_of(ATTEMPTS.c.delivery, deliveries))
        rows = await connection.execute(query.order_by(ATTEMPTS.c.delivery, ATTEMPTS.c.number))
        return [Attempt(**row) for row in rows.mappings()]

    async def forget(self, connection: AsyncConnection, before: datetime) -> None:
        """Delete what ended before a time, and webhooks of single jobs that have nothing left."""
        old = sa.delete(DELIVERIES).where(DELIVERIES.c.ended_at < before)
        await connection.execute(old)
        over = sa.select(JOBS.c.id).where(JOBS.c.status.in_(FINISHED), JOBS.c.finished_at < before)
        used = sa.select(DELIVERIES.c.webhook)
        idle = sa.delete(WEBHOOKS).where(WEBHOOKS.c.job.in_(over), WEBHOOKS.c.id.not_in(used))
        await connection.execute(idle)


def _webhook(row: Row) -> Webhook:
    known: dict[str, Any] = {each.name: row[each.name] for each in fields(Webhook)}
    return Webhook(**known | {"events": tuple(Event(name) for name in row["events"])})


def _delivery(row: Row) -> Delivery:
    known: dict[str, Any] = {each.name: row[each.name] for each in fields(Delivery)}
    told = {"event": Event(row["event"]), "status": DeliveryStatus(row["status"])}
    return Delivery(**known | told)
