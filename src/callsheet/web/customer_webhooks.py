"""Customers' webhooks: who is told when jobs end, what was told, and telling it again."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field, SecretStr

from callsheet.delivery.customer_webhooks import Sent
from callsheet.delivery.webhooks import MOST_URL_CHARS, DeliveryStatus, Event, Webhook
from callsheet.kernel.ids import WorkspaceId
from callsheet.web.entry import Admin, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/api/webhooks", tags=["webhooks"])
Name = Annotated[str, Path(max_length=100)]


class NewWebhook(BaseModel, extra="forbid"):
    """An address to tell how jobs end; of some ends only, if `events` names them.

    Without a `secret` one is made, and answered this once.
    """

    url: Annotated[str, Field(max_length=MOST_URL_CHARS, examples=["https://example.com/hook"])]
    events: Annotated[list[Event], Field(max_length=len(Event))] = []
    secret: Annotated[
        SecretStr | None,
        Field(max_length=200, description="whsec_ and 24 to 64 bytes in base64; made if left out"),
    ] = None


class ToldAt(BaseModel):
    """The webhook of one batch, with the secret that signs what it is told."""

    id: str
    url: str
    secret: str


def webhook_of(
    cs: Callsheet, workspace: WorkspaceId, asked: NewWebhook | None
) -> tuple[Webhook | None, ToldAt | None]:
    """Word the webhook of one batch, and what is answered of it. Raises InvalidWebhookError."""
    if asked is None:
        return None, None
    secret = asked.secret.get_secret_value() if asked.secret else ""
    webhook, secret = cs.customer_webhooks.new(workspace, asked.url, asked.events, secret=secret)
    return webhook, ToldAt(id=webhook.id, url=webhook.url, secret=secret)


class WebhookInfo(BaseModel):
    """A webhook, without its secret. `disabled` says why nothing is sent there any more."""

    id: str
    url: str
    events: list[Event]
    created_at: datetime
    disabled: str


class AddedWebhook(WebhookInfo):
    """A webhook that was just added: its secret is shown this once."""

    secret: str


class WebhookList(BaseModel):
    """The webhooks that are told of every job, oldest first."""

    items: list[WebhookInfo]
    next_cursor: str | None = None


class AttemptInfo(BaseModel):
    """One time that a message was sent: the HTTP status that came back, or what went wrong."""

    number: int
    at: datetime
    answered: int | None
    error: str
    took_ms: int


class DeliveryInfo(BaseModel):
    """A message to one webhook. `message` is its `webhook-id`: always the same."""

    id: str
    message: str
    webhook: str
    job: str
    event: Event
    status: DeliveryStatus
    body: str
    created_at: datetime
    next_at: datetime | None
    attempts: list[AttemptInfo]


class DeliveryLog(BaseModel):
    """Messages, newest first."""

    items: list[DeliveryInfo]
    next_cursor: str | None


def _told(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": [*webhook.events],
        "created_at": webhook.created_at,
        "disabled": webhook.disabled,
    }


@router.post(
    "",
    status_code=201,
    summary="Add a webhook",
    responses=documented(400, 401, 403, 409, 413, 422, 503),
)
async def add(body: NewWebhook, cs: Services, caller: Admin) -> AddedWebhook:
    """Tell an address of every job that ends; answers the secret that signs it, this once."""
    secret = body.secret.get_secret_value() if body.secret else ""
    webhook, secret = await cs.customer_webhooks.add(
        caller.workspace, body.url, body.events, secret=secret, by=caller.name or "local"
    )
    return AddedWebhook.model_validate({**_told(webhook), "secret": secret})


@router.get("", summary="List webhooks", responses=documented(401, 403, 503))
async def listed(cs: Services, caller: Viewer) -> WebhookList:
    """List the webhooks that are told of every job, without their secrets."""
    found = await cs.customer_webhooks.listed(caller.workspace)
    return WebhookList(items=[WebhookInfo.model_validate(_told(each)) for each in found])


@router.get("/deliveries", summary="What was told", responses=documented(401, 403, 422, 503))
async def deliveries(
    cs: Services,
    caller: Viewer,
    webhook: Annotated[str | None, Query(max_length=100)] = None,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern="^dl_[0-9a-z]{20}$")] = None,
) -> DeliveryLog:
    """List messages with every attempt to send them, newest first; the log goes back 30 days."""
    found = await cs.customer_webhooks.log(
        caller.workspace, limit + 1, before=cursor, webhook=webhook, status=status
    )
    page = found[:limit]
    more = page[-1].delivery.id if len(found) > limit else None
    return DeliveryLog(items=[_delivery(each) for each in page], next_cursor=more)


@router.post(
    "/deliveries/{delivery}/redeliver",
    status_code=202,
    summary="Tell it again",
    responses=documented(401, 403, 404, 422, 503),
)
async def redeliver(delivery: Name, cs: Services, caller: Admin) -> DeliveryInfo:
    """Send a message again, under the id that it had, until it is taken or a day is over."""
    again = await cs.customer_webhooks.redeliver(caller.workspace, delivery)
    return _delivery(Sent(again, ()))


@router.delete(
    "/{webhook}",
    status_code=204,
    summary="Remove a webhook",
    responses=documented(401, 403, 404, 422, 503),
)
async def remove(webhook: Name, cs: Services, caller: Admin) -> Response:
    """Tell it nothing more; what is still to be sent to it and its log go, too."""
    await cs.customer_webhooks.remove(caller.workspace, webhook, by=caller.name or "local")
    return Response(status_code=204)


def _delivery(sent: Sent) -> DeliveryInfo:
    each = sent.delivery
    return DeliveryInfo(
        id=each.id,
        message=each.message,
        webhook=each.webhook,
        job=each.job,
        event=each.event,
        status=each.status,
        body=each.body,
        created_at=each.created_at,
        next_at=None if each.due_at is None else datetime.fromtimestamp(each.due_at, UTC),
        attempts=[
            AttemptInfo(
                number=attempt.number,
                at=attempt.at,
                answered=attempt.answered,
                error=attempt.error,
                took_ms=attempt.took_ms,
            )
            for attempt in sent.attempts
        ],
    )
