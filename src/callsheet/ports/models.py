"""Models and providers as rooms see them: a card says what can be bought, an order buys it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal, Protocol

from pydantic import BaseModel

from callsheet.kernel.errors import CallsheetError, ConflictError, NextStep, NotFoundError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.ports.pictures import FrameReference, ReferenceMode

Payload = Mapping[str, Any]
Makes = Literal["image", "video", "text", "audio"]
_WARNED: Final = timedelta(days=35)  # how long before a model retires we begin to say so
SAMPLE: Final = "0" * 64  # in place of a picture's hash


# Providers that make takes in this process: no order goes out, and nothing is paid.
IN_PROCESS: Final = frozenset({"local"})


class Execution(StrEnum):
    """How a model answers."""

    LOCAL = "local"  # made in this process: free, repeatable, no order goes out
    SYNC = "sync"
    POLL = "poll"
    WEBHOOK = "webhook"


class Kind(StrEnum):
    """What a model makes of what."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_EDIT = "image_edit"
    COMPOSITE = "composite"  # several pictures become one
    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"
    UPSCALE = "upscale"
    BACKGROUND_REMOVAL = "background_removal"
    TEXT_TO_TEXT = "text_to_text"  # language
    IMAGE_TO_TEXT = "image_to_text"  # vision: an answer about pictures
    SPEECH = "speech"  # words are spoken
    MUSIC = "music"
    SOUND = "sound"  # noises, by their description

    @property
    def makes(self) -> Makes:
        """What comes out."""
        match self.value.rpartition("_")[2]:
            case "video":
                return "video"
            case "text":
                return "text"
            case "speech" | "music" | "sound":
                return "audio"
            case _:
                return "image"

    @property
    def begins_with_words(self) -> bool:
        """Whether it needs no reference."""
        return self.value.startswith("text_") or self.makes == "audio"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What a model costs from `day` (UTC) on, and how an order is worded that carries its rates."""

    day: date
    price: Callable[[Any], Money]
    payload: Callable[[Any], Payload]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model: what it takes, what it costs, and how an order for it is worded.

    `inputs` is a pydantic model whose JSON Schema is the form. `price` and `payload` are pure.
    `kinds` are what it can do, the usual one first: which of them an order is decides about the
    key. `expected_s` is how long one take usually lasts, `time_limit_s` when it is given up, in
    seconds. `price_source` says where the price was read and when. `price_is_most` says that the
    price is the most that an order can come to, of which what the provider counts is charged. It is
    `estimated` where no list tells it and what an order costs is measured, by which quotes are then
    corrected. `unverified` says what about the card nobody could check: it is switched off until
    somebody confirms it. From `retires_on` the provider offers the model no more, and `successor`
    names what to ask for then. `changes` are prices that are announced, the earliest first.
    """

    id: str
    title: str
    provider: str
    kinds: tuple[Kind, ...]
    execution: Execution
    inputs: type[BaseModel]
    price: Callable[[Any], Money]
    payload: Callable[[Any], Payload]
    max_references: int
    reference_modes: frozenset[ReferenceMode]
    expected_s: float
    time_limit_s: float = 600.0
    price_source: str = ""
    price_is_most: bool = False
    estimated: bool = False
    unverified: str = ""
    changes: tuple[PriceChange, ...] = ()
    retires_on: date | None = None
    successor: str = ""
    listed: bool = True
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What it does usually."""
        return self.kinds[0]

    @property
    def min_references(self) -> int:
        """How many references its form insists on."""
        known = self.inputs.model_fields.get("references")
        least = (getattr(each, "min_length", None) for each in known.metadata) if known else ()
        return next((each for each in least if each is not None), 0)

    def smallest(self) -> BaseModel:
        """Fill its form in with nothing but what it insists on."""
        asked: dict[str, Any] = {"prompt": "x"}
        if self.min_references:
            mode = min(self.reference_modes)
            sample = {"sha256": SAMPLE, "working": SAMPLE, "mode": mode}
            asked["references"] = [sample] * self.min_references
        return self.inputs.model_validate(asked)

    def on(self, day: date) -> "ModelCard":
        """Give the card as it stands on a day (UTC)."""
        begun = [change for change in self.changes if change.day <= day]
        if not begun:
            return self
        return replace(self, price=begun[-1].price, payload=begun[-1].payload)

    def notice(self, today: date) -> str:
        """Say what whoever orders should know: that it is or will be retired, or priced anew."""
        if self.retires_on is not None and today >= self.retires_on - _WARNED:
            instead = f"; ask for {self.successor}" if self.successor else ""
            verb = "was retired" if today >= self.retires_on else "will be retired"
            return f"{self.id} {verb} on {self.retires_on}{instead}"
        soon = (each for each in self.changes if today < each.day <= today + _WARNED)
        return next((f"the price of {self.id} changes on {each.day}" for each in soon), "")

    def takes(self, mode: str) -> bool:
        """Tell whether references in a mode are of use to it."""
        return mode in self.reference_modes

    def use(self, inputs: Mapping[str, Any]) -> Kind:
        """Say which of its kinds an order with these inputs is."""
        count = len(inputs.get("references", ()))
        if count > 1 and Kind.COMPOSITE in self.kinds:
            return Kind.COMPOSITE
        fitting = [kind for kind in self.kinds if kind.begins_with_words is (count == 0)]
        return fitting[0] if fitting else self.kind


@dataclass(frozen=True, slots=True)
class Order:
    """What goes to a provider for one take."""

    take: TakeId
    payload: Payload
    references: Sequence[FrameReference]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a provider gave back: one output file, whole; `note` says what is odd about it."""

    content: bytes
    media_type: str
    note: str | None = None


class ProviderError(CallsheetError):
    """An order failed; `next_step` says what may happen now."""

    code: ClassVar[str] = "provider_error"
    next_step: ClassVar[NextStep] = NextStep.STOP

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(f"{provider}: {reason}")
        self.provider, self.reason = provider, reason


class RefusedError(ProviderError):
    """The provider will not make this, now or later."""

    code: ClassVar[str] = "provider_refused"


class Provider(Protocol):
    """One outside service, or the local studio. It answers and returns: no waiting, no retry."""

    name: str

    async def submit(self, order: Order) -> Delivered:
        """Place one order. Raises ProviderError."""


class UnknownModelError(NotFoundError):
    """No card has this id."""

    code: ClassVar[str] = "unknown_model"

    def __init__(self, model: str, near: Sequence[str] = ()) -> None:
        named = f"did you mean {', '.join(near)}?" if near else ""
        super().__init__("model", model, named or "callsheet models lists what there is")
        self.near = tuple(near)


class UnusableCardError(ConflictError):
    """A card of another package cannot be read; that package must be mended or removed."""

    code: ClassVar[str] = "card_unusable"

    def __init__(self, model: str, package: str, reason: str) -> None:
        said = f"the card of model {model!r}, from the package {package}, cannot be used: {reason}"
        super().__init__(f"{said}; mend that package, or remove it")
        self.model, self.package, self.reason = model, package, reason


class ModelDisabledError(ConflictError):
    """The card exists but an operator switched it off."""

    code: ClassVar[str] = "model_disabled"

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"model {model!r} is off: {reason or 'no reason given'}")
        self.model, self.reason = model, reason


class Catalog(Protocol):
    """Every model that can be asked for."""

    def card(self, model: str) -> ModelCard:
        """Find a card. Raises UnknownModelError, with the nearest names, UnusableCardError."""

    def cards(self) -> Sequence[ModelCard]:
        """List all cards that are shown, by id."""

    def form(self, model: str) -> Mapping[str, Any]:
        """Describe a model's inputs as JSON Schema. Raises UnknownModelError."""
