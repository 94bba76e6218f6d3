"""Customers' webhooks: who is told of what, and the messages that are still to be sent.

A message is written down in the transaction that ends a job, so that it is there exactly when the
end is. It is sent until it is taken, for a day, always under the same id: whoever gets it twice
knows. Signatures are those of Standard Webhooks (https://www.standardwebhooks.com, 1.0.0).
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from callsheet.kernel.errors import FieldError, InvalidInputError, NotFoundError, shown
from callsheet.kernel.ids import JobId, WorkspaceId

GIVE_UP_S: Final = 24 * 3_600.0
MOST_URL_CHARS: Final = 2_000
_SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # the standard's, and no password
_SECRET_BYTES: Final = 32
_SECRET_RANGE: Final = range(24, 65)  # bytes, as the standard asks
_WAITS_S: Final = (5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400)  # then the last again


class Event(StrEnum):
    """What a customer may be told of: how a job ended."""

    SUCCEEDED = "job.succeeded"
    PARTIAL = "job.partial"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"


class DeliveryStatus(StrEnum):
    """Where a message stands with one webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # for a day nobody took it, or the webhook is gone


class InvalidWebhookError(InvalidInputError):
    """A webhook's address, secret or events cannot be used."""

    code = "invalid_webhook"

    def __init__(self, field: str, reason: str, value: str = "") -> None:
        super().__init__(
            f"webhook.{field}: {reason}", [FieldError(f"webhook.{field}", reason, value)]
        )


class WebhookNotFoundError(NotFoundError):
    """No such webhook in this workspace."""

    code = "webhook_not_found"

    def __init__(self, webhook: str) -> None:
        super().__init__("webhook", webhook, "list them with: callsheet webhooks list")


class DeliveryNotFoundError(NotFoundError):
    """No such delivery in this workspace; the log goes back 30 days."""

    code = "delivery_not_found"

    def __init__(self, delivery: str) -> None:
        super().__init__("delivery", delivery, "list them with: callsheet webhooks deliveries")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where somebody wants to be told. `job` names the one job that it is for; None is for all.

    `disabled` says why nothing is sent there any more; "" where all is well.
    """

    id: str
    workspace: WorkspaceId
    job: JobId | None
    url: str
    events: tuple[Event, ...]
    sealed: bytes
    created_at: datetime
    disabled: str = ""

    @property
    def place(self) -> str:
        """Where its secret is kept: what its seal is bound to."""
        return f"{self.workspace}/webhook/{self.id}"

    def wants(self, job: JobId, event: Event) -> bool:
        """Tell whether it is to be told of this."""
        return not self.disabled and self.job in {None, job} and event in self.events


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to one webhook; `message` is its id, however often it is sent."""

    id: str
    message: str
    webhook: str
    workspace: WorkspaceId
    job: JobId
    event: Event
    body: str
    status: DeliveryStatus
    attempts: int
    due_at: float | None
    until: float
    created_at: datetime
    answered: int | None = None  # the HTTP status of the newest answer
    error: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a message was sent, and what came of it."""

    delivery: str
    number: int
    at: datetime
    answered: int | None
    error: str
    took_ms: int


def new_secret() -> str:
    """Make a signing secret: 256 random bits."""
    return _SECRET_PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def key_in(secret: str) -> bytes:
    """Read the key in a signing secret. Raises InvalidWebhookError, which shows none of it."""
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_SECRET_PREFIX) or len(key) not in _SECRET_RANGE:
        raise InvalidWebhookError("secret", "write whsec_ and 24 to 64 bytes in base64")
    return key


def events_of(names: Sequence[str]) -> tuple[Event, ...]:
    """Read which events are wanted; none named is all. Raises InvalidWebhookError."""
    known = {str(each): each for each in Event}
    for name in names:
        if name not in known:
            there = ", ".join(known)
            raise InvalidWebhookError(
                "events", f"there is no such event; there are {there}", shown(name)
            )
    return tuple(each for each in Event if not names or each in names)


def signed_headers(secret: str, message: str, body: bytes, at: datetime) -> dict[str, str]:
    """Sign a message: the headers that go with it."""
    moment = str(int(at.timestamp()))
    content = f"{message}.{moment}.".encode() + body
    digest = hmac.new(key_in(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def wait_s(attempts: int, jitter: float) -> float:
    """Say how long to wait after so many attempts; `jitter` (0 to 1) spreads them."""
    return _WAITS_S[min(attempts, len(_WAITS_S)) - 1] * (0.8 + 0.4 * jitter)


def is_taken(status: int) -> bool:
    """Tell whether an answer says that the message was taken."""
    return 200 <= status < 300  # noqa: PLR2004  # HTTP's own numbers


def why_not(status: int) -> str:
    """Say why an answer does not count."""
    if 300 <= status < 400:  # noqa: PLR2004  # see above
        return f"it answered {status}: redirects are not followed; set the new address"
    return f"it answered {status}"
