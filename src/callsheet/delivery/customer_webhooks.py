"""What people do with webhooks: add, list, remove, look at the log, send again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from callsheet.accounts.provider_keys import AuditStore, Deed
from callsheet.accounts.sealing import Sealer
from callsheet.delivery.webhook_store import CustomerWebhookStore, DeliveryStore
from callsheet.delivery.webhooks import (
    GIVE_UP_S,
    MOST_URL_CHARS,
    Attempt,
    Delivery,
    DeliveryStatus,
    InvalidWebhookError,
    Webhook,
    events_of,
    key_in,
    new_secret,
)
from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import WorkspaceId, new_id
from callsheet.ports.database import Database
from callsheet.ports.fetching import ForbiddenAddressError
from callsheet.ports.posting import Poster

_MOST: Final = 20  # of one workspace


class TooManyWebhooksError(ConflictError):
    """The workspace has as many webhooks as it may have."""

    code = "too_many_webhooks"

    def __init__(self) -> None:
        super().__init__(f"there are {_MOST} webhooks; remove one that is not needed any more")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and every attempt to send it."""

    delivery: Delivery
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class CustomerWebhooks:
    """Verbs on webhooks; each is one transaction. Each raises DatabaseUnavailableError."""

    database: Database
    webhooks: CustomerWebhookStore
    deliveries: DeliveryStore
    audit: AuditStore
    sealer: Sealer
    poster: Poster
    clock: Callable[[], datetime]

    def new(
        self,
        workspace: WorkspaceId,
        url: str,
        events: Sequence[str] = (),
        *,
        secret: str = "",
    ) -> tuple[Webhook, str]:
        """Word a webhook and its secret, which is shown this once; nothing is written.

        Raises InvalidWebhookError.
        """
        if not 0 < len(url) <= MOST_URL_CHARS:
            raise InvalidWebhookError(
                "url", f"write an address of at most {MOST_URL_CHARS} letters"
            )
        try:
            self.poster.judge(url)
        except ForbiddenAddressError as error:
            raise InvalidWebhookError("url", error.reason, url) from error
        secret = secret or new_secret()
        key_in(secret)
        bare = Webhook(
            id=new_id("wh"),
            workspace=workspace,
            job=None,
            url=url,
            events=events_of(events),
            sealed=b"",
            created_at=self.clock(),
        )
        return replace(bare, sealed=self.sealer.seal(secret, bare.place)), secret

    async def add(
        self,
        workspace: WorkspaceId,
        url: str,
        events: Sequence[str] = (),
        *,
        secret: str = "",
        by: str,
    ) -> tuple[Webhook, str]:
        """Tell an address of every job that ends; its secret is answered once.

        Raises InvalidWebhookError, TooManyWebhooksError.
        """
        webhook, secret = self.new(workspace, url, events, secret=secret)
        async with self.database.begin() as connection:
            if len(await self.webhooks.listed(connection, workspace)) >= _MOST:
                raise TooManyWebhooksError
            await self.webhooks.add(connection, webhook)
            await self.audit.note(connection, self._deed(webhook, "add", by))
        return webhook, secret

    async def listed(self, workspace: WorkspaceId) -> list[Webhook]:
        """List the webhooks that are told of every job, oldest first."""
        async with self.database.read() as connection:
            return await self.webhooks.listed(connection, workspace)

    async def remove(self, workspace: WorkspaceId, webhook: str, *, by: str) -> Webhook:
        """Tell a webhook nothing more; its log goes, too. Raises WebhookNotFoundError."""
        async with self.database.begin() as connection:
            gone = await self.webhooks.remove(connection, workspace, webhook)
            await self.audit.note(connection, self._deed(gone, "remove", by))
        return gone

    async def log(
        self,
        workspace: WorkspaceId,
        limit: int,
        *,
        before: str | None = None,
        webhook: str | None = None,
        status: DeliveryStatus | None = None,
    ) -> list[Sent]:
        """List messages with every attempt, newest first."""
        async with self.database.read() as connection:
            found = await self.deliveries.listed(
                connection, workspace, limit, before=before, webhook=webhook, status=status
            )
            attempts = await self.deliveries.attempts(connection, [each.id for each in found])
        return [
            Sent(each, [attempt for attempt in attempts if attempt.delivery == each.id])
            for each in found
        ]

    async def redeliver(self, workspace: WorkspaceId, delivery: str) -> Delivery:
        """Send a message again, for a day, under the id that it had.

        Raises DeliveryNotFoundError.
        """
        now = self.clock().timestamp()
        async with self.database.begin() as connection:
            return await self.deliveries.again(
                connection, workspace, delivery, now, now + GIVE_UP_S
            )

    async def reseal(self, *, by: str) -> list[str]:
        """Seal every secret under the master key in force; where those are that were not.

        Raises SealBrokenError.
        """
        async with self.database.begin() as connection:
            old = [
                each
                for each in await self.webhooks.all(connection)
                if not self.sealer.is_current(each.sealed, each.place)
            ]
            for each in old:
                secret = self.sealer.open(each.sealed, each.place)
                await self.webhooks.reseal(connection, each, self.sealer.seal(secret, each.place))
                await self.audit.note(connection, self._deed(each, "reseal", by))
        return [each.place for each in old]

    def _deed(self, webhook: Webhook, action: str, by: str) -> Deed:
        subject = f"{webhook.id} {webhook.url}"
        return Deed(webhook.workspace, self.clock(), by, f"webhook.{action}", subject, "done")
