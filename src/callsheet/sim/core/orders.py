"""One order of a simulated provider: what was asked, how it stands, how it is told."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from callsheet.kernel.digests import canonical_json, digest_of
from callsheet.kernel.ids import ID_PATTERN
from callsheet.kernel.money import Money
from callsheet.sim.core.conditions import stamped
from callsheet.sim.core.faults import Faults, about
from callsheet.sim.core.models import Makes, Model, Problem
from callsheet.sim.core.pictures import MEDIA_TYPES
from callsheet.sim.core.sounds import SOUND_TYPES

DEFAULT_EVENTS = ("output", "completed")
_MOST_TAKE_CHARS = 200


class Status(StrEnum):
    """Where an order stands."""

    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    ABORTED = "aborted"  # ended before it began


ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.ABORTED})


class Dialect(Protocol):
    """One provider's words. `errors` are the reasons that faults name, in its own text."""

    name: str
    errors: Mapping[str, str]

    def token(self, request: Request) -> str:
        """Read the key that a request brings; empty if there is none."""

    def new_id(self) -> str:
        """Make an id for an order."""

    def told(self, order: "Order") -> dict[str, Any]:
        """Describe an order: what its webhooks carry."""

    def output(self, order: "Order", urls: Sequence[str]) -> Any:
        """Word the output of an order that succeeded, whose files lie at `urls`."""

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign a webhook, as far as this provider does."""

    def letter(self, event: str, order: "Order") -> bytes | None:
        """Word the webhook for an event: start, logs, output or completed; None if none is sent."""

    def lie(self, order: "Order") -> bytes:
        """Word a webhook that says of an order what is not true."""

    def unauthenticated(self) -> Response:
        """Refuse whoever brings no key or a wrong one."""

    def forbidden(self) -> Response:
        """Refuse a key that may not do this."""

    def out_of_credit(self) -> Response:
        """Refuse for want of money."""

    def not_found(self) -> Response:
        """Answer that there is no such thing."""

    def retired(self, model: str) -> Response:
        """Refuse a model that is offered no more."""

    def invalid(self, problems: Sequence[Problem]) -> Response:
        """Refuse inputs, naming each field."""

    def moderated(self) -> Response:
        """Refuse a prompt for what it asks."""

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Ask for patience, in a header or as this provider usually does."""

    def server_error(self, status: int) -> Response:
        """Fail without a reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a order, checked.

    `base` is the address the client used, for the URLs it gets back; `key` names its token.
    """

    dialect: Dialect
    model: Model
    inputs: Mapping[str, Any]
    base: str
    key: str
    webhook: str | None = None
    events: tuple[str, ...] = DEFAULT_EVENTS
    cancel_after_s: float | None = None
    faults: Faults = field(default_factory=dict)
    version: str = ""
    id: str | None = None  # chosen by the buyer, where the provider lets him
    note: Mapping[str, Any] = field(default_factory=dict)  # what only this provider keeps
    mark: str = ""  # the buyer's own, where it is not in the webhook's address

    @property
    def take(self) -> str:
        """Find the buyer's own mark: an id in the webhook's address, else the end of its path."""
        if self.mark:
            return self.mark[:_MOST_TAKE_CHARS]
        if self.webhook is None:
            return ""
        found = ID_PATTERN.search(self.webhook)
        last = self.webhook.split("?")[0].rstrip("/").rpartition("/")[2]
        return found[0] if found else last[:_MOST_TAKE_CHARS]


@dataclass(slots=True)
class Order:
    """One order. Moments in `*_at` are the service's own clock; plans are in wall time."""

    seq: int
    id: str
    asked: Asked
    created_at: float
    starts: float | None  # None: never
    run_s: float | None
    status: Status = Status.STARTING
    deadline_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None
    output: Any = None
    error: str | None = None
    logs: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    charged: Money = Money()
    size: tuple[int, int] = (0, 0)
    removed: bool = False
    reading: bool = False  # its references are being fetched
    reference_error: str | None = None
    done: asyncio.Event | None = None
    met: dict[str, int] = field(default_factory=dict)  # how often its later faults were met

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.status in ENDED

    @property
    def seed(self) -> int:
        """Tell the seed: the one asked for, else one of its own."""
        given = self.asked.inputs.get("seed")
        return given if isinstance(given, int) else int(self.id[:6], 36)

    @property
    def quote(self) -> Money:
        """Price it as the price list does."""
        model, inputs = self.asked.model, self.asked.inputs
        return model.price(inputs, model.units(inputs))

    def stamp(self, index: int) -> bytes:
        """Digest what makes one output what it is."""
        told = {**self.asked.inputs, "seed": self.seed}
        return hashlib.sha256(canonical_json([self.asked.model.id, told, index])).digest()

    def forget(self, now: float, life_s: float) -> bool:
        """Remove input and output once their time is over; tell whether they are gone."""
        if not self.removed and self.completed_at is not None:
            self.removed = now > self.completed_at + life_s
        return self.removed

    async def until_ended(self) -> None:
        """Wait for its end."""
        if not self.ended:
            self.done = self.done or asyncio.Event()
            await self.done.wait()

    def told(self) -> dict[str, Any]:
        """Describe it as the API does."""
        return self.asked.dialect.told(self)

    def body(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(self.told(), separators=(",", ":")).encode()

    def booked(self) -> dict[str, Any]:
        """Describe it as the ledger's readers want it."""
        return {
            "seq": self.seq,
            "id": self.id,
            "model": self.asked.model.id,
            "take": self.asked.take,
            "webhook": self.asked.webhook,
            "key": self.asked.key,
            "input_sha256": digest_of(self.asked.inputs),
            # a dialect puts the words under `prompt`, whatever the provider calls them
            "unknown_inputs": [
                name for name in self.asked.model.unknown(self.asked.inputs) if name != "prompt"
            ],
            "faults": dict(self.asked.faults),
            "status": self.status,
            "error": self.error,
            "created_at": stamped(self.created_at),
            "completed_at": _moment(self.completed_at),
            "quote_micros": self.quote.micros,
            "charged_micros": self.charged.micros,
        }


def output_of(order: Order, token: str) -> Any:
    """Write the output: URLs under `token`, in the shape in which the provider words them."""
    asked = order.asked
    place = f"{asked.base}/delivery/{token}"
    count = asked.model.units(asked.inputs) if asked.model.makes is Makes.PICTURE else 1
    urls = [f"{place}/out-{index}.{ending_of(order)}" for index in range(count)]
    return asked.dialect.output(order, urls)


def ending_of(order: Order) -> str:
    """Choose the format of the output, as the ending of a file's name."""
    if order.asked.model.makes is Makes.CLIP:
        return "mp4"
    model = order.asked.model
    given = model.given(order.asked.inputs, model.formatted_by)
    known = {"jpeg": "jpg", "ogg_opus": "ogg"}.get(given, given)
    if model.makes is Makes.AUDIO:
        return known if known in SOUND_TYPES else "mp3"
    return known if known in MEDIA_TYPES else "png"


def faults_now(order: Order, route: str) -> Faults:
    """Take the faults that a later request about an order meets, as often as it asked for."""
    faults = about(order.asked.faults, route)
    if not faults:
        return faults
    met = order.met.get(route, 0)
    order.met[route] = met + 1
    return faults if met < float(faults.get("times") or 1) else {}


def _moment(moment: float | None) -> str | None:
    return None if moment is None else stamped(moment)
