"""Hosted providers as rooms see them: an order goes out once, its ticket is followed.

An adapter answers and returns: it never waits for work to be done, never repeats a call and never
writes anything down. Whatever it raises says by its class what may happen next.

    ProviderError                STOP       (ports.models)
    ├── RefusedError             STOP       this order is turned down, now and later
    │   ├── ModeratedError       STOP       for what it shows or asks
    │   └── CutOffError          STOP       the text reached its limit before its end
    ├── ProviderBlockedError     STOP       no order of ours will pass until a person acts
    │   ├── KeyMissingError
    │   ├── KeySealedError
    │   ├── KeyUnusableError
    │   ├── KeyRefusedError
    │   ├── NoCreditError
    │   └── AddressWrongError
    ├── ModelGoneError           STOP       the provider offers this model no more
    ├── SwitchedOffError         STOP       an operator switched this model off
    ├── BusyError                WAIT       nothing was ordered: too busy for now
    │   └── NotReachedError      WAIT       nothing was sent: it cannot be reached from here
    │       └── UntrustedError   WAIT       its certificate does not hold
    ├── SubmissionUnknownError   RECONCILE  the order went out and the answer was lost
    ├── TicketRepeatedError      RECONCILE  the provider answered with another order's ticket
    └── TicketUnknownError       RECONCILE  the provider does not know the ticket (any more)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from callsheet.kernel.errors import CallsheetError, NextStep, shown
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, Payload, ProviderError, RefusedError


class ReferenceSlot(str):
    """Where a card's payload wants the address of the take's n-th reference, from 0.

    A class of its own, so that no text that a user wrote can be taken for one.
    """

    __slots__ = ()

    @classmethod
    def at(cls, place: int) -> "ReferenceSlot":
        """Name the place of a reference."""
        return cls(place)


def filled(payload: Payload, addresses: Sequence[str]) -> dict[str, Any]:
    """Put the addresses of references where a payload wants them."""

    def fill(value: Any) -> Any:
        match value:
            case ReferenceSlot():
                return addresses[int(value)]
            case Mapping():
                return {name: fill(inner) for name, inner in value.items()}
            case list() | tuple():
                return [fill(inner) for inner in value]
            case _:
                return value

    return {name: fill(value) for name, value in payload.items()}


class Recourse(StrEnum):
    """How an order whose answer was lost is found again."""

    OUR_ID = "our_id"  # it carries an id that we chose, and can be asked for by it
    LISTING = "listing"  # the provider lists orders with what was sent
    WEBHOOK = "webhook"  # it calls an address that names our take
    PERSON = "person"  # not at all: a person looks it up


class ReferencesBy(StrEnum):
    """How a provider wants to be given reference pictures."""

    UPLOAD = "upload"  # to itself, beforehand; once, whoever needs it
    INLINE = "inline"  # within the order, as data URLs
    LINK = "link"  # at an address of ours that it can reach


@dataclass(frozen=True, slots=True)
class ToldPrice:
    """What a provider's own list asks for one unit of a model, in its words for the unit."""

    unit: str
    price: Money


@dataclass(frozen=True, slots=True)
class HostedOrder:
    """What goes to a provider for one take.

    `expected_s` is how long it usually takes, `time_limit_s` when the provider may give it up.
    Past `send_by`, a time of kernel.steady, it must not be sent any more: others may have begun to
    look for it. `price` is what was set aside for it; None where it may come to more.
    """

    take: TakeId
    key: ProviderKey
    payload: Payload
    webhook_url: str | None
    expected_s: float
    time_limit_s: float
    send_by: float = math.inf
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The provider is at work, or has not begun."""


@dataclass(frozen=True, slots=True)
class Made:
    """It is made: where its outputs lie, for a while, and what it cost if the provider says.

    `inline` holds outputs that came within the answer; they are nowhere else.
    """

    urls: tuple[str, ...]
    cost: Money | None = None
    inline: tuple[Delivered, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """It ended without outputs. `cost` None means that the provider may have billed the quote."""

    error: ProviderError
    cost: Money | None
    cancelled: bool = False


Standing = Pending | Made | Ended


@dataclass(frozen=True, slots=True)
class Submitted:
    """The provider accepted an order: its own id for it, and where it stands already."""

    ticket: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Found:
    """An order that the provider lists: `payload` in the shape in which we word them.

    What cannot be read of it is None: the payload, or when it was made. `take` is the take whose id
    it carries, `calls` the address that it will call.
    """

    ticket: str
    payload: Payload | None
    created_at: datetime | None
    take: TakeId | None = None
    calls: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a provider lists: at least every order since the time that was asked for.

    `unreadable` counts entries without so much as an id. `complete` is False where pages are
    missing. Either way nothing is proved by an order's absence.
    """

    orders: tuple[Found, ...] = ()
    complete: bool = True
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A reference that the provider holds for us until `expires_at`."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A webhook as it came, headers in lower case, and the payload of the order it is about.

    `signing_key` is set where the provider's account signs with a key that a person gave us.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    payload: Payload
    signing_key: ProviderKey | None = None


@dataclass(frozen=True, slots=True)
class WebhookNote:
    """A webhook that is the provider's own: its id, and the ticket it speaks of."""

    id: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a provider may be asked; None means that nothing bounds it.

    The first four bound orders, of all processes together. `reads_per_minute` bounds how often one
    process asks about them.
    """

    concurrent: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    reads_per_minute: int | None = None

    @property
    def bounds_orders(self) -> bool:
        """Tell whether anything bounds how many orders may be sent."""
        bounds = (self.concurrent, self.per_minute, self.per_hour, self.per_day)
        return any(most is not None for most in bounds)


class ModeratedError(RefusedError):
    """The provider will not make this because of what it shows or asks; a person must decide."""

    code: ClassVar[str] = "moderated"


class CutOffError(RefusedError):
    """The text reached the most tokens that it may have before it was whole."""

    code: ClassVar[str] = "answer_cut_off"


class NotJsonError(RefusedError):
    """The text was to be JSON, and is none; its tokens are paid for."""

    code: ClassVar[str] = "not_json"


class ProviderBlockedError(ProviderError):
    """No order would pass until a person acts; none is sent meanwhile."""

    code: ClassVar[str] = "provider_blocked"


class KeyMissingError(ProviderBlockedError):
    """There is no key for this provider and use."""

    code: ClassVar[str] = "provider_key_missing"

    def __init__(self, provider: str, scope: str, setting: str = "") -> None:
        said = f"there is no key for {scope}; set one with: callsheet keys set {provider} {scope}"
        started_with = f", or start with {setting} set" if setting else ""
        super().__init__(provider, said + started_with)
        self.scope = scope


class KeySealedError(ProviderBlockedError):
    """There is a key for this provider and use, and another master key is needed to open it."""

    code: ClassVar[str] = "provider_key_sealed"


class KeyUnusableError(ProviderBlockedError):
    """There is a key for this provider and use, and no request can carry it."""

    code: ClassVar[str] = "provider_key_unusable"


class KeyRefusedError(ProviderBlockedError):
    """The provider does not take our key (any more)."""

    code: ClassVar[str] = "provider_key_refused"


class NoCreditError(ProviderBlockedError):
    """Our account at the provider is empty."""

    code: ClassVar[str] = "provider_no_credit"


class AddressWrongError(ProviderBlockedError):
    """What answers at the provider's address is not the provider."""

    code: ClassVar[str] = "provider_address_wrong"


class ModelGoneError(ProviderError):
    """The provider offers this model no more; it is switched off."""

    code: ClassVar[str] = "model_withdrawn"


class SwitchedOffError(ProviderError):
    """An operator switched this model off; nothing was sent."""

    code: ClassVar[str] = "model_disabled"


class BusyError(ProviderError):
    """Nothing was ordered: the provider is too busy, or was never reached."""

    code: ClassVar[str] = "provider_busy"
    next_step: ClassVar[NextStep] = NextStep.WAIT

    def __init__(self, provider: str, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(provider, reason)
        self.retry_after_s = retry_after_s


class NotReachedError(BusyError):
    """The provider cannot be reached: refused, no such name, no trust. Nothing was sent to it."""

    code: ClassVar[str] = "provider_not_reached"


class UntrustedError(NotReachedError):
    """Nothing was ordered: who answers at the provider's address has no certificate that holds."""

    code: ClassVar[str] = "provider_untrusted"


class SubmissionUnknownError(ProviderError):
    """The order went out and the answer was lost; it may have been charged."""

    code: ClassVar[str] = "submission_unknown"
    next_step: ClassVar[NextStep] = NextStep.RECONCILE


class TicketRepeatedError(ProviderError):
    """The provider answered an order with the ticket of another one: nothing leads to it."""

    code: ClassVar[str] = "ticket_repeated"
    next_step: ClassVar[NextStep] = NextStep.RECONCILE


class TicketUnknownError(ProviderError):
    """The provider does not know this ticket, or has forgotten it."""

    code: ClassVar[str] = "ticket_unknown"
    next_step: ClassVar[NextStep] = NextStep.RECONCILE


class ForgedWebhookError(CallsheetError):
    """A webhook's signature or time is wrong: it is not the provider's, or too old."""

    code: ClassVar[str] = "forged_webhook"

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(f"not a webhook of {shown(provider)}: {reason}")


class HostedProvider(Protocol):
    """One outside service that is paid.

    `key_setting` is the environment variable under which its own tools look for a key.
    `signs_by_key` tells that its webhooks are signed, if at all, with a key of the account that
    only a person can read there.

    `recourse` says how a lost order is found. `lists_for_s` is how long a listing shows an order:
    within that time, and once `settles_s` have passed since an order was sent, its absence from a
    complete listing proves that nothing was ordered; 0 where absence proves nothing. For
    `webhook_within_s` after an order a webhook may still tell of it; 0 where none is sent.
    `answers_hold_outputs` says that answers to orders are as large as what was ordered.
    """

    name: str
    key_setting: str
    signs_by_key: bool
    recourse: Recourse
    references: ReferencesBy
    pace: Pace
    lists_for_s: float
    webhook_within_s: float
    settles_s: float
    answers_hold_outputs: bool
    tells_prices: bool

    async def submit(self, order: HostedOrder) -> Submitted:
        """Place one order, once. Raises ProviderError."""

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Ask where an order stands. Raises BusyError, KeyRefusedError, TicketUnknownError."""

    def priced_as(self, payload: Payload) -> str:
        """Name the model of an order as the provider's price list does."""

    async def told_prices(self, models: Sequence[str], key: ProviderKey) -> Mapping[str, ToldPrice]:
        """Read what models cost, by name, as far as its list has them. Raises as `poll`."""

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Ask the provider to stop; how it ended is then polled. Raises as `poll`."""

    async def listed(self, since: datetime, takes: Sequence[TakeId], key: ProviderKey) -> Listing:
        """List every order made since then, or those of our takes. Raises as `poll`.

        Older ones may be among them.
        """

    async def upload(
        self, content: bytes, media_type: str, name: str, key: ProviderKey
    ) -> Uploaded:
        """Give the provider a reference. Raises as `poll`."""

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Verify and read a webhook. Raises ForgedWebhookError, or as `poll`."""

    async def check_key(self, key: ProviderKey) -> None:
        """Try a key at no cost. Raises KeyRefusedError, or as `poll`."""

    def download_headers(self, url: str, key: ProviderKey) -> Mapping[str, str]:
        """Say what the provider wants to see when an output is fetched from it."""
